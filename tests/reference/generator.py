"""Seeded generator of small, fully known worlds with one AssumeRole call each.

`scenario(seed)` starts from a call that would pass and builds a few random faults in. What it
emits is plain JSON in the scenario format: every id, the time and the network are given and
nothing is left unknown, so that `evaluator.decide` has an answer. The facts that it keeps about
the call only steer which conditions hold; they decide nothing.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import quote

HOME, AWAY, THIRD, MASTER = "111111111111", "222222222222", "333333333333", "999999999999"
PARTITIONS = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
KINDS = {"user": 50, "session": 40, "service": 9, "linked": 1}
SUB_ACTIONS = ("sts:TagSession", "sts:SetSourceIdentity")
LINKED_PATH = "/aws-service-role/autoscaling.amazonaws.com/"
ANYONE_FAULTS = (
    "trust-principal",
    "trust-action",
    "trust-condition",
    "trust-deny",
    "rcp-deny",
    "role-arn",
    "parameter",
    "suspended",
)
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
    "endpoint",
    "endpoint-deny",
    "endpoint-not-principal",
    "caller-missing",
    "partition",
    "duration",
)
SESSION_FAULTS = ("session-policy", "session-deny", "expired", "inherited-tag", "inherited-source")
USER_FAULTS = ("mfa-wrong", "mfa-half", "root", "federated")

FAVOURED = {  # condition keys that are asked for more often than others
    "aws:MultiFactorAuthPresent": 6,
    "aws:PrincipalArn": 4,
    "aws:SourceIp": 3,
    "aws:TagKeys": 3,
    "sts:TransitiveTagKeys": 2,
    "aws:PrincipalOrgPaths": 3,
    "sts:ExternalId": 3,
    "sts:SourceIdentity": 2,
    "aws:PrincipalTag/level": 2,
}

Options = list[tuple[str, Any]]  # operators, each with its value


def scenario(seed: int) -> dict:
    """The scenario of this seed: a closed world and one AssumeRole call."""
    return _Maker(Random(seed), seed).scenario()


def _near(rng: Random, text: str) -> str:
    """A text that is easily mistaken for this one."""
    at = rng.randrange(len(text))
    swapped = text[:at] + text[at].swapcase() + text[at + 1 :]
    choices = [text + "x", text[:at] + text[at + 1 :] or "x", text.swapcase(), swapped]
    return rng.choice([choice for choice in choices if choice != text])


def _near_arn(rng: Random, arn: str) -> str:
    """An ARN that differs in its last part, or in the account's digits."""
    head, _, name = arn.rpartition(":")
    if rng.random() < 0.3:
        return f"{head.rpartition(':')[0]}:{THIRD}:{name}"
    kind, _, rest = name.partition("/")
    if "/" in rest and rng.random() < 0.5:
        return f"{head}:{kind}/{rest.rpartition('/')[2]}"
    return f"{head}:{kind}/{_near(rng, rest)}" if rest else f"{head}:{kind}/x"


def _document(statements: list[dict], version: str | None = "2012-10-17") -> dict:
    return ({"Version": version} if version else {}) | {"Statement": statements}


def _managed(arn: str, documents: list[dict]) -> dict:
    """A customer managed policy whose last version is the default one."""
    versions = [
        {"VersionId": f"v{n}", "IsDefaultVersion": n == len(documents), "Document": document}
        for n, document in enumerate(documents, 1)
    ]
    names = {"PolicyName": arn.rpartition("/")[2], "Arn": arn}
    return names | {"DefaultVersionId": f"v{len(documents)}", "PolicyVersionList": versions}


# ---- conditions --------------------------------------------------------------------------------


def _if_missing(hold: bool, family: str, equals: str, other: Any) -> Options:
    """Operators on a missing key; `other` is any value of the right type."""
    negated = equals.replace("Equals", "NotEquals") if family != "Bool" else None
    if hold:
        options = [(f"{equals}IfExists", other), ("Null", "true"), ("Null", True)]
        return [*options, (negated, other)] if negated else options
    return [(equals, other), (equals, other), ("Null", "false")]


def _string_options(rng: Random, value: str | None, variables: list[str], hold: bool) -> Options:
    other = rng.choice(["o-other", "web", "Alice", "prod", "zzz"])
    if value is None:
        options = _if_missing(hold, "String", "StringEquals", other)
        if hold:
            return [*options, ("StringNotLike", "*"), ("ForAllValues:StringEquals", other)]
        null = "${aws:PrincipalTag/none}"
        return [
            *options,
            ("StringLike", "*"),
            ("ForAnyValue:StringEquals", other),
            ("StringLike", null),
        ]
    at = rng.randrange(len(value))
    prefix, hole = value[:at] + "*", value[:at] + "?" + value[at + 1 :]
    near = _near(rng, value)
    other = other if other.lower() != value.lower() else f"{other}-2"
    if hold:
        options = [
            ("StringEquals", value),
            ("StringEquals", [other, value]),
            ("StringLike", prefix),
            ("StringLike", [hole, other]),
            ("StringEqualsIgnoreCase", value.swapcase()),
            ("StringNotEquals", near),
            ("StringNotEqualsIgnoreCase", f"{value}x"),
            ("StringNotLike", [other, f"?{value}"]),
            ("StringEqualsIfExists", value),
            ("StringNotEqualsIfExists", other),
            ("Null", "false"),
            ("StringEquals", f"${{aws:PrincipalTag/none, '{value}'}}"),
            ("StringNotEquals", "${aws:PrincipalTag/none}"),
            ("ForAnyValue:StringLike", prefix),
            ("ForAllValues:StringEquals", [value, other]),
        ]
        return options + [("StringEquals", name) for name in variables] * 3
    options = [
        ("StringEquals", near),
        ("StringEquals", prefix),
        ("StringLike", [f"{value}?", other]),
        ("StringLike", value[:at] + "${*}"),
        ("StringNotEquals", value),
        ("StringNotEquals", [other, value]),
        ("StringNotLike", prefix),
        ("StringEqualsIfExists", near),
        ("StringNotEqualsIgnoreCase", value.swapcase()),
        ("Null", "true"),
        ("StringEquals", "${aws:PrincipalTag/none}"),
        ("ForAnyValue:StringEquals", other),
        ("ForAllValues:StringEquals", [other, near]),
    ]
    return options + [("StringNotEquals", name) for name in variables] * 2


