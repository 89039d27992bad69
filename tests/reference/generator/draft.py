"""What every call in the making shares: names, faults, and conditions that hold or fail."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.reference.generator.drawing import AWAY, FIRST, HOME, PARTITIONS
from tests.reference.generator.options import Options, options
from tests.reference.generator.wild import wild

FAVOURED = {  # condition keys that are asked for more often than others
    "aws:MultiFactorAuthPresent": 6,
    "aws:PrincipalArn": 4,
    "aws:SourceIp": 4,
    "aws:CurrentTime": 4,
    "aws:EpochTime": 2,
    "aws:TokenIssueTime": 3,
    "aws:MultiFactorAuthAge": 3,
    "aws:TagKeys": 3,
    "sts:TransitiveTagKeys": 2,
    "aws:PrincipalOrgPaths": 3,
    "sts:ExternalId": 3,
    "sts:SourceIdentity": 2,
    "aws:PrincipalTag/level": 2,
}
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
SWITCH = datetime(2026, 2, 2, tzinfo=UTC)
WILD = 0.12  # share of conditions drawn at random, whether they hold or not
ENDPOINT_FAULTS = ("endpoint", "endpoint-deny")


@dataclass(kw_only=True)
class Goal:
    """A hop that a call has to make: a role that the next hop needs, and its session."""

    record: dict
    account: str
    partition: str
    time: datetime
    network: dict[str, Any]
    organizations: list[dict]
    parameters: dict[str, Any]  # what the session has to come with
    inherited: dict[str, Any] = field(default_factory=dict)  # what the caller's session brings
    depth: int = 1  # how many hops follow


class Draft:
    """One call in the making. `facts` steer which conditions hold; they decide nothing."""

    kind = ""
    main_action = "sts:AssumeRole"
    same_account = 0.4

    def __init__(self, rng: Random, seed: int, goal: Goal | None = None) -> None:
        self.rng = rng
        self.seed = seed
        self.goal = goal
        self.choose_kind()
        self.home = HOME
        if goal:
            self.partition, self.target, self.time = goal.partition, goal.account, goal.time
            self.home = self.home_of_first(goal)
        else:
            self.partition = rng.choices(list(PARTITIONS), [85, 10, 5])[0]
            self.target = HOME if rng.random() < self.same_account else AWAY
            self.time = self.some_time()
        self.same = self.signs and self.target == self.home
        self.faults = self.pick_faults()
        self.facts: dict[str, tuple[str, Any]] = {}
        self.context: dict[str, Any] = {}
        self.policies: list[dict] = []  # customer managed ones of the caller's account
        self.regions: dict[str, list[dict]] = {}
        self.actions = [self.main_action]

    @property
    def signs(self) -> bool:
        """Whether the caller is an IAM principal of some account."""
        return self.kind in ("user", "session", "linked")

    def choose_kind(self) -> None:
        """Set `kind`; a class of one kind has it already."""

    def home_of_first(self, goal: Goal) -> str:
        return goal.account if self.chance(self.same_account) else FIRST

    def some_time(self) -> datetime:
        """Not around the day when more claims became keys, which is uncertain (R5.14a)."""
        rng = self.rng
        found = datetime(2026, 1 + rng.randrange(12), 1 + rng.randrange(28), 12, tzinfo=UTC)
        return found if abs((found - SWITCH).days) > 15 else found.replace(month=6)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def fault_pool(self) -> list[str]:
        return list(ANYONE_FAULTS)

    def pick_faults(self) -> set[str]:
        weights = [50, 32, 14, 4] if self.goal is None else [80, 17, 3, 0]
        count = self.rng.choices([0, 1, 2, 3], weights)[0]
        return set(self.rng.sample(self.fault_pool(), count))

    def stamp(self, moment: datetime) -> str:
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def some_tags(self, tags: dict[str, str]) -> dict[str, str]:
        return {key: value for key, value in tags.items() if self.chance(0.6)}

    # ---- conditions ----------------------------------------------------------------------------

    def condition(self, hold: bool, blocks: int = 1) -> dict:
        """A Condition element; at least one of its blocks fails unless it is to hold."""
        made: dict[str, dict[str, Any]] = {}
        counts = [FAVOURED.get(key, 3 if "om:" in key else 1) for key in self.facts]
        keys = dict.fromkeys(self.rng.sample(list(self.facts), blocks, counts=counts))
        failing = self.rng.randrange(len(keys))
        for n, key in enumerate(keys):
            operator, value = self.rng.choice(self.options(key, hold or n != failing))
            if self.chance(WILD):
                operator, value = self.wild(key) or (operator, value)
            tag = key.rpartition("/")[0] and self.chance(0.3)
            name = key.upper() if tag else self.rng.choice([key, key, key, key.lower()])
            made.setdefault(operator, {})[name] = value
        return made

    def wild(self, key: str) -> tuple[str, Any] | None:
        """A condition on this key that may hold or not; None where readings would differ."""
        kind, value = self.facts[key]
        return wild(self.rng, kind, value) if kind not in ("idp-role", "binary") else None

    def options(self, key: str, hold: bool) -> Options:
        kind, value = self.facts[key]
        found = options(self.rng, kind, value, self.variables(key, value), hold)
        if kind == "bool" and value is hold and self.flagged():
            found += [("Bool", "${aws:PrincipalTag/flag}")] * 3  # C-8
        return found

    def flagged(self) -> bool:
        """Whether the caller has the tag `flag`."""
        return False

    def variables(self, key: str, value: str | None) -> list[str]:
        """Policy variables with the same value as this key."""
        return [
            f"${{{other}}}"
            for other, (kind, found) in self.facts.items()
            if other != key and kind == "string" and value is not None and found == value
        ]
