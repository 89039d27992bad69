"""A probe: one real call of STS that is made to see what AWS answers, and the answer."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from assumable.model.call import Api


class ProbeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent; codes, tokens and assertions are added by whoever sends it."""

    api: Api
    parameters: Mapping[str, Any]
    region: str = ""
    """The Region whose endpoint is asked; empty for that of the call."""
    with_code: bool = False
    """Whether the TokenCode is sent as well."""


class ProbeReply(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. INVARIANT: nothing of the credentials that AWS may have issued."""

    passed: bool = False
    code: str = ""
    """AWS's own code of a refusal; empty when nothing came from AWS."""
    status: int = 0
    message: str = ""


Send = Callable[[ProbeRequest], ProbeReply]
