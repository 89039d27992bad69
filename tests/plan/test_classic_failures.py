"""The five classic failures: each alone and all 31 combinations of them."""

import itertools
from typing import Any

import pytest

from tests.worlds import DEPLOYER, after_first_plan, allow, blocking, classic, diagnosed, trust

CLASSICS = ("trust-principal", "identity-permission", "external-id", "mfa", "duration")
COMBINATIONS = [chosen for size in range(1, 6) for chosen in itertools.combinations(CLASSICS, size)]


def broken(faults: tuple[str, ...]) -> dict[str, Any]:
    """A call with exactly these faults."""
    condition: dict[str, Any] = {}
    if "external-id" in faults:
        condition["StringEquals"] = {"sts:ExternalId": "unique-id-42"}
    if "mfa" in faults:
        condition["Bool"] = {"aws:MultiFactorAuthPresent": "true"}
    named = DEPLOYER.removesuffix("er") if "trust-principal" in faults else DEPLOYER
    statement = trust({"AWS": named}, **({"Condition": condition} if condition else {}))
    identity = [allow("s3:*")] if "identity-permission" in faults else None
    parameters = {"DurationSeconds": 7200} if "duration" in faults else {}
    return classic(trust_statements=[statement], identity=identity, **parameters)


def test_the_working_call_is_allowed() -> None:
    """Without a fault there is no finding and no plan."""
    diagnosis = diagnosed(broken(()))
    assert (diagnosis.verdict, diagnosis.findings, diagnosis.plans) == ("allowed", (), ())


@pytest.mark.parametrize("faults", COMBINATIONS, ids="+".join)
def test_every_combination_is_found_at_once_and_mended_by_one_plan(faults: tuple[str, ...]) -> None:
    """One run reports exactly the faults; one proved plan makes the call pass."""
    scenario = broken(faults)
    diagnosis = diagnosed(scenario)
    assert diagnosis.verdict == "denied"
    assert blocking(diagnosis) == sorted(faults)
    first = diagnosis.plans[0]
    assert first.proved
    assert first.verdict_after == "allowed"
    assert len(first.fixes) == len(faults)
    assert after_first_plan(scenario, diagnosis) == "allowed"


@pytest.mark.parametrize("faults", COMBINATIONS, ids="+".join)
def test_no_fix_of_a_first_plan_can_be_left_out(faults: tuple[str, ...]) -> None:
    """A plan is a smallest set: it has one fix for each of these independent faults."""
    diagnosis = diagnosed(broken(faults))
    kinds = sorted(fix.partition("/")[0] for fix in diagnosis.plans[0].fixes)
    assert kinds == sorted(faults)


def test_request_only_fixes_come_first() -> None:
    """What needs no change in AWS is listed before what needs an administrator."""
    diagnosis = diagnosed(broken(CLASSICS))
    fixes = {fix.id: fix for fix in diagnosis.fixes}
    order = [fixes[name].is_request_only for name in diagnosis.plans[0].fixes]
    assert order == sorted(order, reverse=True)
    assert sum(order) == 3


def test_account_root_is_offered_and_says_what_it_opens() -> None:
    """The account form is an alternative, and its price is stated."""
    diagnosis = diagnosed(broken(("trust-principal",)))
    root = next(fix for fix in diagnosis.fixes if fix.id == "trust-principal/name-the-account")
    assert "arn:aws:iam::111111111111:root" in root.diff
    assert "everyone in account 111111111111" in root.opens


def test_a_plan_never_drops_a_guard() -> None:
    """External ID and MFA conditions are still there after the plan."""
    diagnosis = diagnosed(broken(CLASSICS))
    trust_edit = next(
        command for command in diagnosis.plans[0].commands if "update-assume-role-policy" in command
    )
    assert "sts:ExternalId" in trust_edit
    assert "aws:MultiFactorAuthPresent" in trust_edit


def test_the_token_code_is_never_shown() -> None:
    """A code that was sent stands in no answer."""
    scenario = classic(SerialNumber="arn:aws:iam::111111111111:mfa/deployer", TokenCode="987654")
    scenario["call"]["mfa_code"] = "wrong"
    import msgspec

    assert b"987654" not in msgspec.json.encode(diagnosed(scenario))
