"""What unsigned calls share: no caller keys, no identity side, tags that the provider asserts."""

from typing import Any

from tests.reference.generator.draft import ENDPOINT_FAULTS
from tests.reference.generator.maker import Maker, small_document

SHARED_FAULTS = (*ENDPOINT_FAULTS, "duration", "region", "token-expired", "provider-missing")


class Federated(Maker):
    """AssumeRoleWithWebIdentity and AssumeRoleWithSAML."""

    same_account = 0.0
    provider: str
    source_identity: str | None
    transitive: list[str]

    def make_attributes(self) -> None:
        """Tags, transitive keys and source identity that the provider sets."""
        rng = self.rng
        self.source_identity, self.transitive = None, []
        if self.goal:
            given = self.goal.parameters
            self.request_tags = {t["Key"]: t["Value"] for t in given.get("Tags", [])}
            self.transitive = given.get("TransitiveTagKeys", [])
            self.source_identity = given.get("SourceIdentity")
            limits = {k: v for k, v in given.items() if k in ("Policy", "PolicyArns")}
            self.params |= limits
        else:
            if self.chance(0.35):
                self.request_tags = {"project": "apollo"} | self.some_tags({"stage": "prod"})
                if self.chance(0.5):
                    self.transitive = rng.sample(list(self.request_tags), 1)
            if self.chance(0.25):
                self.source_identity = rng.choice(["alice", "a.b@example.com"])
            if self.chance(0.05):
                self.params["Policy"] = small_document()
        if "parameter" in self.faults:
            self.break_attributes()
        self.actions = [self.main_action]
        if self.request_tags or self.transitive:
            self.actions.append("sts:TagSession")
        if self.source_identity:
            self.actions.append("sts:SetSourceIdentity")

    def break_attributes(self) -> None:
        """Attributes at and beyond their limits."""
        what = self.rng.randrange(5)
        if what == 0:
            self.request_tags |= {"Project": "y", "project": "x"}
        elif what == 1:
            self.request_tags |= {"project": "x"}
            self.transitive = ["other"]
        elif what == 2:
            self.request_tags["k" * self.rng.choice([128, 129])] = "v"
        elif what == 3:
            self.params["Policy"] = small_document().ljust(self.rng.choice([2048, 2049]))
        else:
            self.source_identity = self.rng.choice(["s", "two words", "s" * 64, "s" * 257])

    def make_duration(self) -> None:
        most = self.maximum or 3600
        if "duration" in self.faults:
            self.params["DurationSeconds"] = self.rng.choice([most + 1, 899, 43201])
        elif not self.goal and self.chance(0.3):
            self.params["DurationSeconds"] = self.rng.choice([900, most])

    def caller_facts(self) -> dict[str, tuple[str, Any]]:
        """R1.21, R1.31: nothing describes the caller but the token."""
        facts: dict[str, tuple[str, Any]] = {
            "aws:PrincipalArn": ("arn", None),
            "aws:PrincipalOrgID": ("string", None),
            "aws:PrincipalIsAWSService": ("bool", None),
            "aws:PrincipalTag/team": ("string", None),
            "aws:PrincipalTag/project": ("string", None),
            "aws:MultiFactorAuthPresent": ("bool", None),
            "aws:TokenIssueTime": ("date", None),
            "aws:SourceIdentity": ("string", None),
            "aws:username": ("string", None),
            "sts:SourceIdentity": ("string", self.source_identity),
            "aws:TagKeys": ("list", list(self.request_tags)),
            "sts:TransitiveTagKeys": ("list", self.transitive),
        }
        return facts | self.network_facts()

    def trust_names(self) -> list[Any]:
        return ["*", {"Federated": self.provider}, {"AWS": "*"}]

    def endpoint_names(self) -> list[Any]:
        return ["*"]

    def endpoint_stranger(self) -> Any:
        return {"AWS": "*"}  # matches signed callers alone (R1.32)
