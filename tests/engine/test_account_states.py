"""What an account's state says of it (…/orgs_manage_accounts_account_state.html)."""

from typing import Any

import pytest

from assumable.engine.evaluate import decide
from tests.engine.test_assume_root import call_for_root
from tests.rules.worlds import organization
from tests.sides.passing import passed_on
from tests.worlds import A, B, allow, classic, decided, diagnosed, parsed

STATES = {
    "ACTIVE": "allowed",
    "PENDING_CLOSURE": "allowed",
    "PENDING_ACTIVATION": "denied",
    "SUSPENDED": "denied",
    "CLOSED": "denied",
    "FROZEN": "conditional",
}
"""The last is one that nobody has documented."""


def world(account: str, **said: Any) -> dict[str, Any]:
    """A call that passes wherever that account can be used."""
    scenario = classic(identity=[allow()])
    scenario["organization"] = organization(A, B)
    (node,) = (one for one in scenario["organization"]["Accounts"] if one["Id"] == account)
    node |= said
    return scenario


@pytest.mark.parametrize("account", [A, B])
@pytest.mark.parametrize("field", ["State", "Status"])
@pytest.mark.parametrize(("state", "verdict"), STATES.items())
def test_an_account_can_be_used_in_two_of_the_five_states(
    account: str, field: str, state: str, verdict: str
) -> None:
    assert decided(world(account, **{field: state})).verdict == verdict


def test_the_state_counts_where_both_are_said() -> None:
    """`Status`, which AWS retires, may say less."""
    assert decided(world(B, State="PENDING_ACTIVATION", Status="ACTIVE")).verdict == "denied"
    assert decided(world(B, State="CLOSED", Status="SUSPENDED")).verdict == "denied"
    assert decided(world(B, State=None, Status="SUSPENDED")).verdict == "denied"


@pytest.mark.parametrize("account", [A, B])
def test_an_undocumented_state_is_named_among_what_is_not_known(account: str) -> None:
    found = diagnosed(world(account, State="FROZEN"))
    assert [unknown.what for unknown in found.unknowns] == [
        f"whether account {account}, whose state is FROZEN, can be used"
    ]
    assert not found.findings


@pytest.mark.parametrize(("state", "verdict"), STATES.items())
def test_so_has_the_target_of_assume_root(state: str, verdict: str) -> None:
    scenario = call_for_root()
    scenario["organization"]["Accounts"][0]["State"] = state
    assert decided(scenario).verdict == verdict


@pytest.mark.parametrize("account", [A, B])
@pytest.mark.parametrize(("state", "verdict"), STATES.items())
def test_side_files_tell_it(account: str, state: str, verdict: str) -> None:
    both = passed_on(parsed(world(account, State=state)), "full")
    assert decide(*both).verdict == verdict


def test_a_list_of_delegated_administrators_says_their_state_too() -> None:
    scenario = call_for_root()
    listed = {"Id": A, "ServicePrincipal": "iam.amazonaws.com", "State": "ACTIVE"}
    scenario["organization"]["DelegatedAdministrators"] = [listed]
    assert decided(scenario).verdict == "allowed"
