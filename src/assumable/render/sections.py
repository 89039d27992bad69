"""What some answers have and others have not, as plain lines that the terminal lays out."""

import re
import string
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from assumable.compare import Comparison
from assumable.cuts import Cut
from assumable.diagnose import Diagnosis
from assumable.engine.evaluate import Verdict
from assumable.findings.blast import BlastRadius
from assumable.findings.finding import CALLER, Evidence, Fix
from assumable.findings.grants import GrantPath
from assumable.findings.residual import Requirement

_MOST = 10
"""Ways in, and facts that differ, that are shown."""
_INDENT = " " * 10
_PLACEHOLDER = re.compile(
    r"(?<=[ =/])(?:SESSION|CODE|TOKEN|ASSERTION|EXTERNAL_ID|MFA_DEVICE|SOURCE_IDENTITY|"
    r"SERIAL_NUMBER|PROVIDER_ARN|ACCOUNT|TASK_POLICY_ARN)(?= |$)"
)


class Line(NamedTuple):
    """A line, or a paragraph beside its label."""

    label: str = ""
    text: str = ""
    style: str = ""
    whole: bool = False
    """Whether it must not be broken: a command, or a line of a document."""


def expectation(diagnosis: Diagnosis) -> Iterator[Line]:
    """Why an unexpected allow is one, what closes it, and what tells the call from another."""
    if diagnosis.grants:
        yield Line()
        yield from _grants(diagnosis)
    if diagnosis.expected == Verdict.DENIED.value and diagnosis.verdict is not Verdict.DENIED:
        yield from _cuts(diagnosis)
    if diagnosis.comparison is not None:
        yield Line()
        yield from _comparison(diagnosis.comparison)


def who(fix: Fix) -> str:
    """Whose part a fix is, and how safe it is."""
    whose = "you, nothing to change in AWS" if fix.is_request_only else admin(fix.owner)
    return "; ".join(filter(None, (whose, safety(fix))))


def admin(owner: str) -> str:
    """Who edits what an account, or the caller, owns."""
    return owner if owner == CALLER else f"admin of {owner}"


def person(owner: str) -> str:
    """The same within a sentence."""
    return owner if owner == CALLER else f"the {admin(owner)}"


def safety(fix: Fix) -> str:
    """How safe a fix is, in words; nothing of another request, which nobody reviews."""
    if fix.safety == "display":
        return f"display only: not applied, because {fix.remark}"
    if fix.is_request_only:
        return ""
    return "needs review" if fix.safety == "review" else "safe to apply"


def own_values(commands: Sequence[str]) -> str:
    """The words in commands that stand for something only the reader has: `CODE and TOKEN`."""
    words = dict.fromkeys(word for text in commands for word in _PLACEHOLDER.findall(text))
    *others, last = words or [""]
    return f"{', '.join(others)} and {last}" if others else last


def shares(diagnosis: Diagnosis) -> Iterator[Line]:
    """Whose part of the first plan is what, where nobody can see to it alone."""
    owners = diagnosis.plans[0].owners if diagnosis.plans else {}
    if CALLER not in owners or len(owners) == 1:
        return
    letters = dict(zip(diagnosis.plans[0].fixes, string.ascii_uppercase, strict=False))
    parts = [
        f"{person(owner)} ({', '.join(letters.get(name, name) for name in fixes)})"
        for owner, fixes in owners.items()
    ]
    yield Line()
    yield Line("allowed if  ", f"{', '.join(parts[:-1])} and {parts[-1]} do what follows")


def allowed_if(diagnosis: Diagnosis) -> Iterator[Line]:
    """What a conditional call depends on, sorted by who can see to it."""
    mine, others = diagnosis.residual_caller, diagnosis.residual_admin
    if not mine:
        yield Line("allowed if  ", diagnosis.residual)
        return
    yield Line("allowed if  ", f"you supply: {_joined(mine)}")
    if others:
        yield Line("       and  ", f"others confirm: {_joined(others)}")
    several = "in this order, each with the credentials of the one before"
    yield Line("then run    ", several if len(diagnosis.working_commands) > 1 else "this")
    yield from (Line(" " * 12, text, whole=True) for text in diagnosis.working_commands)


def _joined(wanted: Sequence[Requirement]) -> str:
    by_hop: dict[int, list[str]] = {}
    for each in wanted:
        by_hop.setdefault(each.hop, []).append(each.what)
    texts = []
    for hop, parts in by_hop.items():
        grouped = [f"({part})" if " or " in part and len(parts) > 1 else part for part in parts]
        texts.append((f"hop {hop}: " if hop else "") + " and ".join(grouped))
    return "; ".join(texts)


def _grants(diagnosis: Diagnosis) -> Iterator[Line]:
    paths = diagnosis.grants
    several = f"{len(paths)} ways in, each enough alone"
    if any(path.hop for path in paths):
        several = f"{len(paths)} ways in; the call needs one at each hop"
    one = "one way in" if len(paths) == 1 else several
    yield Line("why   ", one, "bold")
    for number, path in enumerate(paths[:_MOST], 1):
        yield from _path(number, path, diagnosis.residual)
    if len(paths) > _MOST:
        yield Line("", f"{_INDENT}{len(paths) - _MOST} more: --format json shows them all", "dim")


