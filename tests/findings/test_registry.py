"""The registry, the cause pages and the scenarios are one set."""

import re
from pathlib import Path

import pytest
import yaml

from assumable.findings.registry import CAUSES, CHECKS

TESTS = Path(__file__).parent.parent
PAGES = TESTS.parent / "src" / "assumable" / "causes"
SCENARIOS = TESTS / "scenarios"
# Every cause with its checklist row, as the output contract lists them.
CONTRACT = {
    "AS001": ("parameter", 2), "AS002": ("role-not-found", 2), "AS003": ("caller-not-found", 1),
    "AS004": ("credentials", 1), "AS005": ("root-caller", 1), "AS006": ("partition", 2),
    "AS007": ("region", 6), "AS008": ("client-config", 1), "AS009": ("propagation", 2),
    "AS101": ("trust-principal", 2), "AS102": ("trust-action", 2), "AS103": ("trust-condition", 2),
    "AS104": ("trust-explicit-deny", 2), "AS201": ("identity-permission", 1),
    "AS202": ("identity-explicit-deny", 1), "AS301": ("external-id", 3), "AS401": ("mfa", 4),
    "AS501": ("duration", 5), "AS601": ("scp", 6), "AS602": ("rcp", 6),
    "AS701": ("permissions-boundary", 7), "AS702": ("session-policy", 7),
    "AS703": ("vpc-endpoint-policy", 7), "AS801": ("session-tags", 2),
    "AS802": ("source-identity", 2), "AS901": ("web-identity-claim", 2),
    "AS902": ("identity-provider", 2), "AS903": ("saml-attribute", 2),
    "AS904": ("service-principal", 2),
}  # fmt: skip
CODES = [check.CAUSE.code for check in CHECKS]
HEADINGS = (
    "What happened", "Why AWS refuses", "Example", "Fix", "Check by hand",
    "Not to be confused with",
)  # fmt: skip


def expectations(code: str, kind: str) -> list[dict]:
    """What the scenarios of a code and a kind expect."""
    files = sorted((SCENARIOS / code).glob(f"{kind}-*.yaml"))
    return [yaml.safe_load(file.read_text(encoding="utf-8"))["expect"] for file in files]


def test_codes_and_slugs_are_unique_and_in_order() -> None:
    assert sorted(set(CODES)) == CODES
    assert len(CAUSES) == len(CODES)


@pytest.mark.parametrize("number", range(len(CODES)), ids=CODES)
def test_check_is_what_the_contract_lists(number: int) -> None:
    check = CHECKS[number]
    cause = check.CAUSE
    assert (cause.slug, int(cause.row)) == CONTRACT[cause.code]
    module = check.__name__.rpartition(".")[2]
    assert module == f"{cause.code.lower()}_{cause.slug.replace('-', '_')}"


@pytest.mark.parametrize("code", CODES)
def test_cause_fires_in_a_scenario(code: str) -> None:
    slug = CONTRACT[code][0]
    expected = expectations(code, "fires")
    assert expected
    assert all(slug in (*expect["causes"], *expect.get("notes", ())) for expect in expected)


@pytest.mark.parametrize("code", CODES)
def test_cause_is_silent_in_a_near_miss(code: str) -> None:
    slug = CONTRACT[code][0]
    expected = expectations(code, "near-miss")
    assert expected
    for expect in expected:
        tolerated = {
            *expect.get("causes", ()),
            *expect.get("any_of", ()),
            *expect.get("accept", ()),
            *expect.get("notes", ()),
        }
        assert slug not in tolerated


def test_scenarios_are_named_by_what_they_show() -> None:
    names = [file.relative_to(SCENARIOS) for file in SCENARIOS.rglob("*.yaml")]
    assert all(re.fullmatch(r"AS\d{3}/(fires|near-miss)-[a-z0-9-]+\.yaml", str(n)) for n in names)
    assert {name.parts[0] for name in names} == set(CODES)


@pytest.mark.parametrize("code", CONTRACT)
def test_cause_has_a_page(code: str) -> None:
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    slug = CONTRACT[code][0]
    assert page.startswith(f"# {code} {slug}\n")
    assert tuple(re.findall(r"^## (.+)$", page, re.MULTILINE)) == HEADINGS
    assert f"| code | {code} |\n| cause | `{slug}` |\n| checklist row | " in page


@pytest.mark.parametrize("code", CODES)
def test_page_refers_to_a_scenario_of_its_cause(code: str) -> None:
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    named = re.findall(r"tests/(scenarios/AS\d{3}/fires-\S+?\.yaml)", page)
    assert named
    assert all(f"/{code}/" in name and (TESTS / name).is_file() for name in named)


def test_there_is_no_page_without_a_cause() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {*CONTRACT, "index"}
