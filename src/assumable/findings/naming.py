"""Ids of fixes: the same for the same edit, different ones for different edits."""

from collections.abc import Sequence

import msgspec

from assumable.findings.finding import Finding, Fix


class Names:
    """The fixes seen so far, by id."""

    def __init__(self) -> None:
        """Nothing is named yet."""
        self._known: dict[str, Fix] = {}

    def named(self, fix: Fix) -> Fix:
        """The fix under an id that no other edit has."""
        name, number = fix.id, 1
        while not _is_same(self._known.setdefault(name, fix), fix):
            number += 1
            name = f"{fix.id}-{number}"
        return fix if name == fix.id else msgspec.structs.replace(fix, id=name)

    def of(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Findings whose fixes have such ids."""
        return tuple(
            msgspec.structs.replace(finding, fixes=tuple(map(self.named, finding.fixes)))
            for finding in findings
        )


def _is_same(left: Fix, right: Fix) -> bool:
    return (left.target, left.edit, left.hop) == (right.target, right.edit, right.hop)
