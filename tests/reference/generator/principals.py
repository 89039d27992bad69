"""Calls signed by an IAM user or a role session."""

from datetime import timedelta
from typing import Any

from tests.reference.generator.accounts import Accounts
from tests.reference.generator.draft import ENDPOINT_FAULTS
from tests.reference.generator.drawing import LINKED_PATH, THIRD, near_arn
from tests.reference.generator.maker import small_document
from tests.reference.generator.spoiling import spoiled

KINDS = {"user": 54, "session": 45, "linked": 1}
PRINCIPAL_FAULTS = (
    "identity-missing",
    "identity-action",
    "identity-resource",
    "identity-condition",
    "identity-deny",
    "boundary",
    "boundary-deny",
    "scp-level",
    "scp-deny",
    *ENDPOINT_FAULTS,
    "endpoint-not-principal",
    "caller-missing",
    "partition",
    "duration",
    "region",
)
SESSION_FAULTS = ("session-policy", "session-deny", "expired", "inherited-tag", "inherited-source")
USER_FAULTS = ("mfa-wrong", "mfa-half", "root", "federated")


class Principal(Accounts):
    """AssumeRole by a user (long-term keys or GetSessionToken) or by a role session."""

    # ---- who calls -----------------------------------------------------------------------------

    def choose_kind(self) -> None:
        kinds = KINDS if self.goal is None else {"user": 60, "session": 40}
        self.kind = self.rng.choices(list(kinds), list(kinds.values()))[0]
        if self.goal and self.goal.inherited:
            self.kind = "session"
        self.is_session = self.kind != "user"

    def fault_pool(self) -> list[str]:
        pool = [*super().fault_pool(), *PRINCIPAL_FAULTS]
        pool += SESSION_FAULTS if self.is_session else USER_FAULTS
        apart = {"region", "suspended", "scp-level", "scp-deny", "rcp-deny", "inherited-tag"}
        apart |= {"inherited-source", "endpoint", "endpoint-deny", "endpoint-not-principal"}
        return [f for f in pool if f not in apart] if self.goal else pool

    def make_caller(self) -> None:
        rng = self.rng
        self.caller_name = rng.choice(["deployer", "alice", "ci-runner", "Build.Agent"])
        self.caller_path = rng.choice(["/", "/", "/ci/", "/teams/app/"])
        if self.kind == "linked":
            self.caller_path, self.caller_name = LINKED_PATH, "AWSServiceRoleForAutoScaling"
        if self.goal:
            self.caller_name = f"hop{self.goal.depth}-{self.caller_name}"
        elif self.chance(0.2):
            self.role_name = f"{self.caller_name}-deploy"
            self.place_role()
        self.session_name = rng.choice(["run-1", "alice@example.com", "i-0123456789abcdef0"])
        place = f"arn:{self.partition}"
        name = f"{self.caller_path}{self.caller_name}"
        kind = "role" if self.is_session else "user"
        self.principal_arn = f"{place}:iam::{self.home}:{kind}{name}"
        self.arn = self.principal_arn
        if self.is_session:
            name = f"{self.caller_name}/{self.session_name}"
            self.arn = f"{place}:sts::{self.home}:assumed-role/{name}"
        self.principal_tags = self.some_tags({"team": self.team, "level": "5", "flag": "true"})
        self.principal_tags |= self.some_tags({"user": self.caller_name, "Env": "prod"})
        self.principal_tags |= {"seal": "QUJD"} if self.chance(0.2) else {}
        self.self_assume = self.can_assume_itself() and self.chance(0.12)
        if self.self_assume:
            self.role_name, self.role_path = self.caller_name, self.caller_path
            self.role_tags = self.principal_tags
            self.place_role()
        self.known_variables |= {
            "${aws:username}": None if self.is_session else self.caller_name,
            "${aws:PrincipalTag/team}": self.principal_tags.get("team"),
        }

    def can_assume_itself(self) -> bool:
        return self.kind == "session" and self.same and not self.goal

    def flagged(self) -> bool:
        return "flag" in self.principal_tags

    # ---- credentials and parameters ------------------------------------------------------------

    def make_parameters(self) -> None:
        self.make_credentials()
        if self.goal:
            self.params |= self.goal.parameters
            self.request_tags = {t["Key"]: t["Value"] for t in self.params.get("Tags", [])}
        else:
            self.make_own_parameters()
        if self.chance(0.2):
            self.params["ExternalId"] = self.rng.choice(["acme-1234", "Tenant:42/x"])
        if self.proof:
            serial = f"arn:{self.partition}:iam::{self.home}:mfa/{self.caller_name}"
            self.params |= {"SerialNumber": serial, "TokenCode": "123456"}
        if self.request_tags and "Tags" not in self.params:
            pairs = self.request_tags.items()
            self.params["Tags"] = [{"Key": key, "Value": value} for key, value in pairs]
        self.actions = ["sts:AssumeRole"]
        if self.params.get("Tags") or self.session.get("transitive_tag_keys"):
            self.actions.append("sts:TagSession")
        if "SourceIdentity" in self.params or "source_identity" in self.session:
            self.actions.append("sts:SetSourceIdentity")
        if self.params.get("ProvidedContexts"):
            self.actions.append("sts:SetContext")

    def make_credentials(self) -> None:
        self.session: dict[str, Any] = {}
        self.credentials = "long-term"
        self.mfa: bool | dict[str, int] | None = None
        if self.is_session:
            self.make_session()
        elif self.chance(0.35):
            self.credentials = "session-token"
            choices: list[bool | dict[str, int]] = [False, True, True, {"age": 120}, {"age": 7200}]
            self.mfa = self.rng.choice(choices)
        self.temporary = self.is_session or self.credentials == "session-token"
        self.proof = self.kind == "user" and self.chance(0.2)
        self.proof |= bool(self.faults & {"mfa-wrong", "mfa-half"})

    def make_own_parameters(self) -> None:
        """What the caller may pass."""
        rng, params = self.rng, self.params
        params["RoleSessionName"] = rng.choice([self.caller_name, "deploy-session", "a@b.example"])
        if self.chance(0.25):
            tags = {"project": "apollo"} | self.some_tags({"Cost Center": "42", "stage": "prod"})
            self.request_tags = tags
            if self.chance(0.5):
                params["TransitiveTagKeys"] = rng.sample(list(tags), 1)
        if self.chance(0.2):
            params["SourceIdentity"] = self.session.get("source_identity", "alice")
        if self.chance(0.3):
            allowed = 3600 if self.temporary else self.maximum or 3600
            params["DurationSeconds"] = rng.choice([900, 3600, allowed])
        if self.chance(0.05):
            params["Policy"] = small_document()
        if self.chance(0.04):
            provider = "arn:aws:iam::aws:contextProvider/IdentityCenter"
            context = {"ProviderArn": provider, "ContextAssertion": "assertion"}
            params["ProvidedContexts"] = [context]

    def make_session(self) -> None:
        if self.goal:
            self.session |= self.goal.inherited
            self.issued = self.time - timedelta(minutes=5)
            return
        age = timedelta(minutes=self.rng.choice([1, 5, 50]))
        self.session["issued_at"] = self.stamp(self.time - age)
        self.issued = self.time - age
        if "expired" in self.faults:
            self.session["expires_at"] = self.stamp(self.time - timedelta(seconds=30))
        elif self.chance(0.3):
            self.session["expires_at"] = self.stamp(self.time + timedelta(minutes=9))
        if self.chance(0.35) or "inherited-tag" in self.faults:
            self.session["tags"] = {"Team": self.team, "squad": "red"}
            if self.chance(0.5) or "inherited-tag" in self.faults:
                self.session["transitive_tag_keys"] = ["squad"]
        if self.chance(0.2) or "inherited-source" in self.faults:
            self.session["source_identity"] = "alice"

    def caller(self) -> dict:
        given: dict[str, Any] = {"arn": self.arn}
        if self.kind == "user":
            given["credentials"] = self.credentials
        if self.mfa is not None:
            given["mfa"] = self.mfa
        if self.session:
            given["session"] = self.session
        if "root" in self.faults:
            root = f"arn:{self.partition}:iam::{self.home}:root"
            return {"arn": root, "credentials": self.rng.choice(["long-term", "session-token"])}
        if "federated" in self.faults:
            arn = f"arn:{self.partition}:sts::{self.home}:federated-user/{self.caller_name}"
            return {"arn": arn, "credentials": "federation-token"}
        if "caller-missing" in self.faults:
            old, new = f"/{self.caller_name}", f"/{self.caller_name}-old"
            if self.kind == "user" and self.chance(0.3):
                new = f"/elsewhere/{self.caller_name}"
            given["arn"] = given["arn"].replace(old, new, 1)
        return given

    def break_parameters(self) -> None:
        rng, params = self.rng, self.params
        if "partition" in self.faults and not self.same:
            other = "aws" if self.partition != "aws" else "aws-us-gov"
            params["RoleArn"] = params["RoleArn"].replace(f"arn:{self.partition}:", f"arn:{other}:")
        if "duration" in self.faults:
            most = 3600 if self.temporary else self.maximum or 3600
            params["DurationSeconds"] = rng.choice([most + 1, 899, 43201, 7200])
        if "mfa-half" in self.faults:
            del params[rng.choice(["SerialNumber", "TokenCode"])]
        if "inherited-tag" in self.faults:
            params["Tags"] = [{"Key": rng.choice(["squad", "Squad"]), "Value": "red"}]
            params.pop("TransitiveTagKeys", None)
        if "inherited-source" in self.faults:
            params["SourceIdentity"] = rng.choice(["alice", "Alice", "bob"])
        if "parameter" in self.faults:
            chosen = spoiled(rng, self.kind)
            if "Tags" in chosen:
                params.pop("TransitiveTagKeys", None)
            params |= chosen

    def settled(self, made: dict) -> dict:
        """The age of an MFA proof has to be known where it is asked for."""
        caller = made["call"]["caller"]
        if caller.get("mfa") is True and "multifactorauthage" in str(made).lower():
            caller["mfa"] = {"age": 300}
        return made

    # ---- the context of the call ---------------------------------------------------------------

    def caller_facts(self) -> dict[str, tuple[str, Any]]:
        tags = {key.lower(): value for key, value in self.principal_tags.items()}
        tags |= {key.lower(): value for key, value in self.session.get("tags", {}).items()}
        source = self.session.get("source_identity")
        age = self.mfa["age"] if isinstance(self.mfa, dict) else 300 if self.mfa else None
        present = bool(self.mfa) if self.credentials == "session-token" else None
        record_id = self.record_id()
        facts = self.network_facts() | {
            "aws:PrincipalArn": ("arn", self.principal_arn),
            "aws:PrincipalAccount": ("string", self.home),
            "aws:PrincipalType": ("string", "AssumedRole" if self.is_session else "User"),
            "aws:PrincipalIsAWSService": ("bool", False),
            "aws:PrincipalServiceName": ("string", None),
            "aws:username": ("string", None if self.is_session else self.caller_name),
            "aws:userid": (
                "string",
                f"{record_id}:{self.session_name}" if self.is_session else record_id,
            ),
            "aws:MultiFactorAuthPresent": ("bool", True if self.proof else present),
            "aws:MultiFactorAuthAge": ("number", 0 if self.proof else age),
            "sts:RoleSessionName": ("string", self.params.get("RoleSessionName")),
            "sts:SourceIdentity": ("string", self.params.get("SourceIdentity", source)),
            "aws:SourceIdentity": ("string", source),
            "aws:PrincipalTag/seal": ("binary", tags.get("seal")),
        }
        if not self.chained:
            issued = self.issued if self.is_session else self.time - timedelta(minutes=5)
            facts["aws:TokenIssueTime"] = ("date", issued if self.temporary else None)
        for key in ("team", "user", "env", "squad"):
            facts[f"aws:PrincipalTag/{key}"] = ("string", tags.get(key))
        level = tags.get("level")
        facts["aws:PrincipalTag/level"] = ("number", int(level) if level else None)
        return facts

    # ---- who is trusted ------------------------------------------------------------------------

    def trust_names(self) -> list[Any]:
        root = f"arn:{self.partition}:iam::{self.home}:root"
        return ["*", *({"AWS": name} for name in (self.home, self.arn, self.principal_arn, root))]

    def endpoint_names(self) -> list[Any]:
        named = [{"AWS": name} for name in (self.home, self.principal_arn, self.arn)]
        return ["*", {"AWS": "*"}, *named]

    def endpoint_exemptions(self) -> list[dict]:
        if "endpoint-not-principal" not in self.faults and not self.chance(0.2):
            return []
        root = f"arn:{self.partition}:iam::{self.home}:root"
        exempt = [self.principal_arn, *({self.arn} - {self.principal_arn}), root]
        if "endpoint-not-principal" in self.faults:
            forgetful = [name for name in exempt if name != self.arn]
            others = [[near_arn(self.rng, self.principal_arn)], [THIRD]]
            exempt = self.rng.choice([*others, forgetful] if self.is_session else others)
        deny = {"Effect": "Deny", "NotPrincipal": {"AWS": exempt}, "Action": "sts:*"}
        return [deny | {"Resource": "*"}]

    def trusted(self, wrong: bool) -> Any:
        rng = self.rng
        if wrong:
            return {"AWS": self.distrusted()}
        account = rng.choice([self.home, f"arn:{self.partition}:iam::{self.home}:root"])
        name = rng.choice([account, self.principal_arn, self.principal_arn, self.arn])
        if self.chance(0.1):
            return rng.choice(["*", {"AWS": "*"}])
        listed = rng.choice([name, name, [THIRD, name]])
        return {"AWS": listed} | rng.choice([{}, {}, {"Service": "ec2.amazonaws.com"}])

    def distrusted(self) -> Any:
        """Names of others."""
        rng = self.rng
        kind = (":role/", ":user/") if self.is_session else (":user/", ":role/")
        bad = [
            near_arn(rng, self.principal_arn),
            near_arn(rng, self.principal_arn),
            self.principal_arn.replace(*kind),
            f"arn:{self.partition}:iam::{THIRD}:root",
            "AROAJQABLZS4A3QDU576Q" if self.is_session else "AIDAJQABLZS4A3QDU576Q",
            self.principal_arn.replace(f"arn:{self.partition}:", "arn:aws-iso:"),
        ]
        if self.is_session:
            bad += [f"{self.arn}-2", self.arn.replace(self.caller_name, f"ci/{self.caller_name}")]
        return rng.choice([rng.choice(bad), rng.sample(bad, 2)])
