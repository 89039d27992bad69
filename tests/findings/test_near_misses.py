"""Every near miss of the list: a scenario shows it, and the answer says the one thing that differs.

The list is what an explanation promises; a scenario of it that is gone or silent fails here.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from assumable.diagnose import Diagnosis
from assumable.findings.finding import Fix
from tests.scenarios.test_scenarios import answer

MISSES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "near_misses.yaml").read_text(encoding="utf-8")
)
IDS = [miss["miss"] for miss in MISSES]
FAMILIES = {
    "typo", "letter case", "white space", "account digits", "user for role", "another session",
    "missing path", "surplus path", "path in a session ARN", "partition", "aud for sub",
    "AssumeRole for AssumeRoleWithWebIdentity", "AssumeRoleWithWebIdentity for AssumeRole",
    "StringEquals with a wildcard", "wildcard inside a principal ARN", "key of the organization",
    "list written as one value", "ForAllValues that lets everything in", "Bool on an absent key",
    "BoolIfExists in an Allow", "Bool in a Deny", "variable without Version", "deleted user",
    "deleted role", "permission set assigned again", "permission set without its path",
    "immutable sub", "environment for ref", "external ID in other letter case",
    "external ID with a space", "external ID in quotes", "two values for one key",
    "Deny that covers the Allow", "misspelt provider host", "misspelt service", "namespace",
    "typo in the role's name", "typo in the caller's name",
}  # fmt: skip
"""What the list must have, by the beginning of its names."""


def said(diagnosis: Diagnosis, code: str, variant: str | None) -> str:
    """What the blocking findings of a code say."""
    found = [finding for finding in diagnosis.findings if finding.blocking and finding.code == code]
    return "\n".join(f.explanation for f in found if variant is None or f.variant == variant)


def first_fix(diagnosis: Diagnosis) -> Fix:
    """The first fix of the first plan."""
    wanted = diagnosis.plans[0].fixes[0]
    return next(fix for fix in diagnosis.fixes if fix.id == wanted)


def test_the_list_has_every_family_once_by_name() -> None:
    assert len(set(IDS)) == len(IDS)
    assert not {family for family in FAMILIES if not any(name.startswith(family) for name in IDS)}


@pytest.mark.parametrize("miss", MISSES, ids=IDS)
def test_the_one_thing_that_differs_is_said(miss: dict[str, Any]) -> None:
    diagnosis = answer(f"{miss['scenario']}.yaml")
    if "note" in miss:
        assert any(miss["note"] in note for note in diagnosis.notes)
    else:
        code = miss["scenario"].partition("/")[0]
        assert miss["words"] in said(diagnosis, code, miss.get("variant"))


@pytest.mark.parametrize("miss", [m for m in MISSES if "silent" in m], ids=lambda m: m["silent"])
def test_what_is_right_is_not_called_a_near_miss(miss: dict[str, Any]) -> None:
    diagnosis = answer(f"{miss['silent']}.yaml")
    code = miss["scenario"].partition("/")[0]
    told = said(diagnosis, code, None) + "\n".join(diagnosis.notes)
    assert (miss.get("words") or miss["note"]) not in told


@pytest.mark.parametrize("miss", [m for m in MISSES if "gone" in m], ids=lambda m: m["miss"])
def test_a_value_that_serves_nobody_is_replaced(miss: dict[str, Any]) -> None:
    """The wrong value is not kept beside the right one."""
    lines = first_fix(answer(f"{miss['scenario']}.yaml")).diff.splitlines()
    assert any(line.startswith("-") and miss["gone"] in line for line in lines)
    assert not any(line.startswith("+") and miss["gone"] in line for line in lines[2:])


@pytest.mark.parametrize("miss", [m for m in MISSES if "stays" in m], ids=lambda m: m["miss"])
def test_a_value_that_may_serve_somebody_stays(miss: dict[str, Any]) -> None:
    for plan in answer(f"{miss['scenario']}.yaml").plans:
        fixes = [f for f in answer(f"{miss['scenario']}.yaml").fixes if f.id in plan.fixes]
        for line in "\n".join(fix.diff for fix in fixes).splitlines():
            assert not line.startswith("-") or miss["stays"] not in line or _kept(fixes, miss)


def _kept(fixes: list[Fix], miss: dict[str, Any]) -> bool:
    """Whether the value stands in what a diff adds, moved into a list."""
    lines = "\n".join(fix.diff for fix in fixes).splitlines()
    return any(line.startswith("+") and miss["stays"] in line for line in lines)


@pytest.mark.parametrize("miss", [m for m in MISSES if "fix" in m], ids=lambda m: m["miss"])
def test_only_the_request_changes(miss: dict[str, Any]) -> None:
    """Where the role that was meant lets the caller in, it is asked for."""
    fix = first_fix(answer(f"{miss['scenario']}.yaml"))
    assert (fix.id, fix.is_request_only) == (miss["fix"], True)
