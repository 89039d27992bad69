"""`assumable why` as people run it."""

import contextlib
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

from assumable import arn
from assumable.cli.why import command
from assumable.formats.command import PARAMETERS, parameters_from_flags
from tests.chains import CI, chained
from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, policy, trust

MAIN = "from assumable.cli.main import main; main()"


def run(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", MAIN, *arguments],
        capture_output=True, text=True, check=False, input=stdin,
    )  # fmt: skip


def written(folder: Path, name: str, value: Any) -> str:
    """The path of a new JSON file."""
    path = folder / name
    path.write_text(json.dumps(value, indent=2), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        (classic(), 0),
        (classic(identity=[]), 1),
        ({**classic(), "organization": "unknown"}, 3),
    ],
    ids=["allowed", "denied", "conditional"],
)
def test_the_exit_code_is_the_verdict(scenario: dict[str, Any], code: int, tmp_path: Path) -> None:
    """0 allowed, 1 denied, 3 conditional."""
    path = written(tmp_path, "scenario.json", scenario)
    assert run("why", "--scenario", path).returncode == code
    assert run("why", "--scenario", path, "--exit-zero").returncode == 0


def test_json_is_one_object_with_the_contract(tmp_path: Path) -> None:
    """The object carries its schema and agrees with the exit code."""
    result = run(
        "why", "--scenario", written(tmp_path, "s.json", classic(identity=[])), "--format", "json"
    )
    answer = json.loads(result.stdout)
    assert answer["schema"] == "assumable/diagnosis/1"
    assert answer["verdict"] == "denied"
    assert [row["check"] for row in answer["checklist"]] == [
        "caller's permission",
        "trust policy",
        "external ID",
        "MFA",
        "session duration",
        "organization",
        "caps on the caller",
    ]


def snapshot(folder: Path) -> str:
    """Two accounts as `get-account-authorization-details` writes them."""
    scenario = classic()
    for account, details in scenario["accounts"].items():
        whole: dict[str, Any] = {
            "UserDetailList": [],
            "RoleDetailList": [],
            "GroupDetailList": [],
            "Policies": [],
        }
        for user in details.get("UserDetailList", []):
            user |= {"Path": "/", "Arn": DEPLOYER, "UserId": "AIDAEXAMPLEDEPLOYER00"}
        for role in details.get("RoleDetailList", []):
            role |= {"Path": "/", "Arn": ROLE, "RoleId": "AROAEXAMPLEDEPLOYROLE"}
        written(folder, f"{account}.json", {**whole, **details})
    return str(folder)


def test_a_snapshot_without_an_organization_leaves_scps_open(tmp_path: Path) -> None:
    """What was not collected is unknown, and the headline says so."""
    flags = ["--caller", DEPLOYER, "--role-arn", ROLE, "--role-session-name", "deploy-session"]
    result = run("why", "--snapshot", snapshot(tmp_path), *flags)
    assert result.returncode == 3, result.stderr
    assert "allowed, unless an SCP or RCP that I could not read denies it" in result.stdout
    opened = run("why", "--snapshot", str(tmp_path), *flags, "--assume", "organization=open")
    assert opened.returncode == 0, opened.stdout


TASK = "arn=arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"


@pytest.mark.parametrize(("root_access", "status"), [(True, 0), (False, 1), (None, 3)])
def test_a_snapshot_with_an_organization_decides_assume_root(
    root_access: bool | None, status: int, tmp_path: Path
) -> None:
    organization = {
        "Id": "o-exampleorgid", "MasterAccountId": A, "Roots": [{"Id": "r-ab12"}], "Policies": [],
        "Accounts": [{"Id": account, "ParentId": "r-ab12"} for account in (A, B)],
    }  # fmt: skip
    said = {} if root_access is None else {"RootAccess": root_access}
    folder = snapshot(tmp_path)
    home = tmp_path / f"{A}.json"
    home.write_text(home.read_text().replace("sts:AssumeRole", "sts:*").replace(ROLE, "*"))
    written(tmp_path, "organization.json", {**organization, **said})
    asked = ("--caller", DEPLOYER, "--target-principal", B, "--task-policy-arn", TASK)
    result = run("why", "--snapshot", folder, *asked)
    assert (result.returncode, result.stderr) == (status, "")
    assert ("centralized root access is" in result.stdout) is not root_access


