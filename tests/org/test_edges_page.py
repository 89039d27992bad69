"""The page of `assumable edges --format html`, in a browser."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, expect, sync_playwright

from assumable.cli.edges import command
from tests.worlds import A, B, allow, classic, policy, trust

BROWSERS = ("chromium", "google-chrome")
ALONE = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip
WIDE, NARROW = 1280, 400
HEADINGS = ("Account", "Principal", "Role's account", "Role", "Condition")
MARKUP = "<script>document.title='taken'</script><b>x</b>&amp;"
LONG = "a-name-as-long-as-IAM-lets-a-role-be-named-and-not-one-letter-xx"
PATH = f"/{MARKUP}/{'p' * 300}/"
CI = f"arn:aws:iam::{A}:role/a,b/CI"
Row = tuple[str, ...]
ROWS: list[Row] = [
    (A, "role/a,b/CI", A, "role/a,b/CI", f"sts:ExternalId is `{MARKUP}`"),
    (A, f"role{PATH}{LONG}", B, "role/DeployRole", ""),
    (A, "role/a,b/CI", B, "role/DeployRole", ""),
    (A, "user/deployer", B, "role/DeployRole", ""),
]
WANTED = {
    "ci": [0, 2],
    "  deployROLE\tuser/ ": [3],
    B: [1, 2, 3],
    "<script>": [0, 1],
    "externalid `<": [0],
    "nobody": [],
    "": [0, 1, 2, 3],
}
"""Which rows have what somebody may look for."""
EDGES = """parts => parts.map(part => {
  const {left, right} = part.getBoundingClientRect();
  return {left, right: Math.max(right, left + part.scrollWidth), text: part.textContent};
})"""
CONTRAST = """wanted => {
  const parts = color => color.match(/[\\d.]+/g).map(Number);
  const mix = (top, share, under) => top.map((c, n) => c * share + under[n] * (1 - share));
  const light = color => {
    const [r, g, b] = color.map(c => c / 255)
      .map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const [selector, pseudo] = wanted, element = document.querySelector(selector);
  const filled = getComputedStyle(element).backgroundColor, clear = parts(filled)[3] === 0;
  const root = getComputedStyle(document.documentElement).backgroundColor;
  const ground = parts(clear ? root : filled), style = getComputedStyle(element, pseudo);
  const top = light(mix(parts(style.color).slice(0, 3), Number(style.opacity), ground));
  const [less, more] = [top, light(ground.slice(0, 3))].sort((a, b) => a - b);
  return (more + .05) / (less + .05);
}"""
"""How much a text stands out, by WCAG 2.2: from 1 to 21."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("no browser: apt-get install chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=ALONE)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with markup in a condition and in a path, and a name as long as IAM lets it be."""
    world = classic(trust_statements=[trust({"AWS": f"arn:aws:iam::{A}:root"})])
    wanted = {"StringEquals": {"sts:ExternalId": MARKUP}}
    world["accounts"][A]["RoleDetailList"] = [
        {
            "RoleName": "CI",
            "Path": "/a,b/",
            "AssumeRolePolicyDocument": policy(trust({"AWS": CI}, Condition=wanted)),
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow())}],
        },
        {
            "RoleName": LONG,
            "Path": PATH,
            "AssumeRolePolicyDocument": policy(trust({"Service": "ec2.amazonaws.com"})),
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow())}],
        },
    ]
    folder = tmp_path_factory.mktemp("page")
    scenario, page = folder / "s.json", folder / "e.html"
    scenario.write_text(json.dumps(world))
    words = ["--scenario", str(scenario), "--output", str(page)]
    assert CliRunner().invoke(command, words).exception is None
    return page


@pytest.fixture(params=[WIDE, NARROW])
def width(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def page(browser: Browser, file: Path, width: int) -> Iterator[Page]:
    """The page, open; it must ask for nothing but itself, and complain of nothing."""
    asked: list[str] = []
    complaints: list[str] = []
    with browser.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(file.as_uri())
        yield page
    assert asked == [file.as_uri()]
    assert complaints == []


def shown(page: Page) -> list[Row]:
    rows = page.locator("tbody tr:visible")
    return [tuple(row.locator("td").all_text_contents()) for row in rows.all()]


def told(page: Page) -> str:
    return page.get_by_role("status").inner_text()


def test_all_edges_are_shown_and_markup_stays_text(page: Page) -> None:
    assert shown(page) == ROWS
    assert told(page) == "4 of 4 edges"
    assert page.title() == "Who can assume which role"
    assert page.locator("tbody :is(script, b)").count() == 0


def test_rows_are_filtered_by_all_words(page: Page) -> None:
    box = page.get_by_role("searchbox", name="Rows with")
    for wanted, numbers in WANTED.items():
        box.fill(wanted)
        assert shown(page) == [ROWS[number] for number in numbers]
        assert told(page) == f"{len(numbers)} of 4 edges"


def test_rows_are_sorted_by_each_column(page: Page) -> None:
    """Up, then down; equal ones stay in their order going up, and what is filtered out stays so."""
    for column, name in enumerate(HEADINGS):
        button = page.get_by_role("button", name=name, exact=True)
        up = sorted(shown(page), key=lambda row: row[column])
        for order, state in ((up, "ascending"), (up[::-1], "descending"), (up, "ascending")):
            button.click()
            assert shown(page) == order
            expect(page.locator("th").nth(column)).to_have_attribute("aria-sort", state)
            assert page.locator("th:not([aria-sort=none])").count() == 1
    page.get_by_role("searchbox").fill("user/deployer")
    page.get_by_role("button").first.press("Enter")
    assert shown(page) == [ROWS[3]]


def test_nothing_is_out_of_sight(page: Page, width: int) -> None:
    """All of it is as wide as the window, whatever is long, and headings stand above their rows."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    parts = page.locator("h1, input, [role=status], th button, td:not(:empty)")
    edges = parts.evaluate_all(EDGES)
    assert len(edges) == parts.count() == 1 + 1 + 1 + len(HEADINGS) + 4 * len(HEADINGS) - 3
    assert [edge for edge in edges if not 0 <= edge["left"] < edge["right"] <= width] == []
    if width == WIDE:
        left = [round(edge["left"]) for edge in edges[3:]]
        assert left[: len(HEADINGS)] == left[len(HEADINGS) : 2 * len(HEADINGS)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_in_either_scheme(scheme: str, page: Page) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    for text in (["td", None], ["th button", None], ["h1", None], ["input", None]):
        assert page.evaluate(CONTRAST, text) >= 7, text
    assert page.evaluate(CONTRAST, ["input", "::placeholder"]) >= 4.5
