"""Every scenario file of this folder, held against the diagnosis: one runner for all of them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonpatch
import pytest
import yaml

from assumable.diagnose import Diagnosis, diagnose
from assumable.engine.evaluate import Verdict
from assumable.formats.scenario import parse_scenario, read_scenario
from assumable.source import Document

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CLASSICS = {"trust-principal", "identity-permission", "external-id", "mfa", "duration"}
FILES = sorted(str(path.relative_to(HERE)) for path in HERE.glob("AS*/*.yaml"))


def expectation(name: str) -> dict[str, Any]:
    """What a scenario says the answer is; read apart from the product's own reader."""
    document: dict[str, Any] = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    expect: dict[str, Any] = document["expect"]
    return expect


def answer(name: str) -> Diagnosis:
    """The diagnosis of a scenario file."""
    return diagnose(*read_scenario(HERE / name, now=NOW))


def blocking(diagnosis: Diagnosis) -> set[str]:
    """The causes that a diagnosis establishes."""
    return {finding.cause for finding in diagnosis.findings if finding.blocking}


@pytest.mark.parametrize("name", FILES)
def test_scenario(name: str) -> None:
    assert_answered(name)


def assert_answered(name: str) -> None:
    """The diagnosis of a scenario is what the scenario expects."""
    expect, diagnosis = expectation(name), answer(name)
    verdicts = expect["verdict"] if isinstance(expect["verdict"], list) else [expect["verdict"]]
    assert diagnosis.verdict in verdicts

    causes, wanted = blocking(diagnosis), set(expect.get("causes", ()))
    either, tolerated = set(expect.get("any_of", ())), set(expect.get("accept", ()))
    assert wanted <= causes <= wanted | either | tolerated
    assert not either or either & causes

    notes = {finding.cause for finding in diagnosis.findings if not finding.blocking}
    assert notes >= set(expect.get("notes", ()))

    for cause, variant in expect.get("variants", {}).items():
        assert variant in {f.variant for f in diagnosis.findings if f.blocking and f.cause == cause}

    assert all(fix.remark for fix in diagnosis.fixes if fix.safety == "display")
    if diagnosis.verdict is Verdict.DENIED:
        assert_fixable(name, diagnosis, expect)
    assert len(diagnosis.checklist) == 7


def assert_fixable(name: str, diagnosis: Diagnosis, expect: dict[str, Any]) -> None:
    """A first plan is proved, its patch on the file makes the call pass; classics have one."""
    if expect.get("fixable") is False:
        assert not diagnosis.plans
        return
    if not diagnosis.plans:
        assert not set(expect.get("causes", ())) <= CLASSICS
        return
    plan = diagnosis.plans[0]
    assert plan.proved
    document = read_scenario(HERE / name, now=NOW).world.document
    patched = jsonpatch.apply_patch(document, list(plan.scenario_patch))
    again = Document("patched scenario", json.dumps(patched), "json")
    assert diagnose(*parse_scenario(again, now=NOW)).verdict is Verdict.ALLOWED