@pytest.mark.parametrize("flags", [
    ("--caller", DEPLOYER, "--caller-policy", "p.json"),
    ("--caller", DEPLOYER, "--snapshot", ".", "--role-arn", ROLE),
    ("--caller", DEPLOYER, "--snapshot", ".", "--via", CI),
], ids=str)  # fmt: skip
def test_assume_root_needs_an_organization_and_no_role(flags: tuple[str, ...]) -> None:
    result = run("why", "--target-principal", B, "--task-policy-arn", TASK, *flags)
    assert result.returncode == 2
    assert "--target-principal" in result.stderr or "leave out --role-arn" in result.stderr


def test_a_snapshot_takes_every_flag_of_assume_role(tmp_path: Path) -> None:
    """Tags need sts:TagSession, which nobody allows here."""
    result = run(
        "why", "--snapshot", snapshot(tmp_path), "--caller", DEPLOYER, "--role-arn", ROLE,
        "--role-session-name", "deploy-session", "--tags", "Key=team,Value=web", "--format", "json",
    )  # fmt: skip
    assert {finding["cause"] for finding in json.loads(result.stdout)["findings"]} == {
        "session-tags"
    }


def test_every_parameter_has_its_flag() -> None:
    """`aws sts …` becomes `assumable why`, and nothing else of the command changes."""
    assert set(PARAMETERS.values()) <= {each.name for each in command.params}


def test_provided_contexts_follow_one_flag() -> None:
    contexts = [f"ProviderArn={name},ContextAssertion=c" for name in ("a", "b")]
    asked = command.make_context("why", ["--provided-contexts", *contexts]).params
    found = parameters_from_flags(asked)["ProvidedContexts"]
    assert [each["ProviderArn"] for each in found] == ["a", "b"]


def test_two_pasted_policies_are_a_world(tmp_path: Path) -> None:
    """A document or the output of `aws iam get-role`, with the caller's policy."""
    document = policy(trust({"AWS": DEPLOYER}))
    role = {"Role": {"AssumeRolePolicyDocument": document, "MaxSessionDuration": 3600}}
    result = run(
        "why", "--caller", DEPLOYER, "--role-arn", ROLE, "--role-session-name", "deploy-session",
        "--trust-policy", written(tmp_path, "trust.json", role),
        "--caller-policy", written(tmp_path, "caller.json", policy(allow(resource=ROLE))),
    )  # fmt: skip
    assert result.returncode == 3, result.stderr
    assert "allowed, unless an SCP or RCP or a permissions boundary" in result.stdout


def test_a_pasted_trust_policy_alone_can_settle_it(tmp_path: Path) -> None:
    """Denied is denied, whatever the other side says; the line is that of the user's own file."""
    document = policy(trust({"AWS": f"arn:aws:iam::{A}:user/deploy"}))
    path = written(tmp_path, "trust.json", document)
    result = run("why", "--caller", DEPLOYER, "--role-arn", ROLE, "--trust-policy", path)
    assert result.returncode == 1, result.stderr
    assert "trust.json:7:16" in result.stdout


