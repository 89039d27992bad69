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
        """The fix under an id that no other edit has; one and the same for the same edit."""
        name, number = fix.id, 1
        while name in self._known and not _is_same(self._known[name], fix):
            number += 1
            name = f"{fix.id}-{number}"
        named = fix if name == fix.id else msgspec.structs.replace(fix, id=name)
        return self._known.setdefault(name, named)

    def of(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Findings whose fixes have such ids."""
        return tuple(
            msgspec.structs.replace(finding, fixes=tuple(map(self.named, finding.fixes)))
            for finding in findings
        )


def _is_same(left: Fix, right: Fix) -> bool:
    """Whether they are one edit: a managed policy is one wherever it is attached."""
    mine, theirs = left.target.policy_arn, right.target.policy_arn
    same = mine == theirs if mine else left.target == right.target
    return same and (left.edit, left.hop) == (right.edit, right.hop)
