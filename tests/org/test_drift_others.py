"""What changed for those whom nobody can list: decided by the engine in both worlds, as in who."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from assumable.model.world import Account, World
from assumable.org.drift import Drift, drift
from assumable.org.whocan import Everyone
from assumable.render.drift import terminal
from tests.org.test_others import (
    ACCOUNT,
    ASSERTION,
    AUD,
    CORPORATE,
    EC2,
    GITHUB,
    IN_ORG,
    OURS,
    OUTSIDE,
    PERIMETER,
    SUB,
    TOKEN,
    VENDOR,
    deny,
    unless_denied,
    world,
)
from tests.org.worlds import ORG, TARGET, Scenario, compared, edited
from tests.worlds import NOW, ROLE, B, parsed, policy, trust

TRUST = f"the trust policy of {TARGET} was edited"
ATTACHED = "RCP perimeter1 was attached to r-ab12"
DETACHED = "RCP perimeter1 was detached from r-ab12"
OUTSIDERS = deny(Condition={"StringNotEquals": IN_ORG})
HOST = GITHUB["Federated"].partition("oidc-provider/")[2]
CLOSED = {"Effect": "Deny", "Principal": "*", "Action": "sts:*", "Resource": "*"}
FOR_US = {**CLOSED, "Condition": {"StringNotEquals": {"aws:SourceOrgID": ORG}}}
PLAIN = unless_denied("sts:AssumeRole")
Told = tuple[str, str, tuple[str, ...], tuple[str, ...]]


def told(found: Drift) -> list[Told]:
    """Direction, kind and what is asked before and after, of those whom nobody can list."""
    return [
        (change.direction, other.kind, other.before, other.after)
        for change in found.changes
        for other in change.others
    ]


def causes(found: Drift) -> list[tuple[str, tuple[str, ...], bool]]:
    return [
        (change.direction, tuple(edit.what for edit in change.cause.edits), change.cause.together)
        for change in found.changes
        if change.others
    ]


def with_member(scenario: Scenario) -> None:
    scenario["organization"]["Accounts"].append({"Id": OUTSIDE, "ParentId": "r-ab12"})


def without_provider(scenario: Scenario) -> None:
    del scenario["accounts"][B]["OpenIDConnectProviders"]


@pytest.mark.parametrize(
    ("old", "new", "expected", "what"),
    [
        pytest.param(
            world(trust("*")), world(trust("*"), OUTSIDERS),
            ("tightened", "everyone", ("",), (OURS,)), TRUST, id="deny-outsiders",
        ),
        pytest.param(
            world(trust(ACCOUNT)), world(trust(ACCOUNT), OUTSIDERS),
            ("lost", "account", ("",), ()), TRUST, id="deny-an-account",
        ),
        pytest.param(
            world(trust(VENDOR)), world(trust(VENDOR), rcp=PERIMETER),
            ("lost", "account", ("",), ()), ATTACHED, id="rcp-against-a-role",
        ),
        pytest.param(
            world(trust("*")), world(trust("*"), rcp=CLOSED),
            ("lost", "everyone", ("",), ()), ATTACHED, id="rcp-against-everyone",
        ),
        pytest.param(
            world(trust(EC2)), world(trust(EC2), rcp=FOR_US),
            ("tightened", "service", ("",), (f"aws:SourceOrgID is `{ORG}`",)), ATTACHED,
            id="rcp-against-services",
        ),
        pytest.param(
            world(trust(GITHUB, TOKEN)),
            world(trust(GITHUB, TOKEN), deny(GITHUB, Condition={"StringLike": {SUB: "bad/*"}})),
            ("tightened", "federated", ("",), (f"{SUB} is not like `bad/*`",)), TRUST,
            id="deny-some-tokens",
        ),
        pytest.param(
            world(trust(GITHUB, TOKEN)),
            world(trust(GITHUB, TOKEN, Condition={"StringEquals": {AUD: "x"}})),
            ("tightened", "federated", ("",), (f"{AUD} is `x`",)), TRUST, id="narrower",
        ),
        pytest.param(
            world(trust(CORPORATE, ASSERTION)), world(trust(CORPORATE, ASSERTION), deny()),
            ("lost", "federated", ("",), ()), TRUST, id="deny-assertions",
        ),
        pytest.param(
            world(trust("*", TOKEN)), world(trust("*", TOKEN), deny(action=TOKEN)),
            ("lost", "federated", ("",), ()), TRUST, id="deny-every-token",
        ),
        pytest.param(
            edited(world(trust(ACCOUNT, Condition={"StringEquals": IN_ORG})), with_member),
            world(trust(ACCOUNT, Condition={"StringEquals": IN_ORG})),
            ("lost", "account", ("",), ()), f"account {OUTSIDE} left the organization",
            id="no-member-any-more",
        ),
        pytest.param(
            world(trust(GITHUB, TOKEN)), edited(world(trust(GITHUB, TOKEN)), without_provider),
            ("lost", "federated", ("",), ()), f"oidc-provider/{HOST} ({B}) was deleted",
            id="provider-deleted",
        ),
    ],
)  # fmt: skip
def test_who_is_kept_out_is_told_with_the_edit_that_did_it_and_the_other_way_round(
    old: Scenario, new: Scenario, expected: Told, what: str
) -> None:
    found, back = compared(old, new), compared(new, old)
    direction, kind, before, after = expected
    assert told(found) == [expected]
    assert causes(found) == [(direction, (what,), False)]
    opposite = {"tightened": "eased", "lost": "gained"}[direction]
    assert told(back) == [(opposite, kind, after, before)]
    ((_, (undone,), _),) = causes(back)
    assert (undone == TRUST) == (what == TRUST)
    assert found.uncompared == back.uncompared == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param([trust(EC2)], [trust(EC2), deny(VENDOR)], id="somebody-else"),
        pytest.param([trust(ACCOUNT)], [trust(ACCOUNT), deny(VENDOR)], id="one-of-many"),
        pytest.param([trust(GITHUB, TOKEN)], [trust(GITHUB, TOKEN), deny(action="sts:AssumeRole")],
                     id="another-action"),
        pytest.param([trust(VENDOR), OUTSIDERS], [OUTSIDERS], id="kept-out-before"),
        pytest.param([trust("*"), OUTSIDERS], [trust("*", Condition={"StringEquals": IN_ORG})],
                     id="said-in-another-way"),
    ],
)  # fmt: skip
def test_a_statement_that_changes_nothing_for_them_is_not_told(old: Any, new: Any) -> None:
    for found in (compared(world(*old), world(*new)), compared(world(*new), world(*old))):
        assert told(found) == []


def test_an_rcp_that_denies_what_is_denied_already_is_not_told() -> None:
    statements = trust(ACCOUNT), OUTSIDERS
    assert told(compared(world(*statements), world(*statements, rcp=PERIMETER))) == []


def test_of_two_edits_each_of_which_keeps_them_out_both_are_named() -> None:
    found = compared(world(trust(ACCOUNT)), world(trust(ACCOUNT), OUTSIDERS, rcp=PERIMETER))
    assert causes(found) == [("lost", (ATTACHED, TRUST), False)]


def test_two_edits_that_take_each_other_to_let_them_in_are_told_together() -> None:
    found = compared(world(trust(ACCOUNT), OUTSIDERS, rcp=PERIMETER), world(trust(ACCOUNT)))
    assert causes(found) == [("gained", (DETACHED, TRUST), True)]


def test_the_document_of_an_rcp_that_did_it_is_at_hand() -> None:
    old, new = (world(trust("*"), rcp=each) for each in (PERIMETER, CLOSED))
    found = compared(old, new)
    (change,) = (change for change in found.changes if change.others)
    (edit,) = change.cause.edits
    assert edit.what == "RCP perimeter1 was edited"
    assert found.documents[edit] == (policy(PERIMETER), policy(CLOSED))


@pytest.mark.parametrize("where", ["OLD", "NEW"])
def test_rcps_that_were_not_read_in_one_of_the_two_are_no_change(where: str) -> None:
    read = world(trust(EC2))
    unread = {**read, "unknown": ["rcp"]}
    found = compared(*((unread, read) if where == "OLD" else (read, unread)))
    assert told(found) == []
    (missing,) = found.uncompared
    assert (missing.unread, missing.pairs) == (where, 1)


@pytest.mark.parametrize("where", ["OLD", "NEW"])
def test_a_provider_that_may_be_there_is_no_change(where: str) -> None:
    """Lists of providers are missing in what get-account-authorization-details prints."""
    read, none = (parsed(each).world for each in (GITHUBS, edited(GITHUBS, without_provider)))
    unread = with_unlisted(none)
    for known in (read, none):
        found = drift(*((unread, known) if where == "OLD" else (known, unread)), NOW)
        assert told(found) == []
        (missing,) = found.uncompared
        assert (missing.what, missing.unread, missing.pairs) == (
            f"oidc-provider/{HOST} ({B})", where, 1,
        )  # fmt: skip


def test_a_provider_that_was_read_in_neither_hides_no_statement() -> None:
    old, new = (with_unlisted(parsed(world(*each)).world) for each in ((trust(EC2),), (
        trust(EC2), trust(GITHUB, TOKEN))))  # fmt: skip
    accepted = f"{GITHUB['Federated']} is registered and accepts the token"
    assert told(drift(old, new, NOW)) == [("gained", "federated", (), (accepted,))]


GITHUBS = world(trust(GITHUB, TOKEN))


def with_unlisted(found: World) -> World:
    """A world in which nobody knows which providers there are."""
    home = found.accounts[B]
    assert isinstance(home, Account)
    home = structs.replace(home, providers={}, unlisted=frozenset(("oidc-provider",)))
    return structs.replace(found, accounts={**found.accounts, B: home})


def test_rcps_that_were_read_in_neither_hide_no_statement() -> None:
    old, new = (
        {**world(trust(GITHUB, TOKEN), *each), "unknown": ["rcp"]} for each in ((), (trust(EC2),))
    )
    found = compared(old, new)
    assert told(found) == [("gained", "service", (), (PLAIN,))]
    assert causes(found) == [("gained", (TRUST,), False)]


ALLOWS = (
    trust("*"), trust("*", TOKEN), trust(ACCOUNT), trust(VENDOR), trust(EC2), trust(GITHUB, TOKEN),
    trust(ACCOUNT, Condition={"StringEquals": IN_ORG}),
    trust(GITHUB, TOKEN, Condition={"StringEquals": {AUD: "x"}}),
)  # fmt: skip
DENIES = (OUTSIDERS, deny(GITHUB, Condition={"StringLike": {SUB: "bad/*"}}), deny(EC2), deny())
worlds = st.builds(
    lambda allows, denies, rcp, edits: edited(world(*allows, *denies, rcp=rcp), *edits),
    st.lists(st.sampled_from(ALLOWS), min_size=1, max_size=3),
    st.lists(st.sampled_from(DENIES), max_size=1),
    st.sampled_from((None, PERIMETER, CLOSED, FOR_US)),
    st.lists(st.sampled_from((with_member, without_provider)), unique=True),
)


@given(worlds, worlds)
def test_exactly_those_are_told_whom_who_tells_otherwise(old: Scenario, new: Scenario) -> None:
    before, after = asked(old), asked(new)
    found = {
        (other.kind, other.name): (other.before, other.after)
        for change in compared(old, new).changes
        for other in change.others
    }
    assert found.items() <= {
        who: (before.get(who, ()), after.get(who, ()))
        for who in before.keys() | after.keys()
    }.items()  # fmt: skip
    came_or_went = before.keys() ^ after.keys()
    same = {who for who in before.keys() & after.keys() if before[who] == after[who]}
    assert came_or_went <= found.keys()
    assert same.isdisjoint(found)


def asked(scenario: Scenario) -> dict[tuple[str, str], tuple[str, ...]]:
    """What `who` says that the role asks of each; of statements that ask nothing one is enough."""
    everyone = Everyone(parsed(scenario).world, NOW)
    found: dict[tuple[str, str], set[str]] = {}
    for other in everyone.who(everyone.role(ROLE)).others:
        found.setdefault((other.kind, other.name), set()).add(other.condition)
    return {who: ("",) if "" in each else tuple(sorted(each)) for who, each in found.items()}


def test_a_statement_for_the_bearers_of_whatever_token_opens_a_role_to_all() -> None:
    found = compared(world(trust(EC2)), world(trust(EC2), trust("*", TOKEN)))
    (change,) = (change for change in found.changes if change.others)
    assert change.opens_to_all
    assert f"  bearers of tokens of any provider → {TARGET}\n" in terminal(found)
