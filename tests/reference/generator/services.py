"""Calls made by an AWS service."""

from typing import Any

from tests.reference.generator.drawing import LINKED_PATH, THIRD
from tests.reference.generator.maker import Maker
from tests.reference.generator.spoiling import spoiled

SERVICES = (
    "ec2.amazonaws.com",
    "lambda.amazonaws.com",
    "codebuild.amazonaws.com",
    "pods.eks.amazonaws.com",
    "rolesanywhere.amazonaws.com",
)
POD_TAGS = (
    "eks-cluster-arn",
    "eks-cluster-name",
    "kubernetes-namespace",
    "kubernetes-service-account",
    "kubernetes-pod-name",
    "kubernetes-pod-uid",
)


class Service(Maker):
    """AssumeRole by a service: no identity side, no SCP, keys about the resource it acts for."""

    kind = "service"
    same_account = 0.0
    implicit = 0.5  # how often a credential service is left to send its own attributes

    def make_caller(self) -> None:
        self.service_name = self.rng.choice(SERVICES)
        if not self.goal and self.chance(0.1):
            self.role_path, self.service_name = LINKED_PATH, "autoscaling.amazonaws.com"
            self.place_role()
        if self.goal:
            self.service_name = self.rng.choice(SERVICES[:3])

    def make_network(self) -> None:
        self.endpoint_share = 0.0
        super().make_network()

    def make_parameters(self) -> None:
        self.unknown_tags: tuple[str, ...] = ()
        self.source_identity: str | None = None
        if self.goal:
            self.params |= self.goal.parameters
            self.request_tags = {t["Key"]: t["Value"] for t in self.params.get("Tags", [])}
            self.source_identity = self.params.get("SourceIdentity")
        elif self.service_name.startswith("pods."):
            self.make_pod_tags()
        elif self.service_name.startswith("rolesanywhere."):
            self.make_certificate_tags()
        if self.request_tags:
            pairs = self.request_tags.items()
            self.params["Tags"] = [{"Key": key, "Value": value} for key, value in pairs]
        self.actions = ["sts:AssumeRole"]
        if self.request_tags or self.unknown_tags:
            self.actions.append("sts:TagSession")
        if self.source_identity:
            self.actions.append("sts:SetSourceIdentity")

    def make_pod_tags(self) -> None:
        if self.chance(self.implicit):
            self.unknown_tags = POD_TAGS
        elif self.chance(0.3):
            self.params["Tags"] = []
        else:
            self.request_tags = {"kubernetes-namespace": self.team, "eks-cluster-name": "main"}
            self.params["TransitiveTagKeys"] = list(self.request_tags)

    def make_certificate_tags(self) -> None:
        if self.chance(self.implicit):
            self.unknown_tags = ("x509Subject/CN",)
        elif self.chance(0.3):
            self.params["Tags"] = []
        else:
            self.request_tags = {"x509Subject/CN": "node-1", "x509Issuer/O": "Acme"}
        if self.chance(self.implicit):
            self.source_identity = "CN=unknown"
        elif self.chance(0.3):
            self.params["SourceIdentity"] = None
        else:
            self.source_identity = self.params["SourceIdentity"] = "CN=node-1"

    def caller(self) -> dict:
        return {"service": self.service_name}

    def break_parameters(self) -> None:
        if "parameter" in self.faults:
            chosen = spoiled(self.rng, self.kind)
            if "Tags" in chosen:
                self.params.pop("TransitiveTagKeys", None)
            self.params |= chosen

    def caller_facts(self) -> dict[str, tuple[str, Any]]:
        place = f":{self.network['region']}:{self.target}:cluster/main"
        if not self.goal and self.chance(0.6):
            arn = f"arn:{self.partition}:eks{place}"
            self.context |= {"aws:SourceAccount": self.target, "aws:SourceArn": arn}
        if not self.goal and self.chance(0.15):
            self.context["aws:SourceOrgID"] = "o-ab12"
        facts: dict[str, tuple[str, Any]] = {
            "aws:SourceAccount": ("string", self.context.get("aws:SourceAccount")),
            "aws:SourceArn": ("arn", self.context.get("aws:SourceArn")),
            "aws:SourceOrgID": ("string", self.context.get("aws:SourceOrgID")),
            "aws:PrincipalIsAWSService": ("bool", True),
            "aws:PrincipalServiceName": ("string", self.service_name),
            "aws:PrincipalOrgID": ("string", None),
            "aws:username": ("string", None),
            "aws:PrincipalTag/team": ("string", None),
            "aws:SourceIdentity": ("string", None),
        }
        return facts | self.attribute_facts()

    def attribute_facts(self) -> dict[str, tuple[str, Any]]:
        """Where tags and source identity show, as far as they are known."""
        facts: dict[str, tuple[str, Any]] = {}
        source = "SourceIdentity" in self.params or not self.source_identity
        if source or self.chance(0.3):
            facts["sts:SourceIdentity"] = ("string", self.source_identity)
        if self.service_name.startswith("rolesanywhere."):
            for key in ("x509Subject/CN", "x509Issuer/O"):
                value = self.request_tags.get(key)
                if not self.unknown_tags or self.chance(0.3):
                    facts[f"aws:PrincipalTag/{key}"] = ("string", value)
        if self.unknown_tags == POD_TAGS:
            facts["aws:TagKeys"] = ("list", list(POD_TAGS))
            facts["sts:TransitiveTagKeys"] = ("list", list(POD_TAGS))
            facts["aws:RequestTag/kubernetes-namespace"] = ("string", self.team)
        return facts

    def common_facts(self, organizations: list[dict]) -> dict[str, tuple[str, Any]]:
        facts = super().common_facts(organizations)
        if self.service_name.startswith("rolesanywhere."):  # how its tags show there is not said
            hidden = ("aws:TagKeys", "sts:TransitiveTagKeys")
            facts = {key: fact for key, fact in facts.items() if key not in hidden}
        return facts

    def trusted(self, wrong: bool) -> Any:
        rng = self.rng
        service = "events.amazonaws.com" if wrong else self.service_name
        if wrong and self.chance(0.3):
            return {"AWS": rng.choice([THIRD, self.target])}
        listed: Any = rng.choice([service, [service, "glue.amazonaws.com"]])
        return {"Service": listed} | rng.choice([{}, {}, {"AWS": THIRD}])
