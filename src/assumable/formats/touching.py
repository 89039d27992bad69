"""Whether a statement may be about STS."""

import re
from collections.abc import Iterable

from assumable.globs import matches

_STS = re.compile(r"\*|[s?](?:\*|[t?](?:\*|[s?](?:\*|[:?])))", re.IGNORECASE)
"""How a pattern begins that some action of STS matches."""


def touches_sts(actions: Iterable[str], *, not_action: bool) -> bool:
    """Whether a statement with these actions may be about an action of STS (R6.12).

    >>> touches_sts(["s3:*", "st?:Assume*"], not_action=False)
    True
    """
    if not_action:
        return not any(_holds_all(pattern) for pattern in actions)
    return any(map(_STS.match, actions))


def _holds_all(pattern: str) -> bool:
    return pattern.endswith("*") and matches(pattern, "sts:", ignore_case=True)
