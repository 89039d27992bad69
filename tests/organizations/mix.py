"""What the generated organizations are made of: every size, weight and word in one place."""

import random
from collections.abc import Mapping
from typing import NamedTuple


class Size(NamedTuple):
    """How much an organization holds, one of each at least."""

    accounts: int
    roles: int
    """In every account."""
    users: int
    """In every account."""


SIZES: Mapping[str, Size] = {
    "tiny": Size(3, 6, 3),
    "small": Size(50, 100, 10),
    "medium": Size(200, 250, 30),
    "large": Size(1_000, 500, 10),
    "huge": Size(4_000, 500, 10),
}

# Of 600 roles, how many trust whom. Hubs and stages of pipelines come from their place instead.
TRUSTS: Mapping[str, int] = {
    "service": 264,
    "service-linked": 36,
    "own-root": 40,
    "central-root": 32,
    "central-role": 46,
    "role": 16,
    "user": 12,
    "organization": 3,
    "org-paths": 2,
    "arn-like": 12,
    "external-id": 16,
    "mfa": 9,
    "github": 18,
    "saml": 9,
    "identity-center": 23,
    "deleted": 30,
    "deny": 18,
    "tags": 14,
}
STAGE_EVERY, STAGE_AT = 20, 5
"""Every 20th role, from the 6th on, is a stage of a pipeline that runs across accounts."""
HOPS = 4
"""How many roles lead to the last stage of a pipeline."""

# What a hundred roles or users may do about roles.
GRANTS: Mapping[str, int] = {
    "nothing": 20,
    "exact": 22,
    "wildcard": 11,
    "account": 6,
    "star": 5,
    "office": 6,
    "administrator": 6,
    "power-user": 5,
    "read-only": 7,
    "not-resource": 4,
    "tags": 6,
    "denied": 2,
}
MANAGED = {"wildcard", "star", "office", "not-resource", "tags"}
"""What is granted by a policy of the account that many share."""
MANAGED_SHARE, INLINE_SHARE = 0.5, 0.6
"""How often that is so, and how often there is a policy for daily work beside the grant."""
BOUNDARIES = 0.1
TAGGED = 0.7

HUBS: Mapping[str, str] = {
    "deploy-pipeline": "wildcard",
    "terraform-runner": "star",
    "audit-scanner": "not-resource",
    "team-operator": "tags",
    "incident-response": "administrator",
}
"""The roles of the tooling account that other accounts trust, and what each is granted."""

OUTSIDERS = ("464622532012", "634729597623", "292230061137")
"""Vendors outside the organization, as their customers know them."""
OFFICE = ("198.51.100.0/24", "203.0.113.0/24")
"""The addresses that people work from."""
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
TEAMS = ("web", "data", "payments", "platform", "search", "mobile", "risk", "identity")
APPS = (
    "billing", "checkout", "catalog", "orders", "ledger", "invoices", "search", "ranking",
    "profiles", "sessions", "events", "metrics", "mailer", "reports", "imports", "exports",
)  # fmt: skip
STAGES = ("prod", "staging", "dev", "sandbox")
PURPOSES = ("deploy", "operate", "audit", "backup", "read", "admin", "ci", "data")
GROUPS: Mapping[str, str] = {
    "developers": "wildcard",
    "operators": "office",
    "administrators": "administrator",
    "auditors": "read-only",
    "analysts": "nothing",
}
SERVICES = {
    "lambda": "fn", "ecs-tasks": "task", "ec2": "node", "states": "flow", "codebuild": "build",
    "glue": "job", "events": "rule", "firehose": "stream", "apigateway": "api", "rds": "monitor",
}  # fmt: skip
SERVICE_POLICIES = (
    "service-role/AWSLambdaBasicExecutionRole",
    "service-role/AmazonECSTaskExecutionRolePolicy",
    "AmazonSSMManagedInstanceCore",
    "CloudWatchAgentServerPolicy",
    "AmazonEC2ContainerRegistryReadOnly",
    "AWSXRayDaemonWriteAccess",
)
SERVICE_LINKED = {
    "ecs": ("ECS", "AmazonECSServiceRolePolicy"),
    "autoscaling": ("AutoScaling", "AutoScalingServiceRolePolicy"),
    "rds": ("RDS", "AmazonRDSServiceRolePolicy"),
    "elasticloadbalancing": ("ElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy"),
    "guardduty": ("AmazonGuardDuty", "AmazonGuardDutyServiceRolePolicy"),
    "cloudtrail": ("CloudTrail", "CloudTrailServiceRolePolicy"),
}
PERMISSION_SETS = {
    "AdministratorAccess": "administrator",
    "PowerUserAccess": "power-user",
    "ReadOnlyAccess": "read-only",
    "DeployAccess": "wildcard",
}
FIRST_NAMES = ("ada", "ben", "chen", "dora", "emil", "fatima", "goran", "hana", "ivan", "june")
LAST_NAMES = ("abe", "brandt", "costa", "diaz", "evans", "fischer", "gupta", "haas", "ito", "jung")


def drawn(rng: random.Random, weights: Mapping[str, int]) -> str:
    """One key, by its weight."""
    return rng.choices(list(weights), list(weights.values()))[0]