def test_version_and_help_import_nothing_heavy() -> None:
    """The budget of a cold start is kept by importing late."""
    code = (
        "import sys\nfrom assumable.cli.main import main\n"
        "sys.argv = ['assumable', '--version']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'boto3', 'botocore', 'rich', 'yaml', 'mcp', 'duckdb', 'starlette'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "0.1.0" in result.stdout


def test_the_answer_speaks_without_colour(tmp_path: Path) -> None:
    """In a pipe there is no escape code."""
    result = run("why", "--scenario", written(tmp_path, "s.json", classic(identity=[])))
    assert "\x1b" not in result.stdout
    assert B in result.stdout


def test_a_chain_is_given_by_via(tmp_path: Path) -> None:
    """Each role in order, with the flags of the last call; every session may carry something."""
    scenario = chained()
    for account, details in scenario["accounts"].items():
        written(tmp_path, f"{account}.json", with_arns(account, details))
    flags = ["--snapshot", str(tmp_path), "--caller", DEPLOYER, "--via", CI, "--role-arn", ROLE]
    open_ = ["--role-session-name", "deploy-session", "--assume", "organization=open"]
    passes = run("why", *flags, *open_)
    assert passes.returncode == 0, passes.stdout + passes.stderr
    assert "hop 2  ✓  assumed-role/CI/assumable" in passes.stdout
    too_long = run("why", *flags, *open_, "--duration-seconds", "7200", "--format", "json")
    answer = json.loads(too_long.stdout)
    assert (too_long.returncode, answer["hop"]) == (1, 2)
    assert [(hop["verdict"], hop["causes"]) for hop in answer["hops"]] == [
        ("allowed", []),
        ("denied", ["duration"]),
    ]
    assert [(finding["cause"], finding["hop"]) for finding in answer["findings"]] == [
        ("duration", 2)
    ]


def with_arns(account: str, details: dict[str, Any]) -> dict[str, Any]:
    """An account of a scenario as `get-account-authorization-details` writes it."""
    whole: dict[str, Any] = {
        "UserDetailList": [], "RoleDetailList": [], "GroupDetailList": [], "Policies": [],
    }  # fmt: skip
    for user in details.get("UserDetailList", []):
        user |= {"Arn": f"arn:aws:iam::{account}:user/{user['UserName']}", "UserId": "AIDAEXAMPLE"}
    for role in details.get("RoleDetailList", []):
        role |= {"Arn": f"arn:aws:iam::{account}:role/{role['RoleName']}", "RoleId": "AROAEXAMPLE"}
    return {**whole, **details}


def test_pasted_policies_say_nothing_of_a_role_in_between(tmp_path: Path) -> None:
    """What the role in between allows and trusts is not known; a denial at the end is certain."""
    base = ["why", "--caller", DEPLOYER, "--via", CI, "--role-arn", ROLE, "--trust-policy"]
    named = written(tmp_path, "named.json", policy(trust({"AWS": CI})))
    other = written(tmp_path, "other.json", policy(trust({"AWS": DEPLOYER})))
    assert run(*base, named).returncode == 3
    denied = run(*base, other)
    assert denied.returncode == 1, denied.stderr
    assert "hop 2 of 2, made as assumed-role/CI/assumable: no statement" in denied.stdout


def test_a_scenario_holds_its_own_chain(tmp_path: Path) -> None:
    """`--via` beside a scenario is refused."""
    result = run("why", "--scenario", written(tmp_path, "s.json", classic()), "--via", CI)
    assert result.returncode == 2
    assert "a scenario holds its own call" in result.stderr


def test_an_unexpected_allow_is_explained_and_closed(tmp_path: Path) -> None:
    """The ways in, the cut, its proof; the exit code stays that of the verdict."""
    path = written(tmp_path, "s.json", classic())
    result = run("why", "--scenario", path, "--expect", "denied")
    assert result.returncode == 0
    assert "allowed; denied was expected" in result.stdout
    assert "one way in" in result.stdout
    assert "A → DENIED   (decided again" in result.stdout
    answer = json.loads(
        run("why", "--scenario", path, "--expect", "denied", "--format", "json").stdout
    )
    assert answer["expected"] == "denied"
    assert [grant["gate"] for grant in answer["grants"][0]["grants"]] == ["trust", "identity"]
    assert {fix["id"] for fix in answer["fixes"]} >= set(answer["cuts"][0]["fixes"])


def test_an_expectation_that_is_met_is_said_in_one_line(tmp_path: Path) -> None:
    """No fix is offered for what shall be denied."""
    path = written(tmp_path, "s.json", classic(identity=[]))
    result = run("why", "--scenario", path, "--expect", "denied")
    assert result.returncode == 1
    assert "\n  denied, as expected\n" in result.stdout
    assert "\nfix" not in result.stdout
    assert (
        "denied; allowed was expected"
        in run("why", "--scenario", path, "--expect", "allowed").stdout
    )


def test_a_denial_that_the_caller_can_undo_is_no_comfort(tmp_path: Path) -> None:
    """A slip of the request denies it today; the fix shows that another request gets through."""
    named = trust({"AWS": DEPLOYER}, Condition={"StringEquals": {"sts:ExternalId": "x1"}})
    path = written(tmp_path, "s.json", classic(trust_statements=[named]))
    shown = run("why", "--scenario", path, "--expect", "denied").stdout
    assert "denied, as expected, but only until the caller sends another request" in shown
    assert "\nfix" in shown


def test_the_caller_is_nobody_else_even_if_its_path_is_not_known(tmp_path: Path) -> None:
    """A session does not show the path of its role; the role is the caller all the same."""
    open_to_all = policy(trust("*"))
    result = run(
        "why", "--caller", f"arn:aws:sts::{A}:assumed-role/CI/build", "--role-arn", ROLE,
        "--role-session-name", "deploy", "--expect", "denied",
        "--trust-policy", written(tmp_path, "t.json", open_to_all),
        "--caller-policy", written(tmp_path, "c.json", policy(allow())),
    )  # fmt: skip
    assert "deny role/CI to assume exactly" in result.stdout
    assert "besides the sessions of the caller's role: nobody else)" in " ".join(
        result.stdout.split()
    )


def test_a_call_is_compared_with_one_that_works(tmp_path: Path) -> None:
    """The first fact that differs, in the terminal and as JSON; an ARN of nothing is bad input."""
    world = classic(trust_statements=[trust({"AWS": f"{DEPLOYER}2"})], identity=[allow()])
    user = {**world["accounts"][A]["UserDetailList"][0], "UserName": "deployer2"}
    world["accounts"][A]["UserDetailList"].append(user)
    path = written(tmp_path, "s.json", world)
    result = run("why", "--scenario", path, "--like", f"{DEPLOYER}2")
    assert result.returncode == 1
    assert "names user/deployer2, not user/deployer" in result.stdout
    assert run("why", "--scenario", path, "--like", "nobody").returncode == 2


OLD_ID = "AIDAEXAMPLEDELETED01"
ASKED = (
    "--caller", DEPLOYER, "--role-arn", ROLE, "--role-session-name", "ci",
    "--assume", "organization=open",
)  # fmt: skip


def before_and_after(folder: Path, old: Any) -> tuple[str, str]:
    """A snapshot whose trust policy shows an id, and an older one of the caller's account."""
    now, then = folder / "now", folder / "2026-01-31"
    now.mkdir()
    then.mkdir()
    snapshot(now)
    details = json.loads((now / f"{B}.json").read_text())
    details["RoleDetailList"][0]["AssumeRolePolicyDocument"] = policy(trust({"AWS": OLD_ID}))
    written(now, f"{B}.json", details)
    written(then, f"{A}.json", old)
    return str(now), str(then)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            {"Arn": DEPLOYER, "UserId": OLD_ID},
            (
                "`AIDAEXAMPLEDELETED01` was user/deployer of account 111111111111, as the "
                "snapshot {then} shows; it was deleted and created again: the new one, the "
                "caller, has the id AIDAEXAMPLEDEPLOYER00, and the ARN must take the place of "
                "the id"
            ),
        ),
        (
            {"Arn": DEPLOYER.replace("deployer", "bob"), "UserId": OLD_ID},
            (
                "was user/bob of account 111111111111, as the snapshot {then} shows; it was "
                "deleted, and it was not the caller"
            ),
        ),
        ({"Arn": DEPLOYER, "UserId": "AIDAEXAMPLEANOTHER01"}, "it was a user, and the caller has "),
        ({"UserName": "deployer"}, "it was a user, and the caller has AIDAEXAMPLEDEPLOYER00"),
    ],
    ids=["the caller", "another", "another id", "no id"],
)
def test_an_older_snapshot_tells_who_was_deleted(entry: Any, said: str, tmp_path: Path) -> None:
    now, then = before_and_after(tmp_path, {"UserDetailList": [entry]})
    flags = ("--snapshot", now, "--older-snapshot", then, *ASKED, "--format", "json")
    (finding,) = json.loads(run("why", *flags).stdout)["findings"]
    assert finding["variant"] == "deleted-principal"
    assert said.format(then=then) in finding["explanation"]
    ((edit,),) = [fix["edit"] for fix in finding["fixes"] if fix["id"].endswith("the-caller")]
    assert edit == {"op": "replace", "path": "/Statement/0/Principal/AWS", "value": DEPLOYER}


