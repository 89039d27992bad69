"""What an audit found, as a page for those who have to act: evidence, edits and their proofs."""

from collections.abc import Iterator, Sequence

from assumable import arn
from assumable.audit.finding import Audit, Finding
from assumable.render.audit import counts, grouped, judged, place_of, proof_of
from assumable.render.markup import cell, code, fenced, prose

_DIFFS = 5
"""How many edits of findings that are alike are written out."""


def render(audit: Audit) -> str:
    """One page: what was judged, then a section for each group of equal findings."""
    return "\n".join(_lines(audit)) + "\n"


def _lines(audit: Audit) -> Iterator[str]:
    yield "# Trust policies: what is dangerous or dead"
    yield ""
    yield f"{judged(audit)}: {counts(audit)}."
    for group in grouped(audit.findings):
        yield ""
        yield from _section(group)
    if audit.not_read:
        yield from ("", "## Not read", "")
        yield from (f"- {prose(what)}" for what in audit.not_read)


def _section(group: Sequence[Finding]) -> Iterator[str]:
    first = group[0]
    yield prose(f"## {first.severity}: {first.title}")
    yield ""
    yield prose(f"{first.code} `{first.rule}`, {first.confidence}: {first.explanation}.")
    yield ""
    yield "| role | account | where |"
    yield "|---|---|---|"
    for finding in group:
        name, where = code(arn.display_name(finding.role)), cell(place_of(finding))
        yield f"| {name} | {finding.account} | {where} |"
    yield ""
    if first.mend is None:
        yield prose(f"**To decide:** {first.decide}.")
        return
    for finding in group[:_DIFFS]:
        yield from _fix(finding)
    if len(group) > _DIFFS:
        yield f"The same for the other {len(group) - _DIFFS}; `--format json` has each edit."


def _fix(finding: Finding) -> Iterator[str]:
    mend = finding.mend
    if mend is None:
        return
    yield prose(f"**Fix** for {arn.display_name(finding.role)}: {mend.fix.title}.")
    yield prose(f"Decided again with it applied: {proof_of(mend)}. It opens {mend.fix.opens}.")
    yield ""
    yield from fenced(mend.fix.diff, "diff")
    yield ""
    yield from fenced("\n".join(mend.fix.commands), "sh")
    yield ""
