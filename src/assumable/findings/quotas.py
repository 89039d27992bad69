"""How large things may be: what AWS would not save is no fix (FACTS 11).

IAM counts a policy without its white space; Organizations and EC2 count all that the `aws` command
sends them, and so do sessions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from assumable import arn
from assumable.errors import AssumableError
from assumable.findings.commands import delete_version
from assumable.model.policy import Layer, Policy

MANAGED_LIMIT = 6144
LIMITS = {
    Layer.TRUST: 4096, Layer.IDENTITY: 10_240, Layer.SCP: 5120, Layer.RCP: 5120,
    Layer.VPC_ENDPOINT: 20_480, Layer.SESSION: 2048,
}  # fmt: skip
"""The most characters of a document, quotas that can be raised counted at their highest."""
TRUST_DEFAULT = 2048
"""The most characters of a trust policy where nobody has raised the quota."""
INLINE_LIMITS = {"user": 2048, "role": 10_240, "group": 5120}
"""The most characters of all inline policies of one owner together."""
MAX_VERSIONS = 5
"""How many versions of a managed policy IAM keeps, the one in force included."""
MAX_AUDIENCES = 100
"""How many audiences an OIDC provider accepts."""


class ConflictError(AssumableError):
    """Fixes that cannot be applied together, or that AWS would not take."""


def size_of(document: Any) -> int:
    """The characters of a policy document without white space between its parts."""
    return len(msgspec.json.encode(document).decode())


def limit_of(policy: Policy) -> int | None:
    """The most characters that the document may have; None where there is no such quota."""
    is_managed = policy.name.arn.startswith("arn:")
    return MANAGED_LIMIT if is_managed else LIMITS.get(policy.name.layer)


def check_document(policy: Policy) -> None:
    """ConflictError when an edited document is larger than AWS takes."""
    limit = limit_of(policy)
    if limit is not None and size_of(policy.document) > limit:
        raise ConflictError(f"{policy.name.name} would have more than {limit} characters")


def check_inline(owner: str, policies: Iterable[object]) -> None:
    """ConflictError when the inline policies of a user, role or group are too large together."""
    parts = arn.parse(owner)
    limit = INLINE_LIMITS.get(parts.kind if parts else "")
    inline = (p for p in policies if isinstance(p, Policy) and not p.name.arn)
    total = sum(size_of(policy.document) for policy in inline if policy.name.owner == owner)
    if limit is not None and total > limit:
        raise ConflictError(f"the inline policies would have more than {limit} characters")


def check_audiences(client_ids: Sequence[object]) -> None:
    """ConflictError when an OIDC provider would accept more audiences than it can."""
    if len(client_ids) > MAX_AUDIENCES:
        raise ConflictError(f"there would be more than {MAX_AUDIENCES} audiences")


def needed_first(before: Policy, document: Any) -> str:
    """What must be done before a document can be saved: a quota raised, a version deleted.

    Empty where nothing is in the way, as far as it is known.
    """
    if len(before.other_versions) + 1 >= MAX_VERSIONS:
        return (
            f"{before.name.name} has five versions, as many as IAM keeps: delete one first, such "
            f"as the oldest, with `{delete_version(before.name.arn, before.other_versions[0])}`"
        )
    size = size_of(document)
    if before.name.layer is not Layer.TRUST or size <= max(TRUST_DEFAULT, size_of(before.document)):
        return ""
    return (
        f"{before.name.name} would have {size:,} characters: the quota `Role trust policy length` "
        f"(L-C07B4B0D) of account {before.name.account} must allow as many first; it is "
        f"{TRUST_DEFAULT:,} unless it was raised, and at most {LIMITS[Layer.TRUST]:,}"
    )
