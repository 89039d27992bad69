"""A plan for the client's set-up, carried over to the texts of the scenario file."""

import pytest

from tests.worlds import ROLE, after_first_plan, classic, diagnosed


@pytest.mark.parametrize("before", ["", "# was [prod]\n"], ids=["alone", "below-a-comment"])
def test_the_heading_is_mended_and_no_comment_that_looks_like_it(before: str) -> None:
    """Where SDKs read it."""
    scenario = classic()
    del scenario["call"]["parameters"]
    scenario["call"]["client"] = {
        "profile": "prod",
        "config": f"{before}[prod]\nrole_arn = {ROLE}\nsource_profile = base\n",
        "credentials": "[base]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n",
    }
    diagnosis = diagnosed(scenario)
    assert diagnosis.plans[0].fixes == ("client/heading",)
    (edit,) = diagnosis.plans[0].scenario_patch
    assert edit["value"].startswith(f"{before}[profile prod]\n")
    assert after_first_plan(scenario, diagnosis) == "allowed"
