"""What an audit found, as text: counts, then each finding in at most four lines."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from assumable import arn
from assumable.audit.finding import Audit, Finding, Mend, Severity
from assumable.errors import printable

NAMED = 3
"""How many roles of those that share a finding are named."""
_MOST_LINES = 2
_INDENT = " " * 8
_BESIDE = 8


def render(audit: Audit, *, width: int = 100) -> str:
    """The whole audit, the most dangerous first; equal findings of several roles are told once."""
    return "\n".join(map(printable, _lines(audit, width))) + "\n"


def grouped(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings that differ in their role alone, together, in order."""
    found: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        key = (finding.severity, finding.confidence, finding.code, finding.title)
        found.setdefault((*key, action_of(finding)), []).append(finding)
    return list(found.values())


def counts(audit: Audit) -> str:
    """How many findings of each severity there are, in words."""
    found = Counter(finding.severity for finding in audit.findings)
    words = [f"{found[severity]} {severity}" for severity in Severity if found[severity]]
    return ", ".join(words) if words else "nothing dangerous or dead was found"


def judged(audit: Audit) -> str:
    """How many roles were looked at."""
    return "1 role judged" if audit.roles == 1 else f"{audit.roles:,} roles judged"


def action_of(finding: Finding) -> str:
    """What to do, with the role's own account and name left out of it."""
    if finding.mend is None:
        return f"decide  {_plain(finding.decide, finding)}"
    return f"fix     {_plain(finding.mend.fix.title, finding)}"


def proof_of(mend: Mend) -> str:
    """What deciding again has shown, in one line."""
    proof = mend.proof
    parts = [f"{text} is refused" for text in proof.refused]
    parts += [f"{text} still passes" for text in proof.meant]
    of = f" of {proof.known:,}" if proof.known > proof.tried else ""
    if proof.tried:
        parts.append(f"{proof.still_pass:,} of {proof.tried:,}{of} principals still pass")
    if proof.lose:
        parts.append(f"{len(proof.lose)} outside the organization lose it")
    return "; ".join(parts) if parts else "no user or role that was read could assume it before"


def _short(mend: Mend) -> str:
    proof = mend.proof
    refused = "what is dangerous is refused, " if proof.refused else ""
    if not proof.tried and proof.meant:
        return f"{refused}{proof.meant[0]} still passes"
    if not proof.tried:
        return f"{refused}nobody loses it"
    return f"{refused}{proof.still_pass:,} of {proof.tried:,} principals still pass"


def _plain(text: str, finding: Finding) -> str:
    name = arn.display_name(finding.role)
    return text.replace(f"account {finding.account}", "its own account").replace(name, "the role")


def _lines(audit: Audit, width: int) -> Iterator[str]:
    left = f"; {len(audit.not_read)} not read" if audit.not_read else ""
    yield from _cut(f"{judged(audit)}: {counts(audit)}{left}", 0, width)
    for group in grouped(audit.findings):
        yield ""
        yield from _group(group, width)
    if audit.not_read:
        yield ""
        yield from _cut(f"not read  {'; '.join(audit.not_read)}", 10, width)
    if audit.findings:
        code = audit.findings[0].code
        yield ""
        yield from _cut(
            f"more: assumable explain {code}, and --format markdown for edits", 6, width
        )


def _group(group: Sequence[Finding], width: int) -> Iterator[str]:
    first = group[0]
    sure = "" if first.confidence == "certain" else f" ({first.confidence})"
    yield _shortened(f"{first.severity:<{_BESIDE}}{first.code}  {first.title}{sure}", width)
    yield _shortened(f"{_INDENT}{_where(group, width - len(_INDENT))}", width)
    text = action_of(first)
    if len(group) == 1 and first.mend is not None:
        text += f"; proved: {_short(first.mend)}"
    elif first.mend is not None:
        text += "; proved for each of them"
    yield from _cut(_INDENT + text, len(_INDENT) + _BESIDE, width)


def _where(group: Sequence[Finding], room: int) -> str:
    """The role and the place in the file, or as many of several roles as there is room for."""
    roles = list(dict.fromkeys(f"{arn.display_name(f.role)} ({f.account})" for f in group))
    if len(roles) == 1:
        return f"{roles[0]}   {place_of(group[0])}"
    lines = [_listed(roles, shown) for shown in range(min(NAMED, len(roles)), 0, -1)]
    return next((line for line in lines if len(line) <= room), lines[-1])


def _listed(roles: Sequence[str], shown: int) -> str:
    left = len(roles) - shown
    more = f" and {left} more" if left else ""
    return f"{len(roles)} roles: {', '.join(roles[:shown])}{more}"


def place_of(finding: Finding) -> str:
    """Where the finding's first evidence stands: file, line and what is there."""
    if not finding.evidence:
        return ""
    place = finding.evidence[0]
    if place.line is None:
        return place.file
    first = (place.column or 1) - place.excerpt_column
    last = (place.end or 1) - place.excerpt_column
    return f"{place.file}:{place.line}:{place.column}   {place.excerpt[first:last].strip()}"


def _shortened(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"


def _cut(text: str, hang: int, width: int) -> Iterator[str]:
    lines = textwrap.wrap(
        text, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False
    )
    more = " …" if len(lines) > _MOST_LINES else ""
    *before, last = lines[:_MOST_LINES]
    yield from before
    yield _shortened(last, width - len(more)) + more
