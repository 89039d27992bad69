"""Bad input: one clear line with the position, exit 2, within two seconds; never a traceback."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assumable.errors import InputError
from assumable.question import assumptions
from tests.aws.environment import isolate
from tests.worlds import DEPLOYER, ROLE, A, B, classic

MAIN = "from assumable.cli.main import main; main()"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", MAIN, *arguments], capture_output=True, text=True, check=False
    )


def refused(path: Path) -> str:
    """The one line on standard error for a scenario that cannot be read."""
    result = run("why", "--scenario", str(path))
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("assumable: ")
    return lines[0]


def changed(**edits: Any) -> dict[str, Any]:
    """The working scenario with other top-level members."""
    return {**classic(), **edits}


def test_a_missing_file(tmp_path: Path) -> None:
    """The name of the file is in the message."""
    assert refused(tmp_path / "none.yaml").endswith("none.yaml: no such file")


def test_a_directory(tmp_path: Path) -> None:
    """A directory is not a file."""
    assert "is a directory" in refused(tmp_path)


TEXTS = {
    "broken YAML": ("scenario: 1\naccounts: [\n", ":3:1:", "not valid YAML"),
    "broken JSON text of a policy": (
        json.dumps(classic()).replace('{"Version"', '"{\\"Version\\": }" , "x": {"Version"', 1),
        ":1:",
        "",
    ),
    "alias bomb": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", ":1:4:", "anchors"),
    "alias": ("scenario: 1\ncall: *nothing\n", "", "YAML"),
    "tag": ("scenario: !!python/object/apply:os.system [id]\n", ":1:11:", "tag"),
    "own tag": ("scenario: !secret 1\n", ":1:11:", "tag"),
    "deep nesting": ("[" * 100_000, ":1:65:", "nested deeper"),
    "two documents": ("scenario: 1\n---\nscenario: 1\n", ":2:1:", "more than one"),
    "duplicate key": ("scenario: 1\nscenario: 1\n", ":2:1:", "twice"),
    "empty file": ("", "", "is empty"),
    "a list": ("- 1\n", ":1:1", "must be an object, not a list"),
    "no text": ("\x00\x01", "", ""),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_no_scenario(name: str, tmp_path: Path) -> None:
    """The line says what is wrong and where."""
    text, position, words = TEXTS[name]
    path = tmp_path / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    line = refused(path)
    assert position in line
    assert words in line


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    """Binary files are refused as such."""
    path = tmp_path / "scenario.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in refused(path)


def test_fifty_megabytes(tmp_path: Path) -> None:
    """The size is looked at before the text is read."""
    path = tmp_path / "scenario.yaml"
    path.write_bytes(b"a" * 50_000_000)
    assert "larger than 10 MB" in refused(path)


def test_deeply_nested_json(tmp_path: Path) -> None:
    """JSON has the same limit as YAML."""
    path = tmp_path / "scenario.json"
    path.write_text('{"a":' * 70 + "1" + "}" * 70, encoding="utf-8")
    assert "nested deeper than 64 levels" in refused(path)


def role_with(document: Any) -> dict[str, Any]:
    """Accounts whose only role has this trust policy."""
    role = {"RoleName": "DeployRole", "AssumeRolePolicyDocument": document}
    return {"222222222222": {"RoleDetailList": [role]}}


def lasting(seconds: Any) -> dict[str, Any]:
    """A scenario whose role has this MaxSessionDuration."""
    accounts = classic()["accounts"]
    accounts[B]["RoleDetailList"][0]["MaxSessionDuration"] = seconds
    return changed(accounts=accounts)


def by(**caller: Any) -> dict[str, Any]:
    """A scenario whose caller has these members too, or these alone when it has no ARN."""
    own = caller if "service" in caller else {"arn": DEPLOYER, **caller}
    return changed(call={**classic()["call"], "caller": own})


OF_A_ROLE = "/RoleDetailList/0/MaxSessionDuration"
SCENARIOS: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown key": (changed(acounts={}), "/acounts", "unknown key `acounts`"),
    "wrong type": (changed(accounts=[]), "/accounts", "must be an object, not a list"),
    "wrong version": (changed(scenario=2), "/scenario", "version 1"),
    "11 digits": (changed(accounts={"11111111111": {}}), "/accounts/11111111111", "12 digits"),
    "number for text": (
        changed(accounts={A: {"UserDetailList": [{"UserName": 7}]}}),
        f"/accounts/{A}/UserDetailList/0/UserName",
        "must be text, not a number",
    ),
    "unknown user key": (
        changed(accounts={A: {"UserDetailList": [{"UserName": "x", "Policies": []}]}}),
        "/UserDetailList/0/Policies",
        "unknown key `Policies`",
    ),
    "policy that is no object": (
        changed(accounts=role_with(7)),
        "AssumeRolePolicyDocument",
        "object",
    ),
    "policy text that is no JSON": (
        changed(accounts=role_with('{"Version": }')),
        "AssumeRolePolicyDocument",
        "not valid JSON",
    ),
    "policy without Effect": (
        changed(accounts=role_with({"Statement": [{"Action": "sts:AssumeRole"}]})),
        "/Statement/0",
        "`Effect` must be `Allow` or `Deny`",
    ),
    "unknown operator": (
        changed(
            accounts=role_with(
                {
                    "Statement": {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEqualz": {"aws:username": "x"}},
                    }
                }
            )
        ),
        "/Statement/Condition/StringEqualz",
        "unknown condition operator",
    ),
    "caller that is no ARN": (
        changed(call={"api": "AssumeRole", "caller": {"arn": "deployer"}}),
        "/call/caller/arn",
        "is not the ARN of a caller",
    ),
    "caller that is a role": (
        changed(call={"api": "AssumeRole", "caller": {"arn": f"arn:aws:iam::{A}:role/x"}}),
        "/call/caller/arn",
        f"arn:aws:sts::{A}:assumed-role/x/SESSION",
    ),
    "address and endpoint": (
        changed(
            call={
                **classic()["call"],
                "network": {"source_ip": "192.0.2.1", "vpc_endpoint": "vpce-1"},
            }
        ),
        "/call/network/source_ip",
        "exclude each other",
    ),
    **{
        f"a maximum of {seconds}": (lasting(seconds), OF_A_ROLE, "a number from 3600 to 43200")
        for seconds in (0, -5, 3_599, 43_201)
    },
    "a broken maximum": (lasting(3600.5), OF_A_ROLE, "a whole number, not 3600.5"),
    "a maximum in quotes": (lasting("3600"), OF_A_ROLE, "a whole number, not text"),
    **{
        f"an age of {age}": (by(mfa={"age": age}), "/call/caller/mfa/age", "from 0 to 129600")
        for age in (-5, 10**23)
    },
    **{
        f"service: {name}": (by(service=name), "/call/caller/service", "is no service principal")
        for name in (
            "",
            "foo",
            "foo bar",
            "Lambda.amazonaws.com",
            "amazonaws.com",
            "x.amazonaws.co",
        )
    },
    "mfa: maybe": (by(mfa="maybe"), "/call/caller/mfa", "true, false, unknown, or {age: SECONDS}"),
    "unknown part": (changed(unknown=["weather"]), "/unknown/0", "no part that can be unknown"),
    "bad time": (changed(time="yesterday"), "/time", "ISO 8601"),
    "former id": (changed(former={"CI": ROLE}), "/former/CI", "`CI` is not the unique id of a"),
    "former ARN": (
        changed(former={"AROAEXAMPLEDELETED01": "role/CI"}),
        "/former/AROAEXAMPLEDELETED01",
        "`role/CI` is not the ARN of a user or role",
    ),
    "former list": (changed(former=[]), "/former", "must be an object"),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_with_a_mistake(name: str, tmp_path: Path) -> None:
    """The JSON pointer of the mistake is in the line, and so are line and column."""
    scenario, pointer, words = SCENARIOS[name]
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(scenario, indent=2), encoding="utf-8")
    line = refused(path)
    assert pointer in line
    assert words in line
    assert "scenario.json:" in line


def test_an_uncaught_exception_exits_70(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bug never looks like a verdict, and shows its place, not what it stumbled over."""
    from assumable.cli import main, why

    def broken(_: object) -> None:
        raise ZeroDivisionError("a claim")

    monkeypatch.setattr(why, "scenario_of", broken)
    monkeypatch.setattr(sys, "argv", ["assumable", "why", "--role-arn", "x"])
    with pytest.raises(SystemExit) as exit_:
        main.main()
    assert exit_.value.code == 70
    line = capsys.readouterr().err
    assert re.search(r"\(ZeroDivisionError at assumable\.cli\.why:\d+\)", line)
    assert "claim" not in line


