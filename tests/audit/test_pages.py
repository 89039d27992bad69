"""The rules, their modules and their pages are one set."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from assumable import audit
from assumable.audit.registry import CHECKS, RULES
from assumable.cli.explain import command, plain
from assumable.findings.registry import CAUSES

PAGES = Path(audit.__file__).parent / "pages"
HEADINGS = (
    "What was found", "Why it matters", "Example", "Fix", "Check by hand",
    "Not to be confused with",
)  # fmt: skip
# Every rule, as the output contract lists them.
CONTRACT = {
    "AS1001": "public-trust", "AS1002": "open-guard", "AS1003": "third-party",
    "AS1004": "service-source", "AS1005": "open-subject", "AS1006": "audience",
    "AS1007": "deleted-principal", "AS1008": "dead-statement", "AS1009": "dead-deny",
    "AS1010": "unreachable-mfa", "AS1011": "account-trust", "AS1012": "chain-to-administrator",
}  # fmt: skip


def page_of(code: str) -> str:
    return (PAGES / f"{code}.md").read_text(encoding="utf-8")


def test_rules_are_what_the_contract_lists() -> None:
    assert {check.RULE.code: check.RULE.slug for check in CHECKS} == CONTRACT
    assert [check.RULE.code for check in CHECKS] == list(CONTRACT)
    assert not RULES.keys() & CAUSES.keys()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.RULE.code)
def test_a_rule_is_a_module_with_its_name(check: object) -> None:
    rule, module = check.RULE, check.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
    assert module == f"{rule.code.lower()}_{rule.slug.replace('-', '_')}"


@pytest.mark.parametrize("code", CONTRACT)
def test_a_rule_has_a_page(code: str) -> None:
    page = page_of(code)
    assert page.startswith(f"# {code} {CONTRACT[code]}\n")
    assert tuple(re.findall(r"^## (.+)$", page, re.MULTILINE)) == HEADINGS
    assert f"| code | {code} |\n| rule | `{CONTRACT[code]}` |\n" in page


def test_there_is_no_page_without_a_rule() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == set(CONTRACT)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.RULE.code)
def test_a_page_says_whether_there_are_fixes(check: object) -> None:
    source = Path(check.__file__).read_text(encoding="utf-8")  # type: ignore[attr-defined]
    page = page_of(check.RULE.code)  # type: ignore[attr-defined]
    declared = re.search(r"^\| fixed by assumable \| (\w+)", page, re.MULTILINE)
    assert declared is not None
    assert declared[1] == ("sometimes" if "mended(" in source else "never")


@pytest.mark.parametrize("code", CONTRACT)
@pytest.mark.parametrize("form", [str.upper, str.lower])
def test_explain_shows_it_by_code_and_by_name(code: str, form: object) -> None:
    for name in (code, CONTRACT[code]):
        result = CliRunner().invoke(command, [form(name)], catch_exceptions=False)  # type: ignore[operator]
        assert (result.exit_code, result.output) == (0, page_of(code))


@pytest.mark.parametrize("code", CONTRACT)
def test_its_plain_text_has_no_marks(code: str) -> None:
    text = plain(page_of(code))
    assert "```" not in text
    assert "](" not in text
    assert "**" not in text


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES.glob("*.md"):
        for name in re.findall(r"\]\((AS\d+\.md)\)", page.read_text(encoding="utf-8")):
            assert (PAGES / name).is_file()
