"""`assumable explain` from the outside."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from assumable.cli.explain import command, plain
from assumable.errors import InputError
from assumable.findings.registry import CAUSES

PAGES = Path(__file__).parents[2] / "src" / "assumable" / "causes"
CALLER = "arn:aws:iam::111111111111:user/deployer"
ROLE = "arn:aws:iam::222222222222:role/DeployRole"
DENIED = (
    "An error occurred (AccessDenied) when calling the AssumeRole operation: "
    f"User: {CALLER} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
)


def explained(*words: str, stdin: str = "") -> str:
    result = CliRunner().invoke(command, list(words), input=stdin, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("name", ["AS301", "as301", "external-id", "External-ID"])
def test_page_by_code_or_cause(name: str) -> None:
    assert explained(name) == (PAGES / "AS301.md").read_text(encoding="utf-8")


def test_page_on_a_terminal_is_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("assumable.cli.explain.sys", terminal)
    assert explained("AS301") == plain((PAGES / "AS301.md").read_text(encoding="utf-8"))


def test_every_cause_has_its_page() -> None:
    for slug, cause in CAUSES.items():
        assert explained(slug).startswith(f"# {cause.code} {slug}\n")


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_plain_text_has_no_marks(page: Path) -> None:
    text = plain(page.read_text(encoding="utf-8"))
    assert "```" not in text
    assert "](" not in text
    assert "**" not in text
    assert not any(line.startswith(("#", "|")) for line in text.splitlines())
    assert "What happened\n-------------\n" in text


def test_plain_text_keeps_commands_and_links() -> None:
    markdown = (
        "# T\n\nSee [the docs](https://example.com/a_b).\n\n"
        "```\naws `x`\n```\n| a | b |\n|---|---|\n"
    )
    assert plain(markdown) == (
        "T\n=\n\nSee the docs <https://example.com/a_b>.\n\n    aws `x`\n  a" + " " * 27 + "b\n"
    )


def test_error_text_names_everything_and_the_next_command() -> None:
    text = explained(DENIED)
    for part in (CALLER, ROLE, "sts:AssumeRole", "account 111111111111", "account 222222222222"):
        assert part in text
    assert text.index("AS101 trust-principal") < text.index("AS002 role-not-found")
    assert "priors from 241 public failures, never evidence" in " ".join(text.split())
    assert f"\n  assumable why --role-arn {ROLE} --profile PROFILE\n" in text


def test_error_text_in_several_words_and_from_standard_input() -> None:
    assert explained(*DENIED.split()) == explained(DENIED) == explained("-", stdin=DENIED + "\n")


def test_client_error_leads_to_the_profile() -> None:
    text = explained("Unable to locate credentials")
    assert "AS008 client-config" in text
    assert "aws sts get-caller-identity --profile PROFILE" in text


def test_web_identity_leads_to_a_scenario() -> None:
    text = explained("Not authorized to perform sts:AssumeRoleWithWebIdentity")
    assert "assumable why --scenario FILE" in text
    assert "--role-arn" not in text


def test_throttling_has_no_cause() -> None:
    text = explained(
        "An error occurred (Throttling) when calling the AssumeRole operation: Rate exceeded"
    )
    assert "can mean" not in text
    assert "HTTP 400" in text


def test_role_is_quoted_for_the_shell() -> None:
    text = explained(DENIED.replace("DeployRole", "$(x"))
    assert "'arn:aws:iam::222222222222:role/$(x'" in text


@pytest.mark.parametrize("words", [("AS999",), ("hello", "there"), (), ("-",)])
def test_unknown_input(words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        CliRunner().invoke(command, list(words), catch_exceptions=False)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    assert "AS301" in str(caught.value)


def test_exit_status_from_the_shell() -> None:
    code = "from assumable.cli.main import main; main()"
    run = subprocess.run(
        [sys.executable, "-c", code, "explain", "hello"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert run.stderr.startswith("assumable: `hello` is no cause")
    assert run.stderr.count("\n") == 1
