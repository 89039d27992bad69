"""The names under which policies know a caller, and how strongly each of them names it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import enum

from assumable import arn
from assumable.model.call import Caller, RoleCaller, ServiceCaller
from assumable.model.world import Unknown


class Form(enum.IntEnum):
    """How strongly a statement names the caller (FACTS 1.3); the strongest one counts."""

    ACCOUNT = 1
    """The caller's account: delegates to its administrators."""
    ROLE = 2
    """The role behind the session."""
    STRONG = 3
    """The user, the session, the service, the provider, or everyone."""


Names = tuple[tuple[tuple[str, str], Form], ...]
"""Kind and value of each principal entry that is the caller, with the form that it has."""
SOMEBODY = Unknown("who calls", "a profile that gives credentials")
"""What is asked of a caller that nobody knows yet."""
_EVERYONE = ("*", "*")
_EVERY_PRINCIPAL = ("AWS", "*")


def names_of(
    caller: Caller, account: str, partition: str, principal_arn: str | Unknown | None
) -> Names:
    """The names of a signed caller (FACTS 1.3, 2.1).

    A service has only those of everyone here, and so has who is not known.
    """
    if isinstance(caller, ServiceCaller) or caller.arn == arn.NOBODY:
        return (_EVERYONE, Form.STRONG), (_EVERY_PRINCIPAL, Form.STRONG)
    root = f"arn:{partition}:iam::{account}:root"
    found = [
        (_EVERYONE, Form.STRONG),
        (_EVERY_PRINCIPAL, Form.STRONG),
        (("AWS", account), Form.ACCOUNT),
        (("AWS", root), Form.ACCOUNT),
    ]
    if caller.arn != root:
        found.append((("AWS", caller.arn), Form.STRONG))
    if isinstance(caller, RoleCaller) and isinstance(principal_arn, str):
        found.append((("AWS", principal_arn), Form.ROLE))
    return tuple(found)


def names_of_bearer(*, everyone: bool, every_principal: bool) -> Names:
    """Those of the bearer of a token or assertion, its provider aside (U-20, C-2)."""
    open_to = ((_EVERYONE, everyone), (_EVERY_PRINCIPAL, every_principal))
    return tuple((key, Form.STRONG) for key, matches in open_to if matches)
