"""What a check yields: findings, their evidence and their fixes, as the JSON contract has them."""

import enum
from typing import Any, Literal

import msgspec

from assumable.engine.match import Reason
from assumable.model.policy import Layer

CALLER = "you"
"""The owner of what only whoever makes the call can change."""


class Row(enum.IntEnum):
    """The seven checklist lines, in the order people check them."""

    PERMISSION = 1
    TRUST = 2
    EXTERNAL_ID = 3
    MFA = 4
    DURATION = 5
    ORGANIZATION = 6
    CAPS = 7


ROW_NAMES = {
    Row.PERMISSION: "caller's permission",
    Row.TRUST: "trust policy",
    Row.EXTERNAL_ID: "external ID",
    Row.MFA: "MFA",
    Row.DURATION: "session duration",
    Row.ORGANIZATION: "organization",
    Row.CAPS: "caps on the caller",
}


class Cause(msgspec.Struct, frozen=True):
    """A cause's stable identity."""

    code: str
    slug: str
    row: Row
    title: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One place that shows the cause."""

    policy: str = ""
    statement: int | None = None
    pointer: str = ""
    file: str = ""
    line: int | None = None
    column: int | None = None
    end: int | None = None
    """The column after the last character, on the same line."""
    excerpt: str = ""
    """That line of the document, or the part of a long line around the place."""
    excerpt_column: int = 1
    """The column at which the excerpt starts."""
    differs: int | None = None
    """The column of the first character at which a value that was nearly right goes wrong; the
    `end` when all that is there is right and something is missing."""
    wanted: str = ""
    """What the policy asks for there."""
    got: str = ""
    """What the call has instead."""
    reason: Reason | None = None


Safety = Literal["safe", "review", "display"]
Edit = tuple[dict[str, Any], ...]


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a fix edits: the call, the set-up of its client, a policy, a setting, or a list of
    policies or providers.
    """

    kind: Literal[
        "call", "client", "network", "credentials", "policy", "role", "principal", "provider",
        "organization",
    ]  # fmt: skip
    arn: str = ""
    """The role, principal, provider or level of an organization; for a policy, whom it is
    attached to."""
    name: str = ""
    layer: Layer | None = None
    policy_arn: str = ""
    account: str = ""
    hop: int = 0
    """For a call: the hop of the chain whose parameters are edited, from 1; 0 without a chain."""


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """One edit: to the request, or to one policy or setting in one account.

    `edit` is RFC 6902 on the target: the parameters, the network or the caller of the call, as a
    scenario writes them, the policy document, the role, or the inline policies of the principal,
    or the policies of a level, by name.
    """

    id: str
    title: str
    owner: str
    safety: Safety
    target: Target
    edit: Edit = ()
    diff: str = ""
    commands: tuple[str, ...] = ()
    opens: str = ""
    remark: str = ""
    """What to see to before: a quota to raise; or why it is for display only."""
    hop: int = 0
    """The hop of the chain that it is made for, from 1; 0 without a chain."""

    @property
    def is_request_only(self) -> bool:
        """Whether nothing in AWS changes."""
        return self.target.kind in ("call", "client", "network", "credentials")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One established cause or note."""

    code: str
    cause: str
    variant: str = ""
    blocking: bool = True
    certainty: Literal["certain", "likely", "possible"] = "certain"
    owner: str
    title: str
    explanation: str
    row: Row
    also_fails: tuple[Row, ...] = ()
    """Further checklist rows that this finding fails."""
    evidence: tuple[Evidence, ...] = ()
    fixes: tuple[Fix, ...] = ()
    facts: tuple[str, ...] = ()
    hop: int = 0
    """The hop of the chain that fails, from 1; 0 without a chain."""
