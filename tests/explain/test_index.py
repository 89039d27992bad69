"""The index of causes, by error text and by symptom."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from assumable.cli.explain import command, plain
from assumable.findings.registry import CAUSES
from assumable.formats.message import parse_message

INDEX = Path(__file__).parents[2] / "src" / "assumable" / "causes" / "index.md"
TEXT = INDEX.read_text(encoding="utf-8")
LINK = re.compile(r"\[(?P<slug>[a-z-]+)\]\((?P<code>AS\d{3})\.md\)")
ROW = re.compile(r"^\| `(?P<text>.+?)` \| (?P<causes>\[.*) \|$", re.MULTILINE)
ROWS = [
    (row["text"], [link["slug"] for link in LINK.finditer(row["causes"])])
    for row in ROW.finditer(TEXT)
]
ROLE = "arn:aws:iam::222222222222:role/DeployRole"
CALLER = "arn:aws:iam::111111111111:user/deployer"


def test_explain_without_words_prints_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(command, []).output == TEXT
    monkeypatch.setattr("assumable.cli.explain._is_terminal", lambda: True)
    assert CliRunner().invoke(command, []).output == plain(TEXT)


def test_every_cause_is_in_it_under_its_own_code() -> None:
    linked = {link["slug"]: link["code"] for link in LINK.finditer(TEXT)}
    assert linked == {slug: c.code for slug, c in CAUSES.items()}


@pytest.mark.parametrize(("text", "causes"), ROWS, ids=[text[:60] for text, _ in ROWS])
def test_a_text_leads_to_what_explain_says_of_it(text: str, causes: list[str]) -> None:
    """A fragment stands for the whole refusal; the suspects are among those of the text."""
    whole = text
    if text.startswith("is not authorized"):
        whole = f"User: {CALLER} {text}"
    elif text.startswith(("because ", "with an ")):
        denied = "is not authorized to perform: sts:AssumeRole on resource:"
        whole = f"User: {CALLER} {denied} {ROLE} {text}"
    message = parse_message(whole)
    assert message is not None
    assert [cause for cause in causes if cause not in message.causes] == []
