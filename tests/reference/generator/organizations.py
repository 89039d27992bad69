"""Organizations with their service and resource control policies."""

from typing import Any

from tests.reference.generator.drawing import FIRST, MASTER
from tests.reference.generator.permissions import Permissions


class Organizations(Permissions):
    """None, one or two organizations around the accounts of a call."""

    def make_organizations(self) -> list[dict]:
        """None, one, or two organizations, without their policies."""
        wants = self.faults & {"scp-level", "scp-deny", "rcp-deny", "suspended"}
        if not wants and self.chance(0.55):
            return []
        members = [[self.home, self.target]]
        if not self.same and self.chance(0.4):
            members = self.rng.choice(
                [[[self.home], [self.target]], [[self.home]], [[self.target]]]
            )
        if self.chance(0.5):
            members[0].append(FIRST)
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
            org["Policies"] += self.service_control(targets, self.path(self.home, members, parents))
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
        if path and self.signs:
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
            deny["Action"] = self.rng.choice(["sts:*", self.main_action, ["sts:assumerole*"]])
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