def _path(number: int, path: GrantPath, said: str) -> Iterator[Line]:
    """A way in; `said` is the condition of the whole call, which need not be told again."""
    hop = f"hop {path.hop}: " if path.hop else ""
    label = f"      {number:<2}  {hop}"
    if path.implicit:
        yield Line(label, path.implicit)
        label = f"{_INDENT}and "
    for grant in path.grants:
        yield Line(label, f"{grant.text}{_where(grant.evidence)}")
        label = f"{_INDENT}and "
    if path.residual and path.residual != said:
        yield Line(f"{_INDENT}only if ", path.residual)
    if not path.grants and not path.implicit:
        yield Line(label, "no statement of these policies is needed")


def _where(evidence: Evidence) -> str:
    if evidence.line is None:
        return ""
    return f"   ({evidence.file}:{evidence.line}:{evidence.column})"


def _cuts(diagnosis: Diagnosis) -> Iterator[Line]:
    fixes = {fix.id: fix for fix in diagnosis.fixes}
    yield Line()
    if not diagnosis.cuts:
        yield Line("close ", "no edit of these policies was proved to close it", "bold")
        return
    first, *others = diagnosis.cuts
    chosen = [fixes[name] for name in first.fixes]
    for letter, fix in zip(string.ascii_uppercase, chosen, strict=False):
        yield from _edit(letter, fix)
    yield from (Line("first ", text) for text in first.first)
    yield Line("run   ", "in this order" if len(first.commands) > 1 else "this", "bold")
    admins = list({fix.target: fix.owner for fix in chosen}.values())
    for number, (owner, text) in enumerate(zip(admins, first.commands, strict=True), 1):
        yield Line(f"      {number}  ", f"as admin of {owner}")
        yield Line(" " * 9, text, whole=True)
    letters = " + ".join(string.ascii_uppercase[: len(chosen)])
    yield Line(
        "proof ",
        f"{letters} → DENIED   (decided again with the edits made; loses access besides "
        f"{_whom(diagnosis)}: {_others(diagnosis, first.loses)})",
    )
    for cut in others:
        yield _alternative(cut, [fixes[name] for name in cut.fixes])


def _others(diagnosis: Diagnosis, radius: BlastRadius) -> str:
    """Who else loses; nobody can list those who come with a token or an assertion."""
    if diagnosis.call.api.startswith("AssumeRoleWith") and not radius.complete:
        return "whoever else comes through that provider and meets the statement"
    return among(radius)


def _whom(diagnosis: Diagnosis) -> str:
    """The caller, or all sessions of its role: policies rarely tell one from another."""
    last = diagnosis.hops[-1].call.caller if diagnosis.hops else diagnosis.call.caller
    is_session = ":assumed-role/" in last
    return "the sessions of the caller's role" if is_session else "the caller"


def _edit(letter: str, fix: Fix) -> Iterator[Line]:
    lead = "close " if letter == "A" else "      "
    yield Line(f"{lead}{letter} ", f"({who(fix)})", "bold")
    yield Line(_INDENT, fix.title)
    skipped = 2 + 2 * fix.target.name.count("\n")  # the header, which holds the policy's name
    for line in fix.diff.split("\n")[skipped:]:
        style = {"+": "green", "-": "red", "@": "dim"}.get(line[:1], "")
        yield Line(_INDENT, line, style, whole=True)


def _alternative(cut: Cut, fixes: Sequence[Fix]) -> Line:
    parts = "; ".join([*(f"{fix.title} ({who(fix)})" for fix in fixes), *cut.first])
    lost = f" (also loses access: {among(cut.loses)})" if cut.loses.count else ""
    hop = f"hop {cut.hop}: " if cut.hop else ""
    return Line("or    ", f"{'as a last resort, ' if cut.last_resort else ''}{hop}{parts}{lost}")


def gains(radius: BlastRadius) -> str:
    """Who gains a call by a plan: those who cannot be listed, then those who are known."""
    uncounted = f" and {radius.uncounted}" if radius.uncounted else ""
    return f"the caller{uncounted}; {among(radius)}"


def among(radius: BlastRadius) -> str:
    """Who else gains or loses, in words, of those who are known."""
    if radius.count:
        more = ", …" if radius.count > len(radius.principals) else ""
        return f"{radius.count} more: {', '.join(radius.principals)}{more}"
    if radius.complete:
        return "nobody else"
    if not radius.known:
        return "nobody else that is known"
    others = f"{radius.known} other principals" if radius.known > 1 else "one other principal"
    return f"of the {others} known nobody"


def _comparison(found: Comparison) -> Iterator[Line]:
    yield Line("like  ", found.headline, "bold")
    for difference in found.differences[:_MOST]:
        hop = f"hop {difference.hop}: " if difference.hop else ""
        where = "".join(_where(evidence) for evidence in difference.evidence[:1])
        yield Line("      ≠ ", f"{hop}{difference.text}{where}")
    if len(found.differences) > _MOST:
        more = len(found.differences) - _MOST
        yield Line("", f"        {more} more: --format json shows them all", "dim")
