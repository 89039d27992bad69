"""Permission documents: what one layer says about the call, rightly or wrongly."""

import json
from typing import Any
from urllib.parse import quote

from tests.reference.generator.draft import Draft
from tests.reference.generator.drawing import document, near_arn


class Permissions(Draft):
    """Statements of identity policies, boundaries, session policies, endpoints and SCPs."""

    role_arn: str
    role_name: str
    role_path: str
    known_variables: dict[str, str | None]  # policy variables and their values, for resources

    def finish(self, statements: list[dict], trust: bool = False) -> Any:
        """A document in one of its accepted notations."""
        self.rng.shuffle(statements)
        old = None if self.chance(0.5) else "2008-10-17"
        made = document(statements, old if self.chance(0.05) else "2012-10-17")
        if len(statements) == 1 and self.chance(0.1):
            made["Statement"] = statements[0]
        if self.chance(0.04):
            return quote(json.dumps(made)) if trust or self.chance(0.5) else json.dumps(made)
        return made

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
        noise = self.noise()
        statements += rng.sample(noise, rng.choice([0, 0, 1, 2]))
        if self.chance(0.12):
            statements.append(self.denial(False))
        if f"{what}-deny" in faults:
            statements.append(self.denial(True))
        if principal is not None:
            statements = [{"Principal": principal} | statement for statement in statements]
        return statements or [noise[0]]

    def noise(self) -> list[dict[str, Any]]:
        """Statements that have no say in the call."""
        near_miss = near_arn(self.rng, self.role_arn)
        return [
            {"Effect": "Allow", "Action": ["s3:*", "ec2:Describe*"], "Resource": "*"},
            {"Effect": "Allow", "Action": self.main_action, "Resource": near_miss},
            {"Effect": "Deny", "Action": self.other_action(), "Resource": "*"},
            {"Effect": "Deny", "Action": "sts:*", "Resource": near_arn(self.rng, self.role_arn)},
            {"Effect": "Deny", "NotAction": ["sts:*", "iam:*"], "Resource": "*"},
            {"Effect": "Deny", "Action": "*", "NotResource": [self.role_arn, "arn:aws:s3:::*"]},
        ]

    def other_action(self) -> str:
        """An action that this call does not need."""
        choices = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]
        return self.rng.choice([action for action in choices if action != self.main_action])

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
                made["NotResource"] = near_arn(rng, self.role_arn)
            return made
        if not bites or self.chance(0.8):
            made["Condition"] = self.condition(bites, rng.choice([1, 2]))
        return made

    def allowed_actions(self, wrong: bool) -> dict:
        rng, actions = self.rng, self.actions
        if wrong and len(actions) > 1 and self.chance(0.5):
            return {"Action": rng.sample(actions, len(actions) - 1)}
        if wrong:
            other = self.other_action()
            bad = [other, ["sts:Get*", "iam:*"], f"{self.main_action}?", "sts:assume"]
            return rng.choice([{"Action": rng.choice(bad)}, {"NotAction": "sts:*"}])
        return rng.choice(
            [
                {"Action": actions if len(actions) > 1 else actions[0]},
                {"Action": [action.lower() for action in actions]},
                {"Action": "sts:*"},
                {"Action": rng.choice(["*", ["s3:GetObject", "STS:*"]])},
                {"Action": ["sts:Assume*", "sts:Tag*", "sts:SetSource????????", "sts:SetC*"]},
                {"NotAction": ["s3:*", "sts:GetFederationToken"]},
            ]
        )

    def allowed_resources(self, wrong: bool) -> dict:
        rng = self.rng
        place, _, name = self.role_arn.partition(":role")
        if wrong:
            bad = [
                near_arn(rng, self.role_arn),
                [near_arn(rng, self.role_arn), f"{place}:role/nothing*"],
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
            [near_arn(rng, self.role_arn), self.role_arn],
        ]
        for variable, value in self.known_variables.items():
            if value and value in self.role_name:
                good += [
                    f"{place}:role{self.role_path}{self.role_name.replace(value, variable)}"
                ] * 5
        others = [
            {"NotResource": near_arn(rng, self.role_arn)},
            {"NotResource": f"{place}:user/*"},
        ]
        return rng.choice([*({"Resource": pattern} for pattern in good), *others])