def test_the_last_older_snapshot_counts_and_says_so_under_pseudonyms(tmp_path: Path) -> None:
    old = {"UserDetailList": [{"Arn": DEPLOYER, "UserId": OLD_ID}]}
    now, then = before_and_after(tmp_path, old)
    renamed = {"UserDetailList": [{"Arn": f"{DEPLOYER}s", "UserId": OLD_ID}]}
    (tmp_path / "2025").mkdir()
    written(tmp_path / "2025", f"{A}.json", renamed)
    older = ("--older-snapshot", str(tmp_path / "2025"), "--older-snapshot", then)
    result = run("why", "--snapshot", now, *older, *ASKED, "--redact", "--format", "json")
    (finding,) = json.loads(result.stdout)["findings"]
    assert "created again: the new one, the caller, has the id AIDA" in finding["explanation"]
    for name in (OLD_ID, "deployer", A, str(tmp_path.name)):
        assert name not in result.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "must be an object"),
        ('{"RoleDetailList": 5}', "must be a list"),
        (None, "holds no `<account>.json` file"),
    ],
)
def test_an_older_snapshot_that_cannot_be_read_is_one_line(
    content: str | None, message: str, tmp_path: Path
) -> None:
    now, then = before_and_after(tmp_path, {})
    file = Path(then) / f"{A}.json"
    file.unlink() if content is None else file.write_text(content)
    result = run("why", "--snapshot", now, "--older-snapshot", then, *ASKED)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert then in result.stderr
    assert message in result.stderr


