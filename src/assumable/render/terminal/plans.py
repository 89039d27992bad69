"""The plans of a denied call on a terminal: the first in full, the others in a line each."""

import string
import textwrap
from collections.abc import Iterator, Mapping

import msgspec
from rich.text import Text

from assumable.diagnose import Diagnosis
from assumable.engine.evaluate import Verdict
from assumable.findings.finding import Fix
from assumable.findings.headline import DEPENDS
from assumable.plan import Plan
from assumable.render.sections import among
from assumable.render.terminal.lines import line, wrapped

_LONGEST = 400
"""Characters of what a proof depends on."""
_INDENT = " " * 10
_MOST = 25
"""Faults whose own fixes are shown where no plan mends the whole."""


def plan_lines(diagnosis: Diagnosis, width: int, *, whole: bool) -> Iterator[Text]:
    """Every plan; `whole` shows the diffs and commands of the later ones too."""
    fixes = {fix.id: fix for fix in diagnosis.fixes}
    letters: dict[str, str] = {}
    for plan in diagnosis.plans:
        for name in plan.fixes:
            letters.setdefault(name, _letter(len(letters)))
    for number, plan in enumerate(diagnosis.plans):
        yield Text()
        chosen = {letters[name]: _after_others(fixes[name], plan) for name in plan.fixes}
        if number and not whole:
            first = [letters[name] for name in diagnosis.plans[0].fixes]
            yield from _alternative(chosen, first, width)
        else:
            yield from _plan(plan, chosen, "or" if number else "fix", width)
    if diagnosis.verdict is Verdict.DENIED and not diagnosis.plans:
        yield from _none(diagnosis, width)


def _after_others(fix: Fix, plan: Plan) -> Fix:
    """The fix with its diff as it is within the plan, after those before it."""
    return msgspec.structs.replace(fix, diff=plan.diffs.get(fix.id, fix.diff))


def _letter(number: int) -> str:
    """A to Z, then AA and so on."""
    more, last = divmod(number, len(string.ascii_uppercase))
    return (string.ascii_uppercase[more - 1] if more else "") + string.ascii_uppercase[last]


def _none(diagnosis: Diagnosis, width: int) -> Iterator[Text]:
    """What would mend some of the findings, and which of them nothing that was proved does."""
    blocking = [finding for finding in diagnosis.findings if finding.blocking]
    stuck = [finding for finding in blocking if not finding.fixes] or blocking
    helpful = [finding for finding in blocking if finding.fixes]
    yield Text()
    for number, finding in enumerate(helpful[:_MOST]):
        lead = "fix   " if number == 0 else "      "
        fix = finding.fixes[0]
        text = f"for {finding.code}, not proved to be enough: ({_who(fix)}) {fix.title}"
        yield from wrapped(lead, text, width, hang=len(_INDENT))
    codes = dict.fromkeys(finding.code for finding in stuck)
    pages = ", ".join(f"`assumable explain {code}`" for code in codes)
    if helpful:
        text = f"none that could be proved for the call as a whole; see {pages}"
        yield from wrapped("      ", text, width)
    else:
        yield from wrapped("fix   ", f"none that could be proved; see {pages}", width)


def _alternative(chosen: Mapping[str, Fix], first: list[str], width: int) -> Iterator[Text]:
    """A plan in short: what takes the place of which fixes of the first one."""
    added = sorted(letter for letter in chosen if letter not in first)
    dropped = sorted(letter for letter in first if letter not in chosen)
    label = " + ".join(added)
    if len(first) > 1:
        label += f" in place of {' + '.join(dropped)}" if dropped else " as well"
    parts = [
        f"({_who(chosen[letter])}) {chosen[letter].title}"
        + ("" if chosen[letter].is_request_only else f" (opens it to {chosen[letter].opens})")
        for letter in added
    ]
    yield from wrapped(f"or    {label}  ", "; ".join(parts), width, hang=len(_INDENT))


def _who(fix: Fix) -> str:
    return "you, nothing to change in AWS" if fix.is_request_only else f"admin of {fix.owner}"


def _plan(plan: Plan, chosen: Mapping[str, Fix], label: str, width: int) -> Iterator[Text]:
    for number, (letter, fix) in enumerate(chosen.items()):
        yield from _fix(f"{'' if number else label:6}{letter} ", fix, width)
    yield line(("run   ", "bold"), "in this order" if len(plan.commands) > 1 else "this")
    yield from _commands(plan, list(chosen.values()), width)
    letters = " + ".join(chosen)
    after = plan.verdict_after.upper()
    if plan.verdict_after is Verdict.CONDITIONAL:
        after = plan.headline_after
    yield from wrapped(
        "proof ",
        f"{letters} → {after}   (decided again with the fixes applied)",
        width,
    )
    if plan.verdict_after is Verdict.CONDITIONAL and DEPENDS in plan.headline_after:
        on_what = textwrap.shorten(plan.residual_after, _LONGEST, placeholder=" … (--format json)")
        yield from wrapped("      allowed if  ", on_what, width)
    if any(not fix.is_request_only for fix in chosen.values()):
        yield from wrapped("who   ", f"else gains access: {among(plan.blast_radius)}", width)


def _fix(lead: str, fix: Fix, width: int) -> Iterator[Text]:
    yield from wrapped(lead, f"({_who(fix)})", width, style="bold")
    yield from wrapped(_INDENT, fix.title, width)
    # split at "\n" alone, and skip the two lines of the header, which hold the policy's name
    skipped = 2 + 2 * fix.target.name.count("\n")
    for text in fix.diff.split("\n")[skipped:]:
        style = {"+": "green", "-": "red", "@": "dim"}.get(text[:1], "")
        yield line((_INDENT + text, style))
    if not fix.is_request_only:
        yield from wrapped(f"{_INDENT}opens it to ", fix.opens, width)


def _commands(plan: Plan, fixes: list[Fix], width: int) -> Iterator[Text]:
    """The commands, numbered, each under whose credentials it takes; the call's hops are last."""
    edited = {fix.target: f"as admin of {fix.owner}" for fix in fixes if not fix.is_request_only}
    first = len(plan.commands) - plan.calls + 1
    whose = [*list(edited.values())[: first - 1], "as you"]
    whose += [f"with the credentials of step {step}" for step in range(first, len(plan.commands))]
    for number, (who, command) in enumerate(zip(whose, plan.commands, strict=True), 1):
        if command.startswith("# "):  # a service makes the call, nobody types it
            yield from wrapped(f"      {number}  ", command.removeprefix("# "), width)
            continue
        yield line(f"      {number}  {who}")
        yield line(f"         {command}")
