"""A denied call in two lines under its header: because of what, and who mends it how."""

import re
from collections.abc import Iterator, Sequence

from rich.text import Text

from assumable import arn
from assumable.diagnose import Diagnosis
from assumable.engine.evaluate import Verdict
from assumable.findings.finding import CALLER, Finding
from assumable.findings.uncertain import taken
from assumable.findings.views import CallView
from assumable.render.sections import admin, person
from assumable.render.terminal.lines import Screen, wrapped

_ARN = re.compile(r"arn:[a-z0-9-]+:[^\s,`]+")
_TOLD_WHOLE = ("root", "mfa/")
"""An account, and what is sent as it is."""
_NONE = "none that could be proved"


def digest_lines(diagnosis: Diagnosis, screen: Screen) -> Iterator[Text]:
    """The first cause, the first fix, and whether AWS leaves open what the answer rests on.

    Nothing where the headline says it all: of calls that pass, or that nobody wants to pass.
    """
    blocking = [finding for finding in diagnosis.findings if finding.blocking]
    if diagnosis.verdict is not Verdict.DENIED or diagnosis.shall_stay_denied or not blocking:
        return
    first = blocking[0]
    hop = f"hop {first.hop}: " if first.hop else ""
    cause = hop + _short(first.title, diagnosis.call) + _and_more(len(blocking))
    yield from wrapped("  because  ", cause, screen, style="bold")
    yield from wrapped("  fix      ", _fix(diagnosis, blocking), screen, style="bold")
    items = ", ".join(item.id for item in taken(diagnosis.uncertain))
    if items:
        text = f"rests on a point that AWS leaves open ({items}): see the note"
        yield from wrapped("  ", text, screen)


def _fix(diagnosis: Diagnosis, blocking: Sequence[Finding]) -> str:
    """The first fix of the best plan; without a plan one that was not proved, or whom to ask."""
    by_id = {fix.id: fix for fix in diagnosis.fixes}
    for plan in diagnosis.plans[:1]:
        first = by_id[plan.fixes[0]]
        title = _short(first.title, diagnosis.call)
        return f"{admin(first.owner)}: {title}{_and_more(len(plan.fixes))}"
    for untried in (fix for finding in blocking for fix in finding.fixes):
        title = _short(untried.title, diagnosis.call)
        return f"{_NONE}; what {person(untried.owner)} could try: {title}"
    owners = dict.fromkeys(finding.owner for finding in blocking)
    others = " and ".join(person(owner) for owner in owners if owner != CALLER)
    return f"{_NONE}; " + (f"talk to {others}" if others else "what follows is yours to act on")


def _and_more(count: int) -> str:
    return f", and {count - 1} more" if count > 1 else ""


def _short(text: str, call: CallView) -> str:
    """The text with short names for ARNs, where no other part of them tells anything."""

    def name(found: re.Match[str]) -> str:
        whole = found[0]
        short, account = arn.display_name(whole), arn.account_of(whole)
        is_theirs = account in (call.caller_account, call.role_account)
        is_other = short == arn.display_name(call.role_arn) and whole != call.role_arn
        is_whole = short.startswith(_TOLD_WHOLE) or is_other
        return short if is_theirs and not is_whole else whole

    return _ARN.sub(name, text)
