"""Scenarios of any shape: a diagnosis or one clear line."""

import json
from typing import Any

from hypothesis import given

from tests.fuzz.guard import survives
from tests.fuzz.junk import anything, broken_scenarios


@given(anything)
def test_any_value_as_a_scenario(value: Any) -> None:
    survives(json.dumps(value))


@given(broken_scenarios())
def test_a_scenario_with_mistakes(scenario: dict[str, Any]) -> None:
    survives(json.dumps(scenario))
