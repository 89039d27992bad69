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
from assumable.render.sections import admin, gains, own_values, who
from assumable.render.terminal.lines import Screen, line, wrapped

_LONGEST = 400
"""Characters of what a proof depends on."""
_INDENT = " " * 10
_MOST = 25
"""Faults whose own fixes are shown where no plan mends the whole."""


def plan_lines(diagnosis: Diagnosis, screen: Screen, *, whole: bool) -> Iterator[Text]:
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
            yield from _alternative(plan, chosen, first, screen)
        else:
            yield from _plan(plan, chosen, "or" if number else "fix", screen)
    if diagnosis.verdict is Verdict.DENIED and not diagnosis.plans:
        yield from _none(diagnosis, screen)
    yield from _for_display(diagnosis, screen)


def _after_others(fix: Fix, plan: Plan) -> Fix:
    """The fix with its diff as it is within the plan, after those before it."""
    return msgspec.structs.replace(fix, diff=plan.diffs.get(fix.id, fix.diff))


def _letter(number: int) -> str:
    """A to Z, then AA and so on."""
    more, last = divmod(number, len(string.ascii_uppercase))
    return (string.ascii_uppercase[more - 1] if more else "") + string.ascii_uppercase[last]


def _none(diagnosis: Diagnosis, screen: Screen) -> Iterator[Text]:
    """What would mend some of the findings, and which of them nothing that was proved does."""
    blocking = [finding for finding in diagnosis.findings if finding.blocking]
    first = [(f, next((x for x in f.fixes if x.safety != "display"), None)) for f in blocking]
    stuck = [finding for finding, fix in first if fix is None] or blocking
    helpful = [(finding, fix) for finding, fix in first if fix is not None]
    yield Text()
    for number, (finding, fix) in enumerate(helpful[:_MOST]):
        lead = "fix   " if number == 0 else "      "
        text = f"for {finding.code}, not proved to be enough: ({who(fix)}) {fix.title}"
        text += f"; {fix.remark}" if fix.remark else ""
        yield from wrapped(lead, text, screen, hang=len(_INDENT))
    codes = dict.fromkeys(finding.code for finding in stuck)
    pages = ", ".join(f"`assumable explain {code}`" for code in codes)
    if helpful:
        text = f"none that could be proved for the call as a whole; see {pages}"
        yield from wrapped("      ", text, screen)
    else:
        yield from wrapped("fix   ", f"none that could be proved; see {pages}", screen)


def _for_display(diagnosis: Diagnosis, screen: Screen) -> Iterator[Text]:
    """What helps as well, though no plan can prove it."""
    blocking = [finding for finding in diagnosis.findings if finding.blocking]
    shown = {f.id: f for finding in blocking for f in finding.fixes if f.safety == "display"}
    for fix in shown.values():
        yield Text()
        yield from wrapped("also  ", f"({who(fix)})", screen, style="bold", hang=len(_INDENT))
        yield from wrapped(_INDENT, fix.title, screen)
        yield from (line(_INDENT, command) for command in fix.commands)


def _alternative(
    plan: Plan, chosen: Mapping[str, Fix], first: list[str], screen: Screen
) -> Iterator[Text]:
    """A plan in short: what takes the place of which fixes of the first one."""
    added = sorted(letter for letter in chosen if letter not in first)
    dropped = sorted(letter for letter in first if letter not in chosen)
    label = " + ".join(added)
    if len(first) > 1:
        label += f" in place of {' + '.join(dropped)}" if dropped else " as well"
    parts = [
        f"({who(chosen[letter])}) {chosen[letter].title}"
        + ("" if chosen[letter].is_request_only else f" (opens it to {chosen[letter].opens})")
        for letter in added
    ]
    parts += plan.first
    yield from wrapped(f"or    {label}  ", "; ".join(parts), screen, hang=len(_INDENT))


def _plan(plan: Plan, chosen: Mapping[str, Fix], label: str, screen: Screen) -> Iterator[Text]:
    for number, (letter, fix) in enumerate(chosen.items()):
        yield from _fix(f"{'' if number else label:6}{letter} ", fix, screen)
    for text in plan.first:
        yield from wrapped("first ", text, screen)
    order, own = "in this order" if len(plan.commands) > 1 else "this", own_values(plan.commands)
    yield line(("run   ", "bold"), order, f", with your own {own}" if own else "")
    yield from _commands(plan, list(chosen.values()), screen)
    letters = " + ".join(chosen)
    after = plan.verdict_after.upper()
    if plan.verdict_after is Verdict.CONDITIONAL:
        after = plan.headline_after
    yield from wrapped(
        "proof ",
        f"{letters} → {after}   (decided again with the fixes applied)",
        screen,
    )
    if plan.verdict_after is Verdict.CONDITIONAL and DEPENDS in plan.headline_after:
        on_what = textwrap.shorten(plan.residual_after, _LONGEST, placeholder=" … (--format json)")
        yield from wrapped("      allowed if  ", on_what, screen)
    if any(not fix.is_request_only for fix in chosen.values()):
        yield from wrapped("who   ", f"gains access: {gains(plan.blast_radius)}", screen)


def _fix(lead: str, fix: Fix, screen: Screen) -> Iterator[Text]:
    yield from wrapped(lead, f"({who(fix)})", screen, style="bold")
    yield from wrapped(_INDENT, fix.title, screen)
    # split at "\n" alone, and skip the two lines of the header, which hold the policy's name
    skipped = 2 + 2 * fix.target.name.count("\n")
    for text in fix.diff.split("\n")[skipped:]:
        style = {"+": "green", "-": "red", "@": "dim"}.get(text[:1], "")
        yield line((_INDENT + text, style))
    if not fix.is_request_only:
        yield from wrapped(f"{_INDENT}opens it to ", fix.opens, screen)


def _commands(plan: Plan, fixes: list[Fix], screen: Screen) -> Iterator[Text]:
    """The commands, numbered, each under whose credentials it takes; the call's hops are last."""
    edited: dict[object, str] = {}
    calls = plan.commands[-plan.calls :]
    for fix in fixes:
        if fix.target.kind == "client":
            own = [command for command in fix.commands if command not in calls]
            edited |= dict.fromkeys(own, "on your machine")
        elif not fix.is_request_only:
            edited[fix.target] = f"as {admin(fix.owner)}"
    first = len(plan.commands) - plan.calls + 1
    whose = [*list(edited.values())[: first - 1], "as you"]
    whose += [f"with the credentials of step {step}" for step in range(first, len(plan.commands))]
    for number, (whom, command) in enumerate(zip(whose, plan.commands, strict=True), 1):
        if command.startswith("# "):  # a service makes the call, nobody types it
            yield from wrapped(f"      {number}  ", command.removeprefix("# "), screen)
            continue
        yield line(f"      {number}  {whom}")
        yield line(f"         {command}")