def test_a_scenario_tells_itself_who_was_deleted(tmp_path: Path) -> None:
    path = written(tmp_path, "s.json", classic())
    result = run("why", "--scenario", path, "--older-snapshot", str(tmp_path))
    assert result.returncode == 2
    assert "under `former`" in result.stderr


def widest(path: str, environment: dict[str, str], *arguments: str) -> int:
    """The longest line of prose in a pipe."""
    command = [sys.executable, "-c", MAIN, "why", "--scenario", path, *arguments]
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert result.returncode == 1
    return max(len(x) for x in result.stdout.splitlines() if not x.lstrip().startswith("aws "))


def test_the_width_in_a_pipe_is_that_of_columns(tmp_path: Path) -> None:
    """And 100 where it is not set, or says nothing of use."""
    path = written(tmp_path, "s.json", classic(identity=[]))
    assert 90 < widest(path, {}) <= 100
    assert 90 < widest(path, {"COLUMNS": "0"}) <= 100
    assert 90 < widest(path, {"COLUMNS": "wide"}) <= 100
    assert 70 < widest(path, {"COLUMNS": "80"}) <= 80
    assert 130 < widest(path, {"COLUMNS": "150"}) <= 150


@pytest.mark.parametrize(("columns", "most"), [(80, 80), (200, 100)])
def test_the_width_on_a_terminal_is_its_own_up_to_100(
    columns: int, most: int, tmp_path: Path
) -> None:
    """Longer lines are hard to read."""
    path = written(tmp_path, "s.json", classic(identity=[]))
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-c", MAIN, "why", "--scenario", path]
    with subprocess.Popen(command, stdout=terminal, env={**os.environ, "NO_COLOR": "1"}):
        os.close(terminal)
        with os.fdopen(main, encoding="utf-8", errors="ignore") as output:
            lines = list(read_until_closed(output))
    prose = [len(line.rstrip()) for line in lines if not line.lstrip().startswith("aws ")]
    assert most - 10 < max(prose) <= most


def read_until_closed(output: TextIO) -> Iterator[str]:
    """The lines of a terminal; Linux ends them with an error when nobody writes any more."""
    with contextlib.suppress(OSError):
        yield from output


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (("--plain",), {}),
        ((), {"TERM": "dumb"}),
        ((), {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}),
    ],
    ids=["asked", "dumb", "no-signs"],
)
def test_words_take_the_place_of_signs(
    arguments: tuple[str, ...], environment: dict[str, str], tmp_path: Path
) -> None:
    """When they are asked for, on a dumb terminal, and where there are no such signs."""
    path = written(tmp_path, "s.json", classic(identity=[]))
    result = subprocess.run(
        [sys.executable, "-c", MAIN, "why", "--scenario", path, *arguments],
        capture_output=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip
    text = result.stdout.decode("ascii")
    assert text.startswith("DENIED ")
    assert "  3  external ID            not required\n" in text.replace("\r\n", "\n")


def test_like_names_what_is_there(tmp_path: Path) -> None:
    """One line for a role or a caller that does not exist, and what could be named instead."""
    path = written(tmp_path, "s.json", classic(identity=[]))
    for like, known in (
        (f"arn:aws:iam::{A}:user/nobody", "known there: user/deployer"),
        (f"arn:aws:sts::{A}:assumed-role/None/s", "name one that exists"),
        (f"{ROLE}s", "known there: role/DeployRole"),
    ):
        for flags in ((), ("--redact",)):
            result = run("why", "--scenario", path, "--like", like, *flags)
            assert result.returncode == 2
            assert result.stdout == ""
            missing = f"there is no {arn.display_name(like)} in account {arn.account_of(like)}"
            assert result.stderr == f"assumable: --like: {missing} ({known})\n"


def test_a_profile_that_is_chosen_instead_is_run_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Choosing it and calling with it are one command."""
    (tmp_path / "config").write_text(f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = mine\n")
    keys = "aws_access_key_id = X\naws_secret_access_key = x\n"
    (tmp_path / "credentials").write_text(f"[mine]\n{keys}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    shown = run("why", "--profile", "prdo").stdout
    assert "because  there is no profile `prdo`; did you mean `prod`?\n" in shown
    assert shown.count("aws sts get-caller-identity --profile prod\n") == 1
    assert "run   this\n      1  as you\n" in shown
