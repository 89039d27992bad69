"""`assumable explain` from the outside."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from assumable.cli.explain import _standard_input, command, plain, readable
from assumable.engine.open_items import OPEN_ITEMS
from assumable.errors import InputError
from assumable.findings.registry import CAUSES
from tests.bearers import jwt, response

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
    monkeypatch.setattr("assumable.cli.explain._is_terminal", lambda: True)
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
    heading = "By what you see" if page.stem == "index" else "What happened"
    assert f"{heading}\n{'-' * len(heading)}\n" in text


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
    assert "116 public failures of AssumeRole: priors, never evidence" in text
    assert (
        f"assumable why --role-arn {ROLE} --role-session-name SESSION --profile PROFILE"
        in " ".join(text.replace("\\\n", " ").split())
    )


def test_what_it_says_comes_first_then_the_five_most_likely_then_the_command() -> None:
    text = explained(DENIED)
    parts = ("  caller ", "  action ", "  role ", "most likely", "AS101", "15 more: ", "next ")
    places = [text.index(part) for part in (*parts, "assumable why", "\nnot: AS001 AS003 ")]
    assert places == sorted(places)
    counts = [int(count) for count in re.findall(r"^ +(\d+)  AS\d{3} ", text, re.MULTILINE)]
    assert len(counts) == 5
    assert counts == sorted(counts, reverse=True)
    assert 0 not in counts


@pytest.mark.parametrize("columns", [40, 72, 100, 250])
def test_lines_fit_the_terminal_and_break_between_words(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("assumable.cli.explain._is_terminal", lambda: True)
    words = set(DENIED.split())
    for line in explained(DENIED).splitlines():
        assert len(line) <= min(columns, 100) or words & set(line.split())


def test_width_is_100_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert max(map(len, explained(DENIED).splitlines())) in range(90, 101)


@pytest.mark.parametrize("role", ["***", "arn:aws:iam::...:role/x", "<role>"])
def test_masked_role_is_left_to_the_reader(role: str) -> None:
    assert "--role-arn ROLE-ARN --role-session-name" in explained(DENIED.replace(ROLE, role))


def test_service_leads_to_a_scenario() -> None:
    text = explained("The role defined for the function cannot be assumed by Lambda.")
    assert "assumable why --scenario FILE" in text


def test_nothing_in_the_text_reaches_the_terminal_raw() -> None:
    odd = DENIED.replace("DeployRole", "De\x1b[31mploy\u202eRole\u200b")
    text = explained("-", stdin=odd.replace(" is not", "\x9b\x00\x07is not"))
    assert "role/Deploy\\u202eRole\\u200b" in text
    assert text.replace("\n", "").isprintable()


def test_bytes_that_are_no_text_are_shown_as_escapes() -> None:
    with pytest.raises(InputError, match=re.escape(r"`\xff\xad`")):
        CliRunner().invoke(command, ["\udcff\xad"], catch_exceptions=False)
    assert readable("\ufeffa\u2028b\U000e0041") == r"a b\U000e0041"


def test_standard_input_without_end_is_read_in_part() -> None:
    assert explained("-", stdin=DENIED + " " + "x" * 1_000_000) == explained(DENIED)
    with pytest.raises(InputError, match="nothing to explain"):
        CliRunner().invoke(command, ["-"], input=b"\0" * 1_000_000, catch_exceptions=False)


def test_no_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert _standard_input() == ""


def test_error_text_in_several_words_and_from_standard_input() -> None:
    assert explained(*DENIED.split()) == explained(DENIED) == explained("-", stdin=DENIED + "\n")


def test_client_error_leads_to_the_profile() -> None:
    text = explained("Unable to locate credentials")
    assert "AS008 client-config" in text
    assert "aws sts get-caller-identity --profile PROFILE" in text


def test_web_identity_leads_to_the_token() -> None:
    text = explained("Not authorized to perform sts:AssumeRoleWithWebIdentity")
    assert "\n  assumable why --role-arn ROLE-ARN --web-identity-token FILE --profile" in text
    assert "\n  assumable why --role-arn ROLE-ARN --github repo=OWNER/REPO ref=REF" in text
    text = explained("Not authorized to perform sts:AssumeRoleWithSAML")
    assert "\n  assumable why --role-arn ROLE-ARN --saml-assertion FILE --profile" in text


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ('The source_profile "deployr" referenced in the profile "a b" does not exist.', "'a b'"),
        ("The config profile (prdo) could not be found", "prdo"),
        (
            "Infinite loop in credential configuration … profile one which has been visited",
            "one",
        ),
    ],
)
def test_a_profile_that_the_text_names_is_asked_about(text: str, profile: str) -> None:
    assert f"\n  assumable why --profile {profile}\n" in explained(text)


def test_without_a_name_the_client_says_whose_credentials_it_has() -> None:
    text = explained("Unable to locate credentials. You can configure credentials by running")
    assert "aws sts get-caller-identity --profile PROFILE" in text
    masked = explained("The config profile (***) could not be found")
    assert "aws sts get-caller-identity --profile PROFILE" in masked


@pytest.mark.parametrize("words", [
    "An error occurred (InvalidAction) when calling the AssumeRoot operation: Unknown Operation",
    "User: arn:aws:iam::111111111111:user/a is not authorized to perform: sts:AssumeRoot",
])  # fmt: skip
def test_assume_root_leads_to_a_snapshot(words: str) -> None:
    text = explained(words)
    assert "--target-principal" in text
    assert "--role-arn" not in text
    assert ("AS007" in text) is ("InvalidAction" in words)


def test_throttling_has_no_cause() -> None:
    text = explained(
        "An error occurred (Throttling) when calling the AssumeRole operation: Rate exceeded"
    )
    assert "likely" not in text
    assert "next" not in text
    assert "HTTP 400" in text


def test_role_is_quoted_for_the_shell() -> None:
    text = explained(DENIED.replace("DeployRole", "$(x"))
    assert "'arn:aws:iam::222222222222:role/$(x'" in text


@pytest.mark.parametrize("words", [("AS999",), ("hello", "there"), ("",), ("-",)])
def test_unknown_input(words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        CliRunner().invoke(command, list(words), catch_exceptions=False)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    assert "AS301" in str(caught.value)


@pytest.mark.parametrize(
    "secret",
    [
        jwt().decode(),
        json.dumps({"value": jwt().decode()}),
        base64.b64encode(response()).decode(),
        base64.encodebytes(response()).decode(),
        response().decode(),
        "Bearer " + jwt().decode(),
    ],
    ids=["token", "json", "assertion", "in lines", "xml", "bearer"],
)
def test_what_may_be_a_secret_is_not_repeated(secret: str) -> None:
    """People paste the token that they have at hand."""
    with pytest.raises(InputError) as caught:
        CliRunner().invoke(command, [secret], catch_exceptions=False)
    line = str(caught.value)
    assert secret[:12] not in line
    assert "--web-identity-token" in line


def test_a_rule_or_open_item_says_where_it_is_written() -> None:
    """Answers cite them."""
    assert explained("U-10") == (
        f"U-10: {OPEN_ITEMS['U-10'].question} See docs/rules.md; --assume U-10=visible or "
        "U-10=hidden decides it.\n"
    )
    for name in ("R1.3", "t34", "R5.14a", "U-13"):
        assert explained(name).startswith(f"{name[0].upper()}{name[1:]}: see docs/rules.md")


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


def test_a_file_is_read_and_one_that_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("error.txt").write_text(f"{DENIED}\n", encoding="utf-8")
    assert explained("error.txt") == explained(DENIED)
    Path("external-id").write_text(DENIED, encoding="utf-8")
    assert explained("external-id").startswith("# AS301 external-id\n")
    with pytest.raises(InputError, match=r"^nope\.txt: no such file$"):
        explained("nope.txt")
