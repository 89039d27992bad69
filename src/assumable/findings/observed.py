"""The error that AWS answered, as evidence: whether it is of this call, and how it fits."""

from collections.abc import Collection

import msgspec

from assumable import arn
from assumable.engine.chain import Chain, hops
from assumable.engine.evaluate import Verdict
from assumable.findings.weighing import Bearing
from assumable.formats.message import Message, parse_message
from assumable.model.call import Call, RoleCaller

UNKNOWN_TEXT = "it is no error text that is known"
OTHER_CALLER = "it names another caller: other credentials signed that call than those looked at"
OTHER_HOP = "it is about another hop than the one that decides"
OTHER_ROLE = "it is about another role"
NOT_OF_STS = "it is not AWS's own answer to such a call"
REFUSED_ANYWAY = "AWS refused, though everything that is known allows it"


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """An error text, read; it names nobody, so that it can be shown beside pseudonyms."""

    message: Message | None = None
    is_caller_named: bool = False
    """Whether it names the caller that is asked about."""
    hop: int = 0
    """The hop of a chain that it is about, from 1; 0 where it names no role."""
    unused: str = ""
    """Why it is no evidence here; empty when it is."""

    @property
    def evidence(self) -> Message | None:
        """The text, where it is evidence."""
        return None if self.unused else self.message


class ErrorView(msgspec.Struct, frozen=True, kw_only=True):
    """What the error text that was given says, and what follows from it."""

    code: str = ""
    action: str = ""
    layer: str = ""
    meaning: str = ""
    hop: int = 0
    unused: str = ""
    """Why it was not used; empty when it was."""
    statement: str = ""
    """How it fits the verdict, where that has to be said."""
    rules_out: tuple[str, ...] = ()
    less_likely: tuple[str, ...] = ()
    points_to: tuple[str, ...] = ()


def observe(text: str, call: Call) -> Observed:
    """An error text held against the call that is asked about."""
    message = parse_message(text)
    if message is None:
        return Observed(unused=UNKNOWN_TEXT)
    made = hops(call)
    fitting = [n for n, hop in enumerate(made, 1) if message.role in ("", hop.role_arn)]
    bare = msgspec.structs.replace(message, caller="", role="")
    if not message.code:
        return Observed(message=bare, unused=NOT_OF_STS)
    if not fitting:
        return Observed(message=bare, unused=OTHER_ROLE)
    if message.caller and not any(_is_caller(message.caller, made[n - 1]) for n in fitting):
        return Observed(message=bare, unused=OTHER_CALLER)
    named = fitting[0] if message.role and call.chain else 0
    return Observed(message=bare, hop=named, is_caller_named=bool(message.caller))


def place_shown(chain: Chain, observed: Observed | None) -> int:
    """The place of the hop to look at, from 0: that of the error, unless another is denied."""
    if observed is None or observed.evidence is None or not observed.hop:
        return chain.shown
    return chain.shown if chain.verdict is Verdict.DENIED else observed.hop - 1


def _is_caller(shown: str, call: Call) -> bool:
    """Whether AWS's text names the caller; of a role session the role, since each has a name."""
    if not isinstance(call.caller, RoleCaller):
        return shown == call.caller.arn
    parts, mine = arn.parse(shown), arn.parse(call.caller.arn)
    if parts is None or mine is None:
        return False
    same = (parts.partition, parts.account) == (mine.partition, mine.account)
    return same and parts.resource.split("/")[:2] == mine.resource.split("/")[:2]


def view_of(observed: Observed, bearing: Bearing, statement: str) -> ErrorView:
    """The error text as every surface shows it."""
    message = observed.message or Message(code="", status=0)
    return ErrorView(
        code=message.code,
        action=message.action,
        layer=message.layer,
        meaning=message.meaning,
        hop=observed.hop,
        unused=observed.unused,
        statement=statement,
        rules_out=bearing.rules_out,
        less_likely=bearing.less_likely,
        points_to=(*bearing.confirms, *bearing.points_to),
    )


def statement_of(
    observed: Observed, verdict: Verdict, blocking: Collection[str], left: Collection[str]
) -> str:
    """How AWS's refusal fits the verdict, with the causes that are left; empty if it fits well."""
    message = observed.evidence
    if message is None or not message.causes:
        return ""
    if verdict is Verdict.ALLOWED:
        named = [cause for cause in left if cause != "propagation"]
        ways = [*named, "a change within the last minutes"]
        return f"{REFUSED_ANYWAY}: then {', '.join(ways)}, or AWS's policies are not those read"
    if verdict is Verdict.CONDITIONAL or set(blocking) & set(message.causes):
        return ""
    meant = ", ".join(message.causes[:3])
    return f"AWS names another reason than those found, which it may have met first: {meant}"
