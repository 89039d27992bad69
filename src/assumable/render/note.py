"""The answer in three to eight lines: a note on the exception of a refused call."""

import string
from collections.abc import Iterator, Sequence

from assumable import arn
from assumable.diagnose import Diagnosis
from assumable.engine.evaluate import Verdict
from assumable.errors import printable
from assumable.findings.finding import CALLER, Fix
from assumable.render.sections import admin

_MOST = 3
"""Findings, and fixes where there is room, that are shown."""
_LINES = 8
_ALLOWED = (
    "AWS refused what these policies allow: a change needs some seconds to reach it, or they have "
    "changed since they were read"
)


def render(diagnosis: Diagnosis, more: str, signs: str = "") -> str:
    """The verdict, why, what fixes it, the call that works, and the command that shows `more`.

    `signs` are flags that choose the credentials of the call.
    """
    plan = diagnosis.plans[0] if diagnosis.plans else None
    alone = plan is not None and set(plan.owners) == {CALLER} and diagnosis.working_commands
    others = any(each.target.kind == "credentials" for each in _planned(diagnosis))
    signs = "" if others else signs
    last = [f"run:  {diagnosis.working_commands[-1]}{signs}"] if alone else []
    before, after = [_verdict(diagnosis), *_why(diagnosis)], [*last, f"more: {more}"]
    room = min(_LINES - len(before) - len(after), _MOST)
    return _written([*before, *_fixes(diagnosis, room), *after])


def unanswered(why: str, meaning: str, more: str) -> str:
    """The note when there is no answer: why not, what AWS's own text means, and how to ask."""
    says = [f"- {meaning}"] if meaning else []
    return _written([f"no diagnosis: {why}", *says, f"more: {more}"])


def _written(lines: Sequence[str]) -> str:
    return "\n".join(
        printable(f"  {line}" if number else f"assumable: {line}")
        for number, line in enumerate(lines)
    )


def _verdict(diagnosis: Diagnosis) -> str:
    call = diagnosis.call
    caller, role = arn.display_name(call.caller), arn.display_name(call.role_arn)
    mine = f" ({call.caller_account})" if call.caller_account else ""
    theirs = f" ({call.role_account})" if call.role_account else ""
    words = "" if diagnosis.headline == diagnosis.verdict else f": {diagnosis.headline}"
    return f"{diagnosis.verdict.upper()}  {caller}{mine} → {role}{theirs}{words}"


def _why(diagnosis: Diagnosis) -> Iterator[str]:
    if diagnosis.verdict is Verdict.ALLOWED:
        yield f"- {_ALLOWED}"
    elif diagnosis.verdict is Verdict.CONDITIONAL:
        texts = [
            f"not known: {unknown.what}" + (f" ({unknown.settle})" if unknown.settle else "")
            for unknown in diagnosis.unknowns
        ]
        yield from _first(texts, "unknown parts")
        for likely in diagnosis.hypotheses[:1]:
            counted = f" ({likely.prior} of {likely.prior_of} public failures)"
            yield f"- likely {likely.cause}: {likely.meaning}{counted if likely.prior_of else ''}"
    else:
        blocking = [finding for finding in diagnosis.findings if finding.blocking]
        texts = [f"{found.cause}: {found.title} ({admin(found.owner)})" for found in blocking]
        yield from _first(texts, "findings")


def _first(texts: Sequence[str], what: str) -> Iterator[str]:
    shown = texts if len(texts) <= _MOST else texts[: _MOST - 1]
    yield from (f"- {text}" for text in shown)
    if len(shown) < len(texts):
        yield f"- {len(texts) - len(shown)} more {what}"


def _planned(diagnosis: Diagnosis) -> list[Fix]:
    """The fixes of the first plan."""
    by_id = {fix.id: fix for fix in diagnosis.fixes}
    return [by_id[name] for plan in diagnosis.plans[:1] for name in plan.fixes]


def _fixes(diagnosis: Diagnosis, room: int) -> Iterator[str]:
    fixes = _planned(diagnosis)
    shown = fixes if len(fixes) <= room else fixes[: room - 1]
    for letter, fix in zip(string.ascii_uppercase, shown, strict=False):
        yield f"fix {letter} ({admin(fix.owner)}): {fix.title}"
    if len(shown) < len(fixes):
        yield f"and {len(fixes) - len(shown)} more fixes, all of them needed"