def test_an_interrupt_while_modules_load_shows_no_traceback() -> None:
    """Whenever it comes: click itself is only being found here."""
    code = (
        "import os, signal, sys\n"
        "class Slow:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'click':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.meta_path.insert(0, Slow())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code + MAIN], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "")


def test_a_command_that_is_nearly_one_names_it() -> None:
    """And only then."""
    assert run("wyh").stderr == "assumable: No such command 'wyh'. Did you mean 'why'?\n"
    assert run("nonsense").stderr == "assumable: No such command 'nonsense'.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["why"],
        ["why", "--nonsense"],
        ["whi"],
        ["why", "--role-arn", "arn:aws:iam::222222222222:role/x", "--snapshot", "/nonexistent"],
        ["why", "--role-arn", "x", "--assume", "U-99=yes", "--scenario", "x"],
        ["why", "--role-arn", "arn:aws:iam::222222222222:role/x", "--tags", "team=web"],
    ],
    ids=" ".join,
)
def test_bad_usage_exits_2(arguments: list[str]) -> None:
    """Usage mistakes get one line as well."""
    result = run(*arguments)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("U-10", "--assume: U-10 needs a value (U-10=visible or U-10=hidden)"),
        ("U-10=", "U-10 needs a value"),
        ("U-10=x", "`x` is no value of U-10 (one of visible, hidden)"),
        ("=x", "--assume: names no open item (one of "),
    ],
)
def test_what_is_missing_in_an_assumption_is_said(text: str, words: str) -> None:
    """Never with an empty pair of backticks."""
    with pytest.raises(InputError) as raised:
        assumptions([text])
    assert words in str(raised.value)


