"""Words and edits that are understood at the first reading: which side, how many, what for."""

from pathlib import Path

from assumable.diagnose import Diagnosis, diagnose
from assumable.findings.finding import Finding, Row
from assumable.findings.slips import told
from assumable.formats.scenario import read_scenario
from tests.worlds import NOW

SCENARIOS = Path(__file__).parent.parent / "scenarios"


def asked(name: str) -> Diagnosis:
    """The diagnosis of a scenario file."""
    return diagnose(*read_scenario(SCENARIOS / f"{name}.yaml", now=NOW))


def first(name: str) -> Finding:
    """Its first finding."""
    return asked(name).findings[0]


def summary(name: str, row: Row) -> str:
    """A line of its checklist."""
    return asked(name).checklist[row - 1].summary


def test_a_pattern_that_is_taken_literally_makes_room_for_the_value() -> None:
    """Beside it the star would stay, for nothing."""
    [fix] = first("AS103/fires-star-taken-literally").fixes
    assert [op["value"] for op in fix.edit] == ["111111111111"]
    assert fix.title.endswith("instead of `*`, which is taken literally")


def test_the_address_of_the_sign_in_is_added_first() -> None:
    """To the list that the author of the Deny keeps, before any other exception."""
    fixes = first("AS602/fires-regional-sign-in").fixes
    assert fixes[0].id.startswith("rcp/except-value/")
    assert "https://us-west-2.signin.aws.amazon.com/saml" in fixes[0].title
    assert "; all else stays denied where SAML:aud is not" in fixes[1].opens


def test_the_side_on_which_something_is_missing_is_named() -> None:
    """Neither side is right by itself."""
    explanation = first("AS901/fires-pull-request-without-a-pattern").explanation
    assert "in the policy, `:pull_request` is missing at the end" in explanation


def test_parts_that_changed_places_are_called_so() -> None:
    """Not another name."""
    found = first("AS101/fires-swapped-parts-of-a-provider")
    assert "`us-east-1` and `eks` changed places" in found.explanation
    assert told("a.b.c", "a.c.b") == ""  # too little in common to be the same
    assert told("provider.alpha.example", "provider.example.other") == ""


def test_a_key_that_is_not_known_is_named_once_and_the_others_are_counted() -> None:
    """The line of the trust policy has room for one of them."""
    diagnosis = asked("AS103/near-miss-unknown-source")
    assert diagnosis.unknowns[0].what == "aws:SourceAccount, declared unknown"
    assert summary("AS103/near-miss-unknown-source", Row.TRUST).endswith(", and on 1 more")


def test_levels_of_scps_are_not_counted_where_none_apply() -> None:
    """0 SCP levels would read like a defect."""
    line = summary("AS602/near-miss-audience-present", Row.ORGANIZATION)
    assert line == "2 RCP levels; SCPs do not apply to this kind of caller"


def test_a_condition_for_all_values_is_noted_while_another_one_fails() -> None:
    """R6.7: it asks for nothing that the call has to carry."""
    notes = asked("AS901/fires-ids-beside-for-all-values").notes
    assert any("does not ask for token.actions.githubusercontent.com:iss" in n for n in notes)


def test_a_provider_to_register_must_be_reachable() -> None:
    """AWS fetches the issuer's keys."""
    explanation = first("AS902/fires-not-registered").explanation
    assert "the issuer must be reachable from the internet" in explanation


def test_two_edits_of_one_document_are_shown_one_after_the_other() -> None:
    """The second does not look as if it undid the first."""
    plan = asked("AS901/fires-key-of-another-cluster").plans[0]
    earlier, later = (lines_of(plan.diffs[name]) for name in plan.fixes)
    assert earlier["-"]
    assert earlier["+"]
    assert not earlier["-"] & (later["-"] | later[" "])


def test_an_edit_that_is_alone_has_no_second_diff() -> None:
    """That of the fix is the same."""
    assert asked("AS901/fires-not-a-key-and-no-sub").plans[0].diffs == {}


def lines_of(diff: str) -> dict[str, set[str]]:
    """The lines of a diff by their sign, without those that only lost or gained a comma."""
    lines = [line for line in diff.splitlines()[2:] if line[0] != "@"]
    found = {sign: {x[1:].rstrip(",") for x in lines if x[0] == sign} for sign in "-+ "}
    return {**found, "-": found["-"] - found["+"], "+": found["+"] - found["-"]}
