"""Providers of tokens that many tenants share: which subjects a stranger among them can have.

https://docs.github.com/en/actions/reference/security/oidc
https://docs.gitlab.com/ci/secrets/id_token_authentication/
https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/aws-configuration
https://buildkite.com/docs/pipelines/security/oidc/aws
https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
"""

import itertools
import re
from collections.abc import Iterator, Sequence

import msgspec

_TRIES = 64


class Tenants(msgspec.Struct, frozen=True, kw_only=True):
    """Of one kind of issuer: what its subjects look like."""

    issuer: re.Pattern[str]
    """Matches the whole issuer in lower case."""
    whose: str
    """Whose tokens they are, in words: `repositories of any GitHub owner`."""
    subject: re.Pattern[str]
    """A whole subject; its group `owner` is the tenant, which nobody else can have."""
    usual: str
    """The subject of a stranger."""
    start: str
    """How every subject begins, before the owner."""
    strangers: bool = True
    """Whether anybody may become a tenant; else all tenants belong to one owner."""
    ends: str
    """The characters of which one follows the owner."""


TENANTS = (
    Tenants(
        issuer=re.compile(r"token\.actions\.githubusercontent\.com"),
        whose="workflows of any GitHub repository",
        subject=re.compile(r"repo:(?P<owner>[A-Za-z0-9-]+)(@\d+)?/[A-Za-z0-9._-]+(@\d+)?:.+"),
        usual="repo:stranger/x:ref:refs/heads/main",
        start="repo:",
        ends="/@",
    ),
    Tenants(
        issuer=re.compile(r"gitlab\.com"),
        whose="pipelines of any project of gitlab.com",
        subject=re.compile(r"project_path:(?P<owner>[A-Za-z0-9._-]+)/[A-Za-z0-9._/-]+:.+"),
        usual="project_path:stranger/x:ref_type:branch:ref:main",
        start="project_path:",
        ends="/",
    ),
    Tenants(
        issuer=re.compile(r"app\.terraform\.io"),
        whose="runs of any organization of HCP Terraform",
        subject=re.compile(r"organization:(?P<owner>[A-Za-z0-9_-]+):.+"),
        usual="organization:stranger:project:x:workspace:x:run_phase:apply",
        start="organization:",
        ends=":",
    ),
    Tenants(
        issuer=re.compile(r"agent\.buildkite\.com"),
        whose="pipelines of any organization of Buildkite",
        subject=re.compile(r"organization:(?P<owner>[a-z0-9-]+):.+"),
        usual="organization:stranger:pipeline:x:ref:refs/heads/main:commit:0:step:x",
        start="organization:",
        ends=":",
    ),
    Tenants(
        issuer=re.compile(r"oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/id/[a-z0-9]+"),
        whose="every service account of the cluster",
        subject=re.compile(r"system:serviceaccount:(?P<owner>[a-z0-9-]+):[a-z0-9.-]+"),
        usual="system:serviceaccount:stranger:x",
        start="system:serviceaccount:",
        strangers=False,
        ends=":",
    ),
)


def tenants_of(issuer: str) -> Tenants | None:
    """The tenants of an issuer; None where their subjects are not known."""
    return next((each for each in TENANTS if each.issuer.fullmatch(issuer.lower())), None)


def strangers(tenants: Tenants, patterns: Sequence[str]) -> Iterator[str]:
    """Subjects that a stranger can have: any, and such that a pattern takes.

    Not those of an owner whom a pattern names: nobody else can have that name.
    """
    yield tenants.usual
    for pattern in patterns:
        if not names_owner(tenants, pattern):
            yield from itertools.islice(_of_pattern(tenants, pattern), _TRIES)


def names_owner(tenants: Tenants, pattern: str) -> bool:
    """Whether a pattern writes out the owner, up to what ends the name."""
    rest = pattern.removeprefix(tenants.start)
    if rest == pattern:
        return False
    name = re.match(rf"[^*?{re.escape(tenants.ends)}]+", rest)
    return name is not None and rest[name.end() : name.end() + 1] in set(tenants.ends)


def _of_pattern(tenants: Tenants, pattern: str) -> Iterator[str]:
    """Texts that the pattern matches and that are subjects of a tenant."""
    pieces = re.split(r"([*?])", pattern)
    rest = tenants.usual.removeprefix(tenants.start)
    fills = ("x", "", f"{tenants.start}x", tenants.usual, rest, f"x{rest.removeprefix('stranger')}")
    choices = [fills if piece == "*" else ("x",) if piece == "?" else (piece,) for piece in pieces]
    for chosen in itertools.product(*choices):
        text = "".join(chosen)
        if tenants.subject.fullmatch(text):
            yield text