SLIPS = [("us-esat-1", "us-east-1"), ("eu-centrla-1", "eu-central-1"), ("useast-1", "us-east-1"),
         ("us-east1", "us-east-1"), ("EU-WEST-1", "eu-west-1")]  # fmt: skip
ASK = ("why", "--role-arn", ROLE, "--role-session-name", "ci")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A profile with keys; nothing answers, and whoever asks AWS would end with status 4."""
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    isolate(tmp_path, monkeypatch, **keys, HTTPS_PROXY="http://127.0.0.1:9")
    return tmp_path


@pytest.mark.parametrize(("slip", "meant"), SLIPS)
def test_a_slip_in_a_region_is_told_before_anybody_is_asked(
    slip: str, meant: str, machine: Path
) -> None:
    result = run(*ASK, "--region", slip)
    said = f"`{slip}` is no Region: did you mean {meant}?"
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"assumable: --region: {said}\n"


@pytest.mark.parametrize("slip", ["us-esat-1"])
def test_a_slip_in_the_region_of_the_set_up_is_told_with_its_place(
    slip: str, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine / "config").write_text(f"[profile prod]\nregion = {slip}\n")
    result = run(*ASK, "--profile", "prod")
    assert result.returncode == 2
    assert result.stderr.startswith(f"assumable: {machine}/config:2: `{slip}` is no Region")
    monkeypatch.setenv("AWS_DEFAULT_REGION", slip)
    assert run(*ASK).stderr.startswith(f"assumable: AWS_DEFAULT_REGION: `{slip}` is no Region")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert run(*ASK).returncode == 4


@pytest.mark.parametrize(
    ("region", "hint"),
    [
        ("us-east-1", ""),
        ("aws-global", ""),
        ("us-gov-west-1", ""),
        ("sa-west-1", "did you mean"),
        ("su-east-1", "did you mean"),
        ("us-east-9", "did you mean us-east-1?"),
    ],
)
def test_a_name_that_a_new_region_may_have_is_tried(region: str, hint: str, machine: Path) -> None:
    """AWS opens Regions that nobody knew before; what looks like a slip is said at the end."""
    result = run(*ASK, "--region", region)
    assert (result.returncode, result.stderr.count("\n")) == (4, 1)
    assert (hint in result.stderr) if hint else ("did you mean" not in result.stderr)


def test_a_region_is_its_own_affair_where_the_endpoint_is_named(machine: Path) -> None:
    result = run(*ASK, "--region", "us-esat-1", "--endpoint-url", "http://127.0.0.1:9")
    assert result.returncode == 4
