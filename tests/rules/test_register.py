"""The register of rules, the tests, and the page are in step."""

import re

import pytest
from scripts.gen_rules import PAGE, ROOT, Held, complaints, held_rules, page, read_register

RULE_ID = re.compile(r"\bR\d{1,2}\.\d{1,2}a?\b")
REGISTER, HELD = read_register(), held_rules()


def test_every_rule_has_a_test_or_a_reason() -> None:
    assert complaints(REGISTER, HELD) == []


def test_the_page_is_up_to_date() -> None:
    """`make gen` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page(REGISTER, HELD)


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ([test for test in HELD if test.rule != "R6.4"], "R6.4 has no test"),
        ([*HELD, Held("R99.1", "tests/x.py", "test_x", "")], "R99.1, which is no rule"),
        ([*HELD, Held("R8.1", "tests/x.py", "test_x", "")], "R8.1 has a test and a reason"),
    ],
)
def test_what_is_out_of_step_is_said(held: list[Held], words: str) -> None:
    (complaint,) = complaints(REGISTER, held)
    assert words in complaint


def test_every_rule_that_code_and_pages_name_is_in_the_register() -> None:
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "src").rglob("*.md")]
    named = {
        (rule, file.name)
        for file in files
        for rule in RULE_ID.findall(file.read_text(encoding="utf-8"))
    }
    assert {pair for pair in named if pair[0] not in REGISTER.rules} == set()


def test_a_rule_is_one_sentence() -> None:
    """Long stories belong on the pages of the causes."""
    for name, rule in REGISTER.rules.items():
        assert len(rule.says) < 260, name
        assert rule.says.strip().endswith("."), name
        assert rule.confidence, name
