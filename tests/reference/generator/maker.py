"""One scenario in the making, whoever calls: role, trust policy, endpoint, Regions."""

import json
from abc import ABC, abstractmethod
from typing import Any

from tests.reference.generator.draft import ENDPOINT_FAULTS
from tests.reference.generator.drawing import HOME, PARTITIONS, THIRD, document, near_arn
from tests.reference.generator.organizations import Organizations

OPT_IN = ("me-south-1", "eu-south-2")


class Maker(Organizations, ABC):
    """What all families share; a family says who calls and what the call carries."""

    api = "AssumeRole"
    endpoint_share = 0.15
    params: dict[str, Any]
    network: dict[str, Any]
    endpoint: bool
    maximum: int | None
    role_tags: dict[str, str]
    request_tags: dict[str, str]

    # ---- what a family fills in ----------------------------------------------------------------

    def make_caller(self) -> None:
        """Names, tags and credentials of the caller."""

    def make_parameters(self) -> None:
        """`params` but for the role, `request_tags` and `actions`."""

    @abstractmethod
    def caller(self) -> dict:
        """The `call.caller` of the scenario."""

    @abstractmethod
    def caller_facts(self) -> dict[str, tuple[str, Any]]:
        """Condition keys that describe the caller, with their values."""

    @abstractmethod
    def trusted(self, wrong: bool) -> Any:
        """The Principal element that names the caller, or nearly."""

    def trust_names(self) -> list[Any]:
        """Principals that a Deny of the trust policy may name."""
        return ["*"]

    def endpoint_names(self) -> list[Any]:
        """Principals under which an endpoint policy lets the caller through."""
        return ["*"]

    def own_accounts(self) -> dict[str, dict]:
        """Accounts that hold the caller, its policies and its provider."""
        return {}

    def break_parameters(self) -> None:
        """Faults of the parameters."""

    # ---- the whole -----------------------------------------------------------------------------

    def scenario(self) -> dict:
        self.make_role_names()
        self.make_caller()
        self.make_network()
        self.params = {"RoleArn": self.role_arn}
        self.request_tags = {}
        self.make_parameters()
        organizations = self.goal.organizations if self.goal else self.make_organizations()
        self.facts = self.common_facts(organizations) | self.caller_facts()
        accounts = self.own_accounts()
        self.add_role(accounts)
        if self.endpoint and not self.goal:
            owner = self.rng.choice([HOME, self.target, THIRD])
            accounts.setdefault(owner, {})["VpcEndpoints"] = [self.make_endpoint()]
        if self.policies:
            accounts[self.home]["Policies"] = self.policies
        if not self.goal:
            self.add_org_policies(organizations)
        self.add_regions(accounts)
        made = {
            "scenario": 1,
            "title": f"seed {self.seed}: {', '.join(sorted(self.faults)) or 'no fault'}",
            "time": self.stamp(self.time),
            "accounts": accounts,
            "call": self.call(),
        }
        if organizations:
            made["organization"] = organizations if len(organizations) > 1 else organizations[0]
        return self.settled(made)

    def settled(self, made: dict) -> dict:
        """The scenario once all policies are known."""
        return made

    def call(self) -> dict:
        caller = self.caller()
        self.break_role_arn()
        self.break_parameters()
        call = {"api": self.api, "caller": caller, "parameters": self.params}
        call["network"] = self.network
        if self.context:
            call["context"] = self.context
        if "mfa-wrong" in self.faults:
            call["mfa_code"] = "wrong"
        return call

    def break_role_arn(self) -> None:
        rng = self.rng
        if "role-arn" in self.faults:
            wrong = [near_arn(rng, self.role_arn) for _ in range(4)]
            wrong += [self.role_arn.replace(":role/", ":user/"), "not an ARN, only some text"]
            self.params["RoleArn"] = rng.choice(wrong)

    def make_role_names(self) -> None:
        rng = self.rng
        self.team = rng.choice(["web", "data", "Ops"])
        self.role_name = rng.choice(["DeployRole", "ReadOnly", f"{self.team}-admin"])
        self.role_path = rng.choice(["/", "/", "/app/", "/Teams/web/"])
        self.role_tags = self.some_tags({"team": self.team, "env": "prod", "tier": "1"})
        self.maximum = rng.choice([None, 3600, 7200, 43200])
        self.known_variables: dict[str, str | None] = {"${aws:PrincipalTag/none, 'admin'}": "admin"}
        if self.goal:
            record = self.goal.record
            self.role_name, self.role_path = record["RoleName"], record["Path"]
            self.role_tags = {tag["Key"]: tag["Value"] for tag in record.get("Tags", [])}
            self.maximum = None
        self.place_role()

    def place_role(self) -> None:
        place = f"arn:{self.partition}:iam::{self.target}"
        self.role_arn = f"{place}:role{self.role_path}{self.role_name}"

    # ---- network and Regions -------------------------------------------------------------------

    def make_network(self) -> None:
        rng = self.rng
        self.endpoint = False
        if self.goal:
            self.network = self.goal.network
            return
        region = PARTITIONS[self.partition]
        if self.partition == "aws":
            region = rng.choice(["us-east-1", "eu-central-1", "us-west-2", rng.choice(OPT_IN)])
        self.network = {
            "region": region,
            "secure_transport": not self.chance(0.04),
            "user_agent": rng.choice(["aws-cli/2.27.1", "Boto3/1.44.5", "Terraform/1.9"]),
        }
        wants = self.faults & {*ENDPOINT_FAULTS, "endpoint-not-principal"}
        self.endpoint = bool(wants) or self.chance(self.endpoint_share)
        if self.endpoint:
            self.network |= {"vpc_endpoint": "vpce-0a1b2c3d", "vpc": "vpc-0a1b2c3d"}
        else:
            self.network["source_ip"] = rng.choice(["203.0.113.7", "198.51.100.20", "2001:db8::7"])
            if region == "us-east-1" and self.chance(0.2):
                self.network["endpoint"] = "global"

    def add_regions(self, accounts: dict[str, dict]) -> None:
        """Region settings: wrong ones under the fault `region`, else ones without a say."""
        if self.goal:
            return
        rng, region = self.rng, self.network["region"]
        if "region" in self.faults:
            # a Region that needs no opting in concerns the role's account alone (R10.5)
            both = self.signs and region in OPT_IN
            concerned = rng.choice([self.home, self.target]) if both else self.target
            entry = {"RegionName": region, "OptInStatus": "not-opted-in"}
        elif self.chance(0.1):
            concerned = rng.choice([self.home, self.target])
            status = "opted-in" if region in OPT_IN else "opt-in-not-required"
            entry = rng.choice(
                [
                    {"RegionName": "ap-east-1", "OptInStatus": "not-opted-in"},
                    {"RegionName": region, "OptInStatus": status},
                ]
            )
        else:
            return
        if concerned in accounts:
            accounts[concerned]["Regions"] = [entry]

    # ---- the context of the call ---------------------------------------------------------------

    def common_facts(self, organizations: list[dict]) -> dict[str, tuple[str, Any]]:
        facts: dict[str, tuple[str, Any]] = {
            "sts:ExternalId": ("string", self.params.get("ExternalId")),
            "aws:ResourceAccount": ("string", self.target),
            "aws:TagKeys": ("list", list(self.request_tags)),
            "sts:TransitiveTagKeys": ("list", self.params.get("TransitiveTagKeys")),
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
        orgs = {a["Id"]: org["Id"] for org in organizations for a in org["Accounts"]}
        orgs |= {org["MasterAccountId"]: org["Id"] for org in organizations}
        sides = {"Resource": self.target} | ({"Principal": self.home} if self.signs else {})
        for side in ("Resource", "Principal"):
            org = orgs.get(sides.get(side, ""))
            facts[f"aws:{side}OrgID"] = ("string", org)
            path = [f"{org}/r-{org[2:]}/*"] if org else None  # good enough as a prefix
            facts[f"aws:{side}OrgPaths"] = ("path", path)
        return facts

    def network_facts(self) -> dict[str, tuple[str, Any]]:
        """Of calls that no service makes (R5.11)."""
        region = "us-east-1" if self.network.get("endpoint") else self.network["region"]
        user_agent: str | None = self.network["user_agent"]
        if not self.goal and self.chance(0.03):
            self.context["aws:UserAgent"] = user_agent = None
        return {
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

    # ---- the role and its trust policy ---------------------------------------------------------

    def add_role(self, accounts: dict[str, dict]) -> None:
        """The target role; a role that is there already only gets its trust policy."""
        roles = accounts.setdefault(self.target, {}).setdefault("RoleDetailList", [])
        if self.goal:
            roles.append(self.goal.record | {"AssumeRolePolicyDocument": self.trust_policy()})
            return
        role = {
            "RoleName": self.role_name,
            "Path": self.role_path,
            "RoleId": "AROAEXAMPLEROLE000002",
            "AssumeRolePolicyDocument": self.trust_policy(),
            "Tags": [{"Key": key, "Value": value} for key, value in self.role_tags.items()],
        }
        if self.maximum:
            role["MaxSessionDuration"] = self.maximum
        roles.append(role)

    def trust_policy(self) -> Any:
        rng = self.rng
        actions = list(self.actions)
        if "trust-action" in self.faults:
            actions.remove(rng.choice(actions))
            actions.append(self.other_action())
        allow: dict[str, Any] = {
            "Effect": "Allow",
            "Principal": self.trusted("trust-principal" in self.faults),
        }
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
        provider = f"{place}:saml-provider/Idp".replace(THIRD, self.target)
        noise: list[dict[str, Any]] = [
            {"Effect": "Allow", "Principal": {"AWS": THIRD}, "Action": "sts:AssumeRole"},
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithSAML",
                "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
            },
            {"Effect": "Deny", "Principal": {"AWS": f"{place}:root"}, "Action": "sts:*"},
        ]
        return self.rng.sample(noise, self.rng.choice([0, 0, 0, 1, 2]))

    def trust_denial(self, bites: bool) -> dict:
        made: dict[str, Any] = {"Effect": "Deny", "Principal": self.rng.choice(self.trust_names())}
        made["Action"] = self.rng.choice(["sts:*", self.rng.choice(self.actions)])
        if not bites or self.chance(0.7):
            made["Condition"] = self.condition(bites)
        return made

    # ---- the VPC endpoint ----------------------------------------------------------------------

    def make_endpoint(self) -> dict:
        """The VPC endpoint, whose policy may be absent, open or narrow."""
        endpoint: dict[str, Any] = {
            "VpcEndpointId": self.network["vpc_endpoint"],
            "VpcId": self.network["vpc"],
            "ServiceName": f"com.amazonaws.{self.network['region']}.sts",
        }
        faults = {"endpoint-deny"} & self.faults
        principal = self.rng.choice(self.endpoint_names())
        if "endpoint" in self.faults:
            wrong = self.rng.choice(["missing", "action", "resource", "condition", "principal"])
            faults.add(f"endpoint-{wrong}")
            principal = self.endpoint_stranger() if wrong == "principal" else principal
        elif not faults and "endpoint-not-principal" not in self.faults and self.chance(0.3):
            return endpoint
        statements = self.permission("endpoint", faults, principal)
        statements += self.endpoint_exemptions()
        endpoint["PolicyDocument"] = self.finish(statements)
        return endpoint

    def endpoint_stranger(self) -> Any:
        return {"AWS": THIRD}

    def endpoint_exemptions(self) -> list[dict]:
        """Denies with NotPrincipal."""
        return []


def small_document() -> str:
    """A session policy that limits only the new session (R1.26)."""
    return json.dumps(document([{"Effect": "Deny", "Action": "*", "Resource": "*"}]))
