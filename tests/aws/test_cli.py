"""`assumable why` against a live endpoint, through its command line."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from assumable.aws import clients
from assumable.cli.main import main
from tests.aws.accounts import READ_IAM, Accounts
from tests.worlds import DEPLOYER, ROLE, A, B, allow, policy, trust

pytestmark = pytest.mark.demo


def why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, str, str]:
    """Exit status, output and errors of one run."""
    words = ["assumable", "why", "--role-arn", ROLE, "--role-session-name", "deploy-session"]
    monkeypatch.setattr(sys, "argv", [*words, *options])
    with pytest.raises(SystemExit) as left:
        main()
    captured = capsys.readouterr()
    return int(left.value.code or 0), captured.out, captured.err


def test_a_denied_call_gets_its_cause_and_a_plan(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts.classic()
    broken = policy(trust({"AWS": f"arn:aws:iam::{B}:root"}))
    accounts.iam[B].update_assume_role_policy(
        RoleName="DeployRole", PolicyDocument=json.dumps(broken)
    )
    live = ("--profile", "deployer", "--role-profile", "auditor", "--endpoint-url", accounts.url)
    status, output, _ = why(monkeypatch, capsys, *live, "--format", "json")
    answer: dict[str, Any] = json.loads(output)
    assert (status, answer["verdict"]) == (1, "denied")
    assert [f["cause"] for f in answer["findings"] if f["blocking"]] == ["trust-principal"]
    fixes = {fix["id"]: fix for fix in answer["fixes"]}
    command = fixes[answer["plans"][0]["fixes"][0]]["commands"][0]
    assert command.startswith("aws iam update-assume-role-policy --role-name DeployRole")


def test_the_world_that_cannot_be_read_at_all_is_status_4(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(clients, "ATTEMPTS", 1)
    accounts.classic()
    options = ("--profile", "deployer", "--endpoint-url", "http://127.0.0.1:9")
    status, output, errors = why(monkeypatch, capsys, *options)
    assert (status, output, errors.count("\n")) == (4, "", 1)
    assert "could not be read" in errors


def test_a_profile_that_does_not_exist_is_a_finding(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The client fails before it asks anybody; of those that only read, it is a mistake."""
    accounts.classic()
    status, output, _ = why(monkeypatch, capsys, "--profile", "deploier")
    assert status == 1
    assert "AS008 client-config" in output
    assert "`deployer`" in output
    status, _, errors = why(
        monkeypatch, capsys, "--profile", "deployer", "--role-profile", "nobody"
    )
    assert (status, "`nobody`" in errors) == (2, True)


GOOD = f"arn:aws:iam::{B}:role/Good"


def test_what_the_call_is_held_against_is_read_too(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another role, and another caller."""
    accounts.classic()
    other = f"arn:aws:iam::{A}:user/other"
    accounts.user("other", A, allow())
    accounts.role("Good", B, trust({"AWS": DEPLOYER}))
    accounts.iam[A].put_user_policy(
        UserName="deployer",
        PolicyName="Inline",
        PolicyDocument=json.dumps(policy(allow(resource=[ROLE, GOOD]), READ_IAM)),
    )
    accounts.iam[B].update_assume_role_policy(
        RoleName="DeployRole", PolicyDocument=json.dumps(policy(trust({"AWS": other})))
    )
    live = ("--profile", "deployer", "--role-profile", "auditor", "--endpoint-url", accounts.url)
    rest = ("--assume", "organization=open", "--format", "json", "--like")
    for like in (GOOD, other):
        status, output, _ = why(monkeypatch, capsys, *live, *rest, like)
        comparison = json.loads(output)["comparison"]
        assert (status, comparison["works"]) == (1, True), like
        assert [each["gate"] for each in comparison["differences"]] == ["trust"]


@pytest.mark.parametrize(
    ("like", "role_profile", "said"),
    [
        (f"arn:aws:iam::{B}:role/Nope", "auditor", f"there is no role/Nope in account {B}"),
        (f"arn:aws:iam::{A}:user/nobody", "auditor", f"there is no user/nobody in account {A}"),
        (GOOD, "", "role/Good was not read"),
    ],
)
def test_nothing_is_compared_with_what_is_missing_or_unread(
    accounts: Accounts,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    like: str,
    role_profile: str,
    said: str,
) -> None:
    accounts.classic()
    accounts.role("Good", B, trust({"AWS": DEPLOYER}))
    live = ["--profile", "deployer", "--endpoint-url", accounts.url, "--like", like]
    live += ["--role-profile", role_profile] if role_profile else []
    status, output, errors = why(monkeypatch, capsys, *live)
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert said in errors


def test_an_unread_role_comes_with_how_to_read_it(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once, and not where somebody reads it."""
    accounts.classic()
    live = ("--profile", "deployer", "--endpoint-url", accounts.url)
    status, output, _ = why(monkeypatch, capsys, *live)
    assert status == 3
    assert f"next        --role-profile PROFILE reads account {B}; " in output
    assert output.count("iam:GetRole on") == 1
    for more in (("--role-profile", "auditor"), ("--format", "markdown")):
        assert "next   " not in why(monkeypatch, capsys, *live, *more)[1]


def test_an_unreadable_organization_can_be_assumed_open(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts.classic()
    live = ("--profile", "deployer", "--role-profile", "auditor", "--endpoint-url", accounts.url)
    assert why(monkeypatch, capsys, *live)[0] == 3
    assert why(monkeypatch, capsys, *live, "--assume", "organization=open")[0] == 0


def test_each_administrator_exports_a_side_with_a_profile_of_its_own(
    accounts: Accounts,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """The profile of one account never reads the other."""
    accounts.classic()
    call = ("--role-session-name", "deploy-session", "--endpoint-url", accounts.url)
    mine, theirs = str(tmp_path / "caller.json"), str(tmp_path / "role.json")
    for words in (
        ("--caller", "--role-arn", ROLE, "--profile", "deployer", *call, "--out", mine),
        ("--role", ROLE, "--caller", DEPLOYER, "--profile", "auditor", *call, "--out", theirs),
    ):
        monkeypatch.setattr(sys, "argv", ["assumable", "export-side", *words])
        main()
    monkeypatch.setattr(
        sys, "argv",
        ["assumable", "why", "--side", mine, "--side", theirs, "--assume", "organization=open"],
    )  # fmt: skip
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0, capsys.readouterr().out
