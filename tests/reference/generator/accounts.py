"""The caller's account: its record, groups, policies, boundary and session policy."""

from typing import Any

from tests.reference.generator.drawing import document, managed
from tests.reference.generator.maker import Maker


class Accounts(Maker):
    """Calls whose caller is a user or a role of an account."""

    caller_name: str
    caller_path: str
    principal_tags: dict[str, str]
    is_session: bool
    self_assume: bool
    session: dict[str, Any]
    chained = False  # whether a hop of a chain made the session

    def managed_policy(self, name: str, statements: list[dict]) -> str:
        name = f"hop{self.goal.depth}-{name}" if self.goal else name
        arn = f"arn:{self.partition}:iam::{self.home}:policy/{name}"
        documents = [document(statements)]
        if self.chance(0.2):
            documents.insert(0, document([{"Effect": "Deny", "Action": "*", "Resource": "*"}]))
        self.policies.append(managed(arn, documents))
        return arn

    def record_id(self) -> str:
        """The unique id of the user or role, by its place in the chain."""
        depth = self.goal.depth if self.goal else 0
        return f"{'AROAEXAMPLEROLE' if self.is_session else 'AIDAEXAMPLEUSER'}{depth}00001"

    def own_accounts(self) -> dict[str, dict]:
        """The caller's account: the caller, its groups and policies, and some others."""
        user = self.kind == "user"
        record: dict[str, Any] = {"Path": self.caller_path}
        record |= {"UserName": self.caller_name} if user else {"RoleName": self.caller_name}
        record["UserId" if user else "RoleId"] = self.record_id()
        tags = self.principal_tags.items()
        record["Tags"] = [{"Key": key, "Value": value} for key, value in tags]
        home: dict[str, Any] = {}
        self.add_identity_policy(home, record)
        self.add_boundary(record)
        self.add_session_policy()
        if user:
            other = {"UserName": "bob", "Path": "/", "UserId": "AIDAEXAMPLEUSER000002"}
            home["UserDetailList"] = [record, other]
        else:
            service = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}
            trust = document([service | {"Action": "sts:AssumeRole"}])
            home["RoleDetailList"] = [record | {"AssumeRolePolicyDocument": trust}]
        return {self.home: home}

    def add_role(self, accounts: dict[str, dict]) -> None:
        """A role that assumes itself is one record."""
        super().add_role(accounts)
        if self.self_assume:
            own, target = accounts[self.home]["RoleDetailList"]
            own |= {key: target[key] for key in target.keys() - {"RoleId"}}
            accounts[self.home]["RoleDetailList"] = [own]

    def add_identity_policy(self, home: dict[str, Any], record: dict[str, Any]) -> None:
        user = self.kind == "user"
        faults = {fault for fault in self.faults if fault.startswith("identity")}
        missing = "identity-missing" in self.faults or (self.same and self.chance(0.3))
        statements = self.permission("identity", faults)
        where = self.rng.choice(["inline", "inline", "attached", "group", "group-attached"])
        holder = record
        if user and where.startswith("group"):
            name = f"hop{self.goal.depth}-ops" if self.goal else "ops"
            holder = {"GroupName": name, "Path": "/", "GroupId": "AGPAEXAMPLEGROUP00001"}
            home["GroupDetailList"] = [holder]
            record["GroupList"] = [name]
        if not missing and where in ("attached", "group-attached"):
            arn = self.managed_policy("assume", statements)
            holder["AttachedManagedPolicies"] = [{"PolicyName": "assume", "PolicyArn": arn}]
        elif not missing:
            group = holder is not record
            kind = "GroupPolicyList" if group else "UserPolicyList" if user else "RolePolicyList"
            holder[kind] = [{"PolicyName": "assume", "PolicyDocument": self.finish(statements)}]

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