def _arn_options(rng: Random, value: str | None, hold: bool) -> Options:
    if value is None:
        other = f"arn:aws:iam::{HOME}:role/other"
        return _if_missing(hold, "Arn", rng.choice(["ArnEquals", "StringEquals"]), other)
    parts = value.split(":", 5)
    kind, _, name = parts[5].rpartition("/")
    near = _near_arn(rng, value)
    loose = ":".join([*parts[:4], "*", parts[5]])
    inside = ":".join([*parts[:5], f"{kind}/{name[:2]}*"])
    across = f"arn:*:{parts[5]}"  # only a string operator lets a wildcard cross colons
    mine = ":".join([*parts[:4], "${aws:PrincipalAccount}", parts[5]])
    null = ":".join([*parts[:5], f"{kind}/${{aws:PrincipalTag/none}}"])
    session = f"{value.replace(':iam:', ':sts:').replace('role/', 'assumed-role/')}/*"
    if hold:
        signed = [("ArnEquals", mine)] if parts[2] == "iam" else []  # services have no account
        return [
            *signed,
            ("ArnEquals", value),
            ("ArnLike", [near, inside]),
            ("ArnEquals", loose),
            ("ArnNotLike", near),
            ("ArnNotEquals", across),
            ("StringLike", across),
            ("StringEquals", value),
            ("ArnLikeIfExists", inside),
            ("Null", "false"),
        ]
    return [
        ("ArnEquals", near),
        ("ArnLike", session),
        ("ArnLike", across),
        ("ArnNotLike", [near, inside]),
        ("ArnNotEquals", loose),
        ("StringEquals", inside),
        ("StringNotLike", across),
        ("ArnEqualsIfExists", near),
        ("ArnLike", null),
    ]


def _bool_options(value: bool | None, hold: bool) -> Options:
    if value is None:
        return _if_missing(hold, "Bool", "Bool", "true")
    wanted = value is hold
    text = str(wanted).lower()
    options: Options = [("Bool", text), ("Bool", text), ("Bool", wanted), ("BoolIfExists", text)]
    return [*options, ("Null", str(not hold).lower())]


def _number_options(rng: Random, value: int | None, hold: bool) -> Options:
    form: Callable[[int], Any] = rng.choice([int, str])
    if value is None:
        return _if_missing(hold, "Numeric", "NumericEquals", form(300))
    up, down, same = form(value + 10), form(value - 10), form(value)
    if hold:
        return [
            ("NumericEquals", [up, same]),
            ("NumericNotEquals", up),
            ("NumericLessThan", up),
            ("NumericLessThanEquals", same),
            ("NumericGreaterThan", down),
            ("NumericGreaterThanEqualsIfExists", same),
        ]
    return [
        ("NumericEquals", up),
        ("NumericNotEquals", [same, down]),
        ("NumericLessThan", same),
        ("NumericLessThanEquals", down),
        ("NumericGreaterThan", [same, up]),
        ("NumericGreaterThanEqualsIfExists", up),
    ]


def _date_options(rng: Random, value: datetime | None, hold: bool) -> Options:
    def form(moment: datetime) -> str:
        epoch = str(int(moment.timestamp()))
        return rng.choice([moment.strftime("%Y-%m-%dT%H:%M:%SZ"), moment.isoformat(), epoch])

    if value is None:
        return _if_missing(hold, "Date", "DateEquals", "2026-01-01T00:00:00Z")
    later, earlier, same = (
        form(value + timedelta(days=3)),
        form(value - timedelta(days=3)),
        form(value),
    )
    day = (value + timedelta(days=1)).strftime("%Y-%m-%d")
    if hold:
        return [
            ("DateLessThan", later),
            ("DateLessThan", day),
            ("DateLessThanEquals", same),
            ("DateGreaterThan", earlier),
            ("DateGreaterThanEquals", same),
            ("DateEquals", [later, same]),
            ("DateNotEquals", earlier),
            ("DateLessThanIfExists", later),
        ]
    return [
        ("DateLessThan", same),
        ("DateLessThanEquals", earlier),
        ("DateGreaterThan", later),
        ("DateGreaterThan", day),
        ("DateEquals", later),
        ("DateNotEquals", same),
        ("DateGreaterThanEqualsIfExists", later),
    ]


def _address_options(value: str | None, hold: bool) -> Options:
    other = ["192.0.2.0/24", "2001:db8:ffff::/48"]
    if value is None:
        if hold:
            return [("NotIpAddress", "0.0.0.0/0"), ("IpAddressIfExists", other), ("Null", "true")]
        return [("IpAddress", "0.0.0.0/0"), ("IpAddress", [*other, "::/0"]), ("Null", "false")]
    around = "2001:db8::/32" if ":" in value else f"{value.rpartition('.')[0]}.0/24"
    matching = [[*other, around], value, around]
    yes, no = ("IpAddress", "NotIpAddress") if hold else ("NotIpAddress", "IpAddress")
    return [*((yes, match) for match in matching), (no, other), (f"{yes}IfExists", around)]


def _list_options(rng: Random, values: list[str] | None, hold: bool) -> Options:
    other = ["Owner", "o-other/*"]
    if not values:
        if hold:
            return [
                ("ForAllValues:StringEquals", other),
                ("ForAllValues:StringNotLike", "*"),
                ("Null", "true"),
            ]
        return [
            ("ForAnyValue:StringEquals", other),
            ("ForAnyValue:StringLike", "*"),
            ("ForAnyValue:StringNotEquals", other),
            ("Null", "false"),
        ]
    one = rng.choice(values)
    prefix = one[: rng.randrange(len(one))] + "*"
    if hold:
        return [
            ("ForAllValues:StringEquals", [*values, *other]),
            ("ForAllValues:StringLike", [*values, prefix]),
            ("ForAllValues:StringNotEquals", other),
            ("ForAnyValue:StringEquals", [one, *other]),
            ("ForAnyValue:StringLike", prefix),
            ("ForAnyValue:StringNotEquals", other),
            ("ForAnyValue:StringEqualsIgnoreCase", one.swapcase()),
            ("Null", "false"),
        ]
    return [
        ("ForAllValues:StringEquals", [*values[1:], *other]),
        ("ForAllValues:StringNotEquals", [one, *other]),
        ("ForAllValues:StringNotLike", prefix),
        ("ForAnyValue:StringEquals", [prefix, *other]),
        ("ForAnyValue:StringEquals", one.swapcase()),
        ("ForAnyValue:StringNotEquals", values),
        ("Null", "true"),
    ]


