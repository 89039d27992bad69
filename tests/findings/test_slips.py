"""Where two texts differ: the place, and the words for it."""

import pytest

from assumable.findings.near import digits, similar
from assumable.findings.slips import first_difference, nearest, told, told_of_pattern


@pytest.mark.parametrize(
    ("written", "meant", "place"),
    [
        ("user/deploy", "user/deployer", 11),
        ("user/deployer", "user/deploy", 11),
        ("deploier", "deployer", 5),
        ("same", "same", 4),
        ("", "x", 0),
    ],
)
def test_first_difference(written: str, meant: str, place: int) -> None:
    assert first_difference(written, meant) == place


@pytest.mark.parametrize(
    ("written", "meant", "words"),
    [
        ("user/deploy", "user/deployer", "`er` is missing at the end"),
        ("user/deployers", "user/deployer", "`s` at the end is too much"),
        ("ser/deployer", "user/deployer", "`u` is missing at the start"),
        ("xuser/deployer", "user/deployer", "`x` at the start is too much"),
        ("deploier", "deployer", "`i` stands where it should be `y`"),
        ("heads/mian", "heads/main", "`ia` stands where it should be `ai`"),
        ("token.action.example", "token.actions.example", "`s` is missing after `token.action`"),
        ("Dploy-Rol", "Deploy-Role", "`e` is missing after `D` and `e` is missing at the end"),
        ("user/deployer ", "user/deployer", "white space is all that differs"),
        ("user/deployer", "user/deployer", ""),
        ("heads/main", "heads/feature", ""),
        ("alice", "mallory", ""),
        ("repo:acme/app-one", "repo:acme/app-two", ""),
    ],
)  # fmt: skip
def test_a_slip_in_words(written: str, meant: str, words: str) -> None:
    """Two different words are no slip of each other: nothing is said of them."""
    assert told(written, meant) == words


@pytest.mark.parametrize(
    ("pattern", "text", "words"),
    [
        ("repo:acme/ap:*", "repo:acme/app:ref:main", "`p` is missing after `repo:acme/ap`"),
        ("repo:acne/*", "repo:acme/app:ref", "`n` stands where it should be `m`"),
        ("*@acme.co", "alice@acme.com", "`m` is missing at the end"),
        ("repo:acme/*:ref:mian", "repo:acme/app:ref:main", "`ia` stands where it should be `ai`"),
        ("repo:acme/app:*", "repo:acme/app:ref", ""),
        ("repo:acme/lib:*", "repo:acme/app:ref", ""),
        ("role/*", "user/deployer", ""),
        ("iam::1:role/*", "iam::1:user/deployer", ""),
        ("*", "anything", ""),
        ("no-wildcard", "no-wildcards", ""),
    ],
)
def test_a_slip_of_a_pattern_in_words(pattern: str, text: str, words: str) -> None:
    """What a wildcard takes up is no slip."""
    assert told_of_pattern(pattern, text) == words


def test_endless_texts_are_not_compared() -> None:
    """Input is data: no length of it takes long."""
    assert told("ab" * 100_000, "ba" * 100_000) == ""
    assert told_of_pattern("ab" * 100_000 + "*", "ba" * 100_000) == ""


def test_nearest_value() -> None:
    assert nearest(("acme", "user/deploy", "x"), "user/deployer") == 1
    assert nearest(("acme", "x"), "user/deployer") is None
    assert nearest((), "user/deployer") is None


@pytest.mark.parametrize(
    ("written", "meant", "words"),
    [
        ("111111111112", "111111111111", "the account ids differ in digit 12"),
        ("111111111122", "111111111111", "the account ids differ in digits 11 and 12"),
        ("11111111111", "111111111111", "the account id in it has 11 digits, one has 12"),
        ("arn:aws:iam::211111111111:root", "111111111111", "the account ids differ in digit 1"),
        ("222222222222", "111111111111", ""),
        ("111111111111", "111111111111", ""),
        ("user/deployer", "111111111111", ""),
    ],
)
def test_digits_of_an_account(written: str, meant: str, words: str) -> None:
    assert digits(written, meant) == words


def test_names_that_were_meant() -> None:
    """One letter of three makes another word; letter case does not."""
    assert similar("deployrole", ["DeployRole", "Other"]) == ["DeployRole"]
    assert similar("DeployRoel", ["DeployRole", "Other"]) == ["DeployRole"]
    assert similar("CIA", ["CI"]) == []
    assert similar("ci", ["CI"]) == ["CI"]
    assert similar("Deploy", ["Other"]) == []
