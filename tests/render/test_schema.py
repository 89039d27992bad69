"""The JSON contract: schema in step with the code, and every answer valid under it."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from assumable.diagnose import diagnose
from assumable.render import json as renderer
from tests.plan.test_classic_failures import CLASSICS, broken
from tests.worlds import DEPLOYER, A, classic, diagnosed, parsed

COMMITTED = Path(__file__).parents[2] / "docs" / "schema" / "diagnosis-1.json"


def test_the_committed_schema_is_that_of_the_code() -> None:
    """`make gen` writes it; a change of the contract shows in the diff."""
    current = json.loads(json.dumps(renderer.schema()))
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == current


@pytest.mark.parametrize(
    "scenario",
    [
        classic(),
        broken(CLASSICS),
        {**classic(), "unknown": ["organization", "account:111111111111"]},
    ],
    ids=["allowed", "denied", "conditional"],
)
def test_answers_are_valid_under_the_schema(scenario: dict[str, Any]) -> None:
    """The rendered object is what the schema promises."""
    jsonschema.validate(json.loads(renderer.render(diagnosed(scenario))), renderer.schema())


def test_what_else_was_asked_is_valid_too() -> None:
    """Ways in, cuts and a comparison."""
    scenario = classic()
    scenario["accounts"][A]["UserDetailList"].append({"UserName": "deployer2"})
    answer = diagnose(*parsed(scenario), expected="denied", like=f"{DEPLOYER}2")
    jsonschema.validate(json.loads(renderer.render(answer)), renderer.schema())