class _Maker:
    """One scenario in the making."""

    def __init__(self, rng: Random, seed: int) -> None:
        self.rng = rng
        self.seed = seed
        self.kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
        self.service = self.kind == "service"
        self.is_session = self.kind in ("session", "linked")
        self.partition = rng.choices(list(PARTITIONS), [85, 10, 5])[0]
        self.same = not self.service and rng.random() < 0.4
        self.target = HOME if self.same else AWAY
        self.time = datetime(2026, 1 + rng.randrange(12), 1 + rng.randrange(28), 12, tzinfo=UTC)
        self.faults = self.pick_faults()
        self.facts: dict[str, tuple[str, Any]] = {}
        self.policies: list[dict] = []  # customer managed ones of the caller's account

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def pick_faults(self) -> set[str]:
        pool = list(ANYONE_FAULTS)
        pool += [] if self.service else PRINCIPAL_FAULTS
        pool += SESSION_FAULTS if self.is_session else []
        pool += USER_FAULTS if self.kind == "user" else []
        return set(self.rng.sample(pool, self.rng.choices([0, 1, 2, 3], [50, 32, 14, 4])[0]))

    def stamp(self, moment: datetime) -> str:
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    # ---- the whole -----------------------------------------------------------------------------

    def scenario(self) -> dict:
        self.make_names()
        self.make_network()
        self.make_parameters()
        organizations = self.make_organizations()
        self.collect_facts(organizations)
        home = self.make_home()
        accounts: dict[str, dict] = {HOME: home} if not self.service else {}
        accounts.setdefault(self.target, {}).setdefault("RoleDetailList", []).append(
            self.make_role()
        )
        if self.endpoint:
            owner = HOME if self.chance(0.7) else THIRD
            accounts.setdefault(owner, {})["VpcEndpoints"] = [self.make_endpoint()]
        if self.policies:
            home["Policies"] = self.policies
        self.add_org_policies(organizations)
        call = self.make_call()
        made = {
            "scenario": 1,
            "title": f"seed {self.seed}: {', '.join(sorted(self.faults)) or 'no fault'}",
            "time": self.stamp(self.time),
            "accounts": accounts,
            "call": call,
        }
        if organizations:
            made["organization"] = organizations if len(organizations) > 1 else organizations[0]
        if "multifactorauthage" in json.dumps(made).lower() and call["caller"].get("mfa") is True:
            call["caller"]["mfa"] = {"age": 300}  # the age has to be known where it is asked for
        return made

    def make_names(self) -> None:
        rng = self.rng
        self.team = rng.choice(["web", "data", "Ops"])
        self.caller_name = rng.choice(["deployer", "alice", "ci-runner", "Build.Agent"])
        self.caller_path = rng.choice(["/", "/", "/ci/", "/teams/app/"])
        if self.kind == "linked":
            self.caller_path = LINKED_PATH
        self.session_name = rng.choice(["run-1", "alice@example.com", "i-0123456789abcdef0"])
        place = f"arn:{self.partition}"
        name = f"{self.caller_path}{self.caller_name}"
        self.principal_arn = f"{place}:iam::{HOME}:{'role' if self.is_session else 'user'}{name}"
        self.arn = self.principal_arn
        if self.is_session:
            name = f"{self.caller_name}/{self.session_name}"
            self.arn = f"{place}:sts::{HOME}:assumed-role/{name}"
        self.self_assume = self.kind == "session" and self.same and self.chance(0.12)
        self.role_name = rng.choice(
            ["DeployRole", "ReadOnly", f"{self.team}-admin", f"{self.caller_name}-deploy"]
        )
        self.role_path = rng.choice(["/", "/", "/app/", "/Teams/web/"])
        self.service_name = rng.choice(
            ["ec2.amazonaws.com", "lambda.amazonaws.com", "pods.eks.amazonaws.com"]
        )
        if self.service and self.chance(0.15):
            self.role_path, self.service_name = LINKED_PATH, "autoscaling.amazonaws.com"
        if self.self_assume:
            self.role_name, self.role_path = self.caller_name, self.caller_path
        self.role_arn = f"{place}:iam::{self.target}:role{self.role_path}{self.role_name}"
        self.principal_tags = self.some_tags({"team": self.team, "level": "5", "flag": "true"})
        self.principal_tags |= self.some_tags({"user": self.caller_name, "Env": "prod"})
        self.role_tags = self.some_tags({"team": self.team, "env": "prod", "tier": "1"})
        if self.self_assume:
            self.role_tags = self.principal_tags

    def some_tags(self, tags: dict[str, str]) -> dict[str, str]:
        return {key: value for key, value in tags.items() if self.chance(0.6)}

    def make_network(self) -> None:
        rng = self.rng
        region = PARTITIONS[self.partition]
        if self.partition == "aws":
            region = rng.choice(["us-east-1", "eu-central-1", "us-west-2"])
        self.network: dict[str, Any] = {
            "region": region,
            "secure_transport": not self.chance(0.04),
            "user_agent": rng.choice(["aws-cli/2.27.1", "Boto3/1.44.5", "Terraform/1.9"]),
        }
        wants = self.faults & {"endpoint", "endpoint-deny", "endpoint-not-principal"}
        self.endpoint = not self.service and (bool(wants) or self.chance(0.15))
        if self.endpoint:
            self.network |= {"vpc_endpoint": "vpce-0a1b2c3d", "vpc": "vpc-0a1b2c3d"}
        else:
            self.network["source_ip"] = rng.choice(["203.0.113.7", "198.51.100.20", "2001:db8::7"])
            if region == "us-east-1" and self.chance(0.2):
                self.network["endpoint"] = "global"

    # ---- the call ------------------------------------------------------------------------------

    def make_parameters(self) -> None:
        self.make_credentials()
        self.params: dict[str, Any] = {"RoleArn": self.role_arn}
        self.request_tags: dict[str, str] = {}
        if not self.service:
            self.make_own_parameters()
        elif self.service_name.startswith("pods."):
            self.request_tags = {"kubernetes-namespace": self.team, "eks-cluster-name": "main"}
            self.params["TransitiveTagKeys"] = list(self.request_tags)
        if self.request_tags:
            pairs = self.request_tags.items()
            self.params["Tags"] = [{"Key": key, "Value": value} for key, value in pairs]
        self.actions = ["sts:AssumeRole"]
        if self.request_tags or self.session.get("transitive_tag_keys"):
            self.actions.append("sts:TagSession")
        if "SourceIdentity" in self.params or "source_identity" in self.session:
            self.actions.append("sts:SetSourceIdentity")

    def make_credentials(self) -> None:
        self.session: dict[str, Any] = {}
        self.credentials = "long-term"
        self.mfa: bool | dict[str, int] | None = None
        if self.is_session:
            self.make_session()
        elif not self.service and self.chance(0.35):
            self.credentials = "session-token"
            choices: list[bool | dict[str, int]] = [False, True, True, {"age": 120}, {"age": 7200}]
            self.mfa = self.rng.choice(choices)
        self.temporary = self.is_session or self.credentials == "session-token"
        self.proof = self.kind == "user" and self.chance(0.2)
        self.proof |= bool(self.faults & {"mfa-wrong", "mfa-half"})
        self.maximum = self.rng.choice([None, 3600, 7200, 43200])

    def make_own_parameters(self) -> None:
        """What a caller that is no service may pass."""
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
            params["ExternalId"] = rng.choice(["acme-1234", "Tenant:42/x"])
        if self.chance(0.3):
            allowed = 3600 if self.temporary else self.maximum or 3600
            params["DurationSeconds"] = rng.choice([900, 3600, allowed])
        if self.chance(0.05):  # limits only the new session (R1.26)
            nothing = {"Effect": "Deny", "Action": "*", "Resource": "*"}
            params["Policy"] = json.dumps(_document([nothing]))
        if self.proof:
            serial = f"arn:{self.partition}:iam::{HOME}:mfa/{self.caller_name}"
            params |= {"SerialNumber": serial, "TokenCode": "123456"}

    def make_session(self) -> None:
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

    def make_call(self) -> dict:
        if self.service:
            caller: dict[str, Any] = {"service": self.service_name}
        else:
            caller = {"arn": self.arn}
            if self.kind == "user":
                caller["credentials"] = self.credentials
            if self.mfa is not None:
                caller["mfa"] = self.mfa
            if self.session:
                caller["session"] = self.session
        self.break_caller(caller)
        self.break_parameters()
        call = {"api": "AssumeRole", "caller": caller, "parameters": self.params}
        call["network"] = self.network
        if self.context:
            call["context"] = self.context
        if "mfa-wrong" in self.faults:
            call["mfa_code"] = "wrong"
        return call

    def break_caller(self, caller: dict) -> None:
        if "root" in self.faults:
            caller.clear()
            caller |= {"arn": f"arn:{self.partition}:iam::{HOME}:root", "credentials": "long-term"}
        elif "federated" in self.faults:
            arn = f"arn:{self.partition}:sts::{HOME}:federated-user/{self.caller_name}"
            caller.clear()
            caller |= {"arn": arn, "credentials": "federation-token"}
        elif "caller-missing" in self.faults:
            old, new = f"/{self.caller_name}", f"/{self.caller_name}-old"
            if self.kind == "user" and self.chance(0.3):
                new = f"/elsewhere/{self.caller_name}"
            caller["arn"] = caller["arn"].replace(old, new, 1)

    def break_parameters(self) -> None:
        rng, params = self.rng, self.params
        if "role-arn" in self.faults:
            wrong = [_near_arn(rng, self.role_arn) for _ in range(4)]
            wrong += [self.role_arn.replace(":role/", ":user/"), "not an ARN, only some text"]
            params["RoleArn"] = rng.choice(wrong)
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
            self.break_parameter()

    def break_parameter(self) -> None:
        project = {"Key": "project", "Value": "x"}
        wrong: list[dict[str, Any]] = [
            {"Tags": [project, {"Key": "Project", "Value": "y"}]},
            {"Tags": [project], "TransitiveTagKeys": ["stage"]},
            {"Tags": [{"Key": "bad*key", "Value": "x"}]},
            {"Tags": [{"Key": "k" * self.rng.choice([128, 129]), "Value": "v" * 256}]},
            {"Tags": [{"Key": f"k{n}", "Value": "x"} for n in range(self.rng.choice([50, 51]))]},
            {"DurationSeconds": self.rng.choice([899, 43201])},
        ]
        if not self.service:
            wrong += [
                {"RoleSessionName": self.rng.choice(["a", "two words", "x/y", "é" * 3, "n" * 65])},
                {"ExternalId": self.rng.choice(["a", "with space", "e" * 1225])},
                {"SourceIdentity": self.rng.choice(["s", "aws:me", "s" * 256, "s" * 257])},
            ]
        if self.kind == "user":
            wrong.append({"SerialNumber": "GAHT12345678", "TokenCode": "12345"})
        if self.is_session:
            wrong.append({"SerialNumber": "GAHT12345678", "TokenCode": "123456"})
        chosen = self.rng.choice(wrong)
        if "Tags" in chosen:
            self.params.pop("TransitiveTagKeys", None)
        self.params |= chosen

    # ---- what the call's context will look like ------------------------------------------------

    def collect_facts(self, organizations: list[dict]) -> None:
        orgs = {a["Id"]: (org, a) for org in organizations for a in org["Accounts"]}
        self.context: dict[str, Any] = {}
        facts: dict[str, tuple[str, Any]] = {
            "sts:ExternalId": ("string", self.params.get("ExternalId")),
            "aws:ResourceAccount": ("string", self.target),
            "aws:TagKeys": ("list", list(self.request_tags)),
            "sts:TransitiveTagKeys": ("list", self.params.get("TransitiveTagKeys")),
            "aws:PrincipalIsAWSService": ("bool", self.service),
            "aws:PrincipalServiceName": ("string", self.service_name if self.service else None),
            "aws:CurrentTime": ("date", self.time),
            "aws:EpochTime": self.rng.choice(
                [("date", self.time), ("number", int(self.time.timestamp()))]
            ),
        }
        for key in ("project", "stage", "kubernetes-namespace"):
            facts[f"aws:RequestTag/{key}"] = ("string", self.request_tags.get(key))
        for key in ("team", "tier"):
            prefix = self.rng.choice(["aws", "iam"])
            facts[f"{prefix}:ResourceTag/{key}"] = ("string", self.role_tags.get(key))
        sides = {"Resource": self.target} | ({} if self.service else {"Principal": HOME})
        for side, account in sides.items():
            org = orgs[account][0]["Id"] if account in orgs else None
            facts[f"aws:{side}OrgID"] = ("string", org)
            path = [f"{org}/r-{org[2:]}/*"] if org else None  # good enough as a prefix
            facts[f"aws:{side}OrgPaths"] = ("path", path)
        if self.service:
            facts["aws:PrincipalOrgID"] = ("string", None)
            self.add_service_facts(facts)
        else:
            self.add_principal_facts(facts)
        self.facts = facts

    def add_service_facts(self, facts: dict[str, tuple[str, Any]]) -> None:
        arn = f"arn:{self.partition}:eks:{self.network['region']}:{self.target}:cluster/main"
        if self.chance(0.6):
            self.context = {"aws:SourceAccount": self.target, "aws:SourceArn": arn}
        facts["aws:SourceAccount"] = ("string", self.context.get("aws:SourceAccount"))
        facts["aws:SourceArn"] = ("arn", self.context.get("aws:SourceArn"))

    def add_principal_facts(self, facts: dict[str, tuple[str, Any]]) -> None:
        tags = {key.lower(): value for key, value in self.principal_tags.items()}
        tags |= {key.lower(): value for key, value in self.session.get("tags", {}).items()}
        region = "us-east-1" if self.network.get("endpoint") else self.network["region"]
        source = self.session.get("source_identity")
        user_agent: str | None = self.network["user_agent"]
        if self.chance(0.03):
            self.context["aws:UserAgent"] = user_agent = None
        issued = self.issued if self.is_session else self.time - timedelta(minutes=5)
        age = self.mfa["age"] if isinstance(self.mfa, dict) else 300 if self.mfa else None
        present = bool(self.mfa) if self.credentials == "session-token" else None
        facts |= {
            "aws:PrincipalArn": ("arn", self.principal_arn),
            "aws:PrincipalAccount": ("string", HOME),
            "aws:PrincipalType": ("string", "AssumedRole" if self.is_session else "User"),
            "aws:username": ("string", None if self.is_session else self.caller_name),
            "aws:userid": (
                "string",
                f"AROAEXAMPLEROLE000001:{self.session_name}"
                if self.is_session
                else "AIDAEXAMPLEUSER000001",
            ),
            "aws:TokenIssueTime": ("date", issued if self.temporary else None),
            "aws:MultiFactorAuthPresent": ("bool", True if self.proof else present),
            "aws:MultiFactorAuthAge": ("number", 0 if self.proof else age),
            "sts:RoleSessionName": ("string", self.params["RoleSessionName"]),
            "sts:SourceIdentity": ("string", self.params.get("SourceIdentity", source)),
            "aws:SourceIdentity": ("string", source),
            "aws:SourceIp": ("address", self.network.get("source_ip")),
            "aws:SourceVpce": ("string", self.network.get("vpc_endpoint")),
            "aws:SourceVpc": ("string", self.network.get("vpc")),
            "aws:RequestedRegion": ("string", region),
            "aws:SecureTransport": ("bool", self.network["secure_transport"]),
            "aws:ViaAWSService": ("bool", False),
            "aws:UserAgent": ("string", user_agent),
            "aws:SourceAccount": ("string", None),
            "aws:PrincipleOrgID": ("string", None),  # misspelt: simply missing (R6.14)
        }
        for key in ("team", "user", "env", "squad"):
            facts[f"aws:PrincipalTag/{key}"] = ("string", tags.get(key))
        level = tags.get("level")
        facts["aws:PrincipalTag/level"] = ("number", int(level) if level else None)

    def condition(self, hold: bool, blocks: int = 1) -> dict:
        """A Condition element; at least one of its blocks fails unless it is to hold."""
        made: dict[str, dict[str, Any]] = {}
        counts = [FAVOURED.get(key, 1) for key in self.facts]
        keys = dict.fromkeys(self.rng.sample(list(self.facts), blocks, counts=counts))
        failing = self.rng.randrange(len(keys))
        for n, key in enumerate(keys):
            operator, value = self.rng.choice(self.options(key, hold or n != failing))
            tag = key.rpartition("/")[0] and self.chance(0.3)
            name = key.upper() if tag else self.rng.choice([key, key, key, key.lower()])
            made.setdefault(operator, {})[name] = value
        return made

    def options(self, key: str, hold: bool) -> Options:
        kind, value = self.facts[key]
        if kind == "string":
            return _string_options(self.rng, value, self.variables(key, value), hold)
        if kind == "arn":
            return _arn_options(self.rng, value, hold)
        if kind == "bool":
            options = _bool_options(value, hold)
            if not self.service and "flag" in self.principal_tags and value is hold:
                options += [("Bool", "${aws:PrincipalTag/flag}")] * 3  # C-8
            return options
        if kind == "number":
            return _number_options(self.rng, value, hold)
        if kind == "date":
            return _date_options(self.rng, value, hold)
        if kind == "address":
            return _address_options(value, hold)
        if kind == "path":
            return self.path_options(value, hold)
        return _list_options(self.rng, value, hold)

    def path_options(self, value: list[str] | None, hold: bool) -> Options:
        if not value:
            return _list_options(self.rng, None, hold)
        org = value[0].partition("/")[0]
        if hold:
            likes = [f"{org}/*", value[0], ["o-other/*", f"{org}/r-*/*"]]
            options = [("ForAnyValue:StringLike", like) for like in likes]
            return [*options, ("ForAllValues:StringNotLike", "o-other/*"), ("Null", "false")]
        return [
            ("ForAnyValue:StringLike", ["o-other/*", f"{org}/r-zz99/*"]),
            ("ForAnyValue:StringEquals", f"{org}/*"),
            ("ForAllValues:StringNotLike", f"{org}/*"),
        ]

    def variables(self, key: str, value: str | None) -> list[str]:
        """Policy variables with the same value as this key."""
        return [
            f"${{{other}}}"
            for other, (kind, found) in self.facts.items()
            if other != key and kind == "string" and value is not None and found == value
        ]

    # ---- permission documents ------------------------------------------------------------------

    def finish(self, statements: list[dict], trust: bool = False) -> Any:
        """A document in one of its accepted notations."""
        self.rng.shuffle(statements)
        old = None if self.chance(0.5) else "2008-10-17"
        document = _document(statements, old if self.chance(0.05) else "2012-10-17")
        if len(statements) == 1 and self.chance(0.1):
            document["Statement"] = statements[0]
        if self.chance(0.04):
            return (
                quote(json.dumps(document)) if trust or self.chance(0.5) else json.dumps(document)
            )
        return document

    def permission(self, what: str, faults: set[str], principal: Any = None) -> list[dict]:
        """Statements of one layer that let the call through unless a fault says otherwise."""
        rng = self.rng
        allow: dict[str, Any] = {"Effect": "Allow"}
        allow |= self.allowed_actions(f"{what}-action" in faults)
        allow |= self.allowed_resources(f"{what}-resource" in faults)
        if f"{what}-condition" in faults:
            allow["Condition"] = self.condition(False, rng.choice([1, 2]))
        elif self.chance(0.2):
            allow["Condition"] = self.condition(True, rng.choice([1, 1, 2]))
        statements = [allow]
        if len(self.actions) > 1 and "Action" in allow and self.chance(0.4):
            statements = [allow | {"Action": action} for action in self.actions]
            for statement in statements[1:]:
                statement.pop("Condition", None)
        if f"{what}-missing" in faults:
            statements = []
        noise: list[dict[str, Any]] = [
            {"Effect": "Allow", "Action": ["s3:*", "ec2:Describe*"], "Resource": "*"},
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Resource": _near_arn(rng, self.role_arn),
            },
            {"Effect": "Deny", "Action": "sts:AssumeRoleWithSAML", "Resource": "*"},
            {"Effect": "Deny", "Action": "sts:*", "Resource": _near_arn(rng, self.role_arn)},
            {"Effect": "Deny", "NotAction": ["sts:*", "iam:*"], "Resource": "*"},
            {"Effect": "Deny", "Action": "*", "NotResource": [self.role_arn, "arn:aws:s3:::*"]},
        ]
        statements += rng.sample(noise, rng.choice([0, 0, 1, 2]))
        if self.chance(0.12):
            statements.append(self.denial(False))
        if f"{what}-deny" in faults:
            statements.append(self.denial(True))
        if principal is not None:
            statements = [{"Principal": principal} | statement for statement in statements]
        return statements or [noise[0]]

    def denial(self, bites: bool) -> dict:
        """A Deny that matches the action and the role, and whose condition holds or not."""
        rng = self.rng
        action = rng.choice(["sts:*", "*", rng.choice(self.actions), "STS:assume*"])
        made: dict[str, Any] = {"Effect": "Deny", "Action": action}
        made["Resource"] = rng.choice(["*", self.role_arn])
        if bites and self.chance(0.25):
            if self.chance(0.5):
                del made["Action"]
                made["NotAction"] = ["s3:*", "iam:*"]
            else:
                del made["Resource"]
                made["NotResource"] = _near_arn(rng, self.role_arn)
            return made
        if not bites or self.chance(0.8):
            made["Condition"] = self.condition(bites, rng.choice([1, 2]))
        return made

    def allowed_actions(self, wrong: bool) -> dict:
        rng, actions = self.rng, self.actions
        if wrong and len(actions) > 1 and self.chance(0.5):
            return {"Action": rng.sample(actions, len(actions) - 1)}
        if wrong:
            bad = ["sts:AssumeRoleWithSAML", ["sts:Get*", "iam:*"], "sts:AssumeRole?", "sts:assume"]
            return rng.choice([{"Action": rng.choice(bad)}, {"NotAction": "sts:*"}])
        return rng.choice(
            [
                {"Action": actions if len(actions) > 1 else actions[0]},
                {"Action": [action.lower() for action in actions]},
                {"Action": "sts:*"},
                {"Action": rng.choice(["*", ["s3:GetObject", "STS:*"]])},
                {"Action": ["sts:Assume*", "sts:Tag*", "sts:SetSource????????"]},
                {"NotAction": ["s3:*", "sts:GetFederationToken"]},
            ]
        )

    def allowed_resources(self, wrong: bool) -> dict:
        rng = self.rng
        place, _, name = self.role_arn.partition(":role")
        if wrong:
            bad = [
                _near_arn(rng, self.role_arn),
                [_near_arn(rng, self.role_arn), f"{place}:role/nothing*"],
                f"{place}:role/{self.role_name[:3].swapcase()}*",
                f"{place}:user/*",
                f"{place}:role/${{aws:PrincipalTag/none}}",
                f"arn:{self.partition}:iam::${{aws:ResourceAccount}}:role/*",
                f"{self.role_arn}/*",
            ]
            absent = [{"NotResource": self.role_arn}, {"NotResource": f"{place}:role/*"}]
            return rng.choice([*({"Resource": pattern} for pattern in bad), *absent])
        cut = rng.randrange(2, len(name))
        good: list[Any] = [
            self.role_arn,
            self.role_arn,
            "*",
            f"{place}:role/*",
            f"{place}:*",
            f"arn:{self.partition}:iam::*:role{name}",
            f"arn:*:iam::{self.target}:role{name[:cut]}*",
            f"{place}:role{name[:cut]}?{name[cut + 1 :]}",
            [_near_arn(rng, self.role_arn), self.role_arn],
        ]
        variables = {
            "${aws:username}": None if self.is_session else self.caller_name,
            "${aws:PrincipalTag/team}": self.principal_tags.get("team"),
            "${aws:PrincipalTag/none, 'admin'}": "admin",
        }
        for variable, value in variables.items():
            if value and value in self.role_name:
                good += [
                    f"{place}:role{self.role_path}{self.role_name.replace(value, variable)}"
                ] * 5
        others = [
            {"NotResource": _near_arn(rng, self.role_arn)},
            {"NotResource": f"{place}:user/*"},
        ]
        return rng.choice([*({"Resource": pattern} for pattern in good), *others])

    # ---- the trust policy ----------------------------------------------------------------------

    def make_role(self) -> dict:
        """The target role, or the caller's own record when a role assumes itself."""
        role = {
            "RoleName": self.role_name,
            "Path": self.role_path,
            "RoleId": "AROAEXAMPLEROLE000002",
            "AssumeRolePolicyDocument": self.trust_policy(),
            "Tags": [{"Key": key, "Value": value} for key, value in self.role_tags.items()],
        }
        if self.maximum:
            role["MaxSessionDuration"] = self.maximum
        return (
            (self.own_record | role | {"RoleId": "AROAEXAMPLEROLE000001"})
            if self.self_assume
            else role
        )

    def trust_policy(self) -> Any:
        rng = self.rng
        actions = list(self.actions)
        if "trust-action" in self.faults:
            dropped = rng.choice(actions)
            actions.remove(dropped)
            actions.append(rng.choice(["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]))
        allow: dict[str, Any] = {"Effect": "Allow", "Principal": self.trusted()}
        allow["Action"] = actions if len(actions) > 1 else actions[0]
        if "trust-action" not in self.faults and self.chance(0.15):
            allow["Action"] = rng.choice(["sts:*", [action.upper() for action in actions]])
        if "trust-condition" in self.faults:
            allow["Condition"] = self.condition(False, rng.choice([1, 2]))
        elif self.chance(0.4):
            allow["Condition"] = self.condition(True, rng.choice([1, 1, 2, 3]))
        statements = [allow]
        if len(actions) > 1 and isinstance(allow["Action"], list) and self.chance(0.6):
            statements = [allow | {"Action": actions[0]}, allow | {"Action": actions[1:]}]
            if self.chance(0.7):
                statements[1].pop("Condition", None)
        statements += self.trust_noise()
        if "trust-deny" in self.faults:
            statements.append(self.trust_denial(True))
        elif self.chance(0.12):
            statements.append(self.trust_denial(False))
        return self.finish(statements, trust=True)

    def trust_noise(self) -> list[dict]:
        place = f"arn:{self.partition}:iam::{THIRD}"
        noise = [
            {"Effect": "Allow", "Principal": {"AWS": THIRD}, "Action": "sts:AssumeRole"},
            {
                "Effect": "Allow",
                "Principal": {
                    "Federated": f"{place}:saml-provider/Idp".replace(THIRD, self.target)
                },
                "Action": "sts:AssumeRoleWithSAML",
                "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
            },
            {"Effect": "Deny", "Principal": {"AWS": f"{place}:root"}, "Action": "sts:*"},
        ]
        return self.rng.sample(noise, self.rng.choice([0, 0, 0, 1, 2]))

    def trust_denial(self, bites: bool) -> dict:
        names: list[Any] = ["*"]
        if not self.service:
            named = [HOME, self.arn, self.principal_arn, f"arn:{self.partition}:iam::{HOME}:root"]
            names += [{"AWS": name} for name in named]
        made: dict[str, Any] = {"Effect": "Deny", "Principal": self.rng.choice(names)}
        made["Action"] = self.rng.choice(["sts:*", self.rng.choice(self.actions)])
        if not bites or self.chance(0.7):
            made["Condition"] = self.condition(bites)
        return made

    def trusted(self) -> Any:
        """The Principal element."""
        rng = self.rng
        wrong = "trust-principal" in self.faults
        if self.service:
            service = "events.amazonaws.com" if wrong else self.service_name
            listed: Any = rng.choice([service, [service, "glue.amazonaws.com"]])
            return {"Service": listed} | rng.choice([{}, {}, {"AWS": THIRD}])
        account = rng.choice([HOME, f"arn:{self.partition}:iam::{HOME}:root"])
        if wrong:
            kind = (":user/", ":role/") if self.kind == "user" else (":role/", ":user/")
            bad = [
                _near_arn(rng, self.principal_arn),
                _near_arn(rng, self.principal_arn),
                self.principal_arn.replace(*kind),
                f"arn:{self.partition}:iam::{THIRD}:root",
                "AIDAJQABLZS4A3QDU576Q" if self.kind == "user" else "AROAJQABLZS4A3QDU576Q",
                self.principal_arn.replace(f"arn:{self.partition}:", "arn:aws-iso:"),
            ]
            if self.is_session:
                bad += [
                    f"{self.arn}-2",
                    self.arn.replace(self.caller_name, f"ci/{self.caller_name}"),
                ]
            return {"AWS": rng.choice([rng.choice(bad), rng.sample(bad, 2)])}
        good = [account, self.principal_arn, self.principal_arn, self.arn]
        name = rng.choice(good)
        if self.chance(0.1):
            return rng.choice(["*", {"AWS": "*"}])
        listed = rng.choice([name, name, [THIRD, name]])
        return {"AWS": listed} | rng.choice([{}, {}, {"Service": "ec2.amazonaws.com"}])

    # ---- the caller's account ------------------------------------------------------------------

    def managed_policy(self, name: str, statements: list[dict]) -> str:
        arn = f"arn:{self.partition}:iam::{HOME}:policy/{name}"
        documents = [_document(statements)]
        if self.chance(0.2):
            documents.insert(0, _document([{"Effect": "Deny", "Action": "*", "Resource": "*"}]))
        self.policies.append(_managed(arn, documents))
        return arn

    def make_home(self) -> dict:
        """The caller's account: the caller, its groups and policies, and some others."""
        if self.service:
            return {}
        user = self.kind == "user"
        record: dict[str, Any] = {"Path": self.caller_path}
        record |= {"UserName": self.caller_name} if user else {"RoleName": self.caller_name}
        record |= (
            {"UserId": "AIDAEXAMPLEUSER000001"} if user else {"RoleId": "AROAEXAMPLEROLE000001"}
        )
        record["Tags"] = [
            {"Key": key, "Value": value} for key, value in self.principal_tags.items()
        ]
        home: dict[str, Any] = {}
        faults = {fault for fault in self.faults if fault.startswith("identity")}
        missing = "identity-missing" in self.faults or (self.same and self.chance(0.3))
        statements = self.permission("identity", faults)
        where = self.rng.choice(["inline", "inline", "attached", "group", "group-attached"])
        holder = record
        if user and where.startswith("group"):
            holder = {"GroupName": "ops", "Path": "/", "GroupId": "AGPAEXAMPLEGROUP00001"}
            home["GroupDetailList"] = [holder]
            record["GroupList"] = ["ops"]
        if not missing and where in ("attached", "group-attached"):
            arn = self.managed_policy("assume", statements)
            attached = [{"PolicyName": "assume", "PolicyArn": arn}]
            holder["AttachedManagedPolicies"] = attached
        elif not missing:
            group = holder is not record
            kind = "GroupPolicyList" if group else "UserPolicyList" if user else "RolePolicyList"
            policy = {"PolicyName": "assume", "PolicyDocument": self.finish(statements)}
            holder[kind] = [policy]
        self.add_boundary(record)
        self.add_session_policy()
        if user:
            home["UserDetailList"] = [
                record,
                {"UserName": "bob", "Path": "/", "UserId": "AIDAEXAMPLEUSER000002"},
            ]
            return home
        self.own_record = record
        if not self.self_assume:
            service = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}
            trust = _document([service | {"Action": "sts:AssumeRole"}])
            home["RoleDetailList"] = [record | {"AssumeRolePolicyDocument": trust}]
        return home

    def cap(self, what: str) -> list[dict]:
        """Statements of a boundary or a session policy."""
        faults = {f"{what}-deny"} & self.faults
        if what in self.faults or f"{what}-policy" in self.faults:
            wrong = ["missing", "action", "resource", "condition"]
            faults.add(f"{what}-{self.rng.choice(wrong)}")
        return self.permission(what, faults)

    def add_boundary(self, record: dict) -> None:
        if self.faults & {"boundary", "boundary-deny"} or self.chance(0.15):
            arn = self.managed_policy("boundary", self.cap("boundary"))
            boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
            record["PermissionsBoundary"] = boundary

    def add_session_policy(self) -> None:
        wanted = self.faults & {"session-policy", "session-deny"}
        if not self.is_session or not (wanted or self.chance(0.2)):
            return
        if self.chance(0.6):
            self.session["policy"] = self.finish(self.cap("session"))
        else:
            self.session["policy_arns"] = [self.managed_policy("session", self.cap("session"))]

    def make_endpoint(self) -> dict:
        """The VPC endpoint, whose policy may be absent, open or narrow."""
        endpoint: dict[str, Any] = {
            "VpcEndpointId": self.network["vpc_endpoint"],
            "VpcId": self.network["vpc"],
            "ServiceName": f"com.amazonaws.{self.network['region']}.sts",
        }
        faults = {"endpoint-deny"} & self.faults
        names = ["*", {"AWS": "*"}, {"AWS": HOME}, {"AWS": self.principal_arn}, {"AWS": self.arn}]
        principal = self.rng.choice(names)
        if "endpoint" in self.faults:
            wrong = self.rng.choice(["missing", "action", "resource", "condition", "principal"])
            faults.add(f"endpoint-{wrong}")
            principal = {"AWS": THIRD} if wrong == "principal" else principal
        elif not faults and "endpoint-not-principal" not in self.faults and self.chance(0.3):
            return endpoint
        statements = self.permission("endpoint", faults, principal)
        if "endpoint-not-principal" in self.faults or self.chance(0.2):
            root = f"arn:{self.partition}:iam::{HOME}:root"
            exempt = [self.principal_arn, *({self.arn} - {self.principal_arn}), root]
            if "endpoint-not-principal" in self.faults:
                forgetful = [name for name in exempt if name != self.arn]
                others = [[_near_arn(self.rng, self.principal_arn)], [THIRD]]
                exempt = self.rng.choice([*others, forgetful] if self.is_session else others)
            deny = {"Effect": "Deny", "NotPrincipal": {"AWS": exempt}, "Action": "sts:*"}
            statements.append(deny | {"Resource": "*"})
        endpoint["PolicyDocument"] = self.finish(statements)
        return endpoint

    # ---- organizations -------------------------------------------------------------------------

    def make_organizations(self) -> list[dict]:
        """None, one, or two organizations, without their policies."""
        wants = self.faults & {"scp-level", "scp-deny", "rcp-deny", "suspended"}
        if not wants and self.chance(0.55):
            return []
        members = [[HOME, self.target]]
        if not self.same and self.chance(0.4):
            members = self.rng.choice([[[HOME], [self.target]], [[HOME]], [[self.target]]])
        return [self.make_organization(n, ids) for n, ids in enumerate(members, 1)]

    def make_organization(self, number: int, members: list[str]) -> dict:
        ident = f"ab{number}2"
        root, parent = f"r-{ident}", f"r-{ident}"
        units, parents = [], [f"r-{ident}"]
        for n in range(self.rng.randrange(4)):
            units.append({"Id": f"ou-{ident}-{n:08}", "Name": f"Unit {n}", "ParentId": parent})
            parent = units[-1]["Id"]
            parents.append(parent)
        master = self.rng.choice(members) if self.chance(0.12) else MASTER
        accounts = []
        for account in dict.fromkeys([*members, MASTER] if self.chance(0.3) else members):
            place = root if account in (master, MASTER) else self.rng.choice([parent, *parents])
            accounts.append({"Id": account, "ParentId": place, "Status": "ACTIVE"})
            if account == self.target and "suspended" in self.faults:
                accounts[-1]["Status"] = "SUSPENDED"
        return {
            "Id": f"o-{ident}",
            "MasterAccountId": master,
            "Roots": [{"Id": root}],
            "OrganizationalUnits": units,
            "Accounts": accounts,
            "Policies": [],
        }

    def add_org_policies(self, organizations: list[dict]) -> None:
        for org in organizations:
            members = {account["Id"]: account["ParentId"] for account in org["Accounts"]}
            parents = {unit["Id"]: unit["ParentId"] for unit in org["OrganizationalUnits"]}
            targets = [org["Roots"][0]["Id"], *parents, *members]
            org["Policies"] += self.service_control(targets, self.path(HOME, members, parents))
            org["Policies"] += self.resource_control(
                targets, self.path(self.target, members, parents)
            )

    def path(self, account: str, members: dict[str, str], parents: dict[str, str]) -> list[str]:
        """The account and what is above it, when it is a member."""
        found = [account] if account in members else []
        while found and found[-1] in members | parents:
            found.append((members | parents)[found[-1]])
        return found

    def service_control(self, targets: list[str], path: list[str]) -> list[dict]:
        kind = {"Type": "SERVICE_CONTROL_POLICY"}
        open_levels, policies = list(targets), []
        if path and not self.service:
            level = self.rng.choice(path)
            narrow = self.chance(0.25)
            if narrow or "scp-level" in self.faults:
                open_levels.remove(level)
            if narrow and "scp-level" not in self.faults:
                content = self.finish(self.permission("scp", set()))
                policies.append({"Id": "p-narrow01", "Content": content, "Targets": [level]})
            elif "scp-level" in self.faults and self.chance(0.6):
                wrong = {f"scp-{self.rng.choice(['missing', 'action'])}"}
                content = self.finish(self.permission("scp", wrong))
                policies.append({"Id": "p-short001", "Content": content, "Targets": [level]})
            if "scp-deny" in self.faults or self.chance(0.25):
                statements = [self.denial("scp-deny" in self.faults)]
                content, level = self.finish(statements), self.rng.choice(path)
                policies.append({"Id": "p-deny0001", "Content": content, "Targets": [level]})
        full = {"Id": "p-FullAWSAccess", "Name": "FullAWSAccess", "Targets": open_levels}
        return [policy | kind for policy in [full, *policies]]

    def resource_control(self, targets: list[str], path: list[str]) -> list[dict]:
        kind = {"Type": "RESOURCE_CONTROL_POLICY"}
        policies: list[dict[str, Any]] = []
        if self.chance(0.5):
            policies.append({"Id": "p-RCPFullAWSAccess", "Name": "RCPFullAWSAccess"})
            policies[0]["Targets"] = targets
        if path and ("rcp-deny" in self.faults or self.chance(0.25)):
            deny: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Resource": "*"}
            deny["Action"] = self.rng.choice(["sts:*", "sts:AssumeRole", ["sts:assumerole*"]])
            if "rcp-deny" not in self.faults or self.chance(0.7):
                deny["Condition"] = self.condition(
                    "rcp-deny" in self.faults, self.rng.choice([1, 2])
                )
            if self.chance(0.3):
                deny["Condition"] = {
                    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ["o-ab12", "o-ab22"]},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                }
            content = self.finish([deny])
            policies.append({"Id": "p-rcp00001", "Content": content})
            policies[-1]["Targets"] = [self.rng.choice(path)]
        return [policy | kind for policy in policies]
