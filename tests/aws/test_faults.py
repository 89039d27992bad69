"""What AWS or the network refuses in the middle: no traceback, no wrong verdict, a part named."""

import json
from collections.abc import Iterator

import msgspec
import pytest

from assumable.aws import clients
from assumable.cli.main import main
from assumable.diagnose import Diagnosis, diagnose
from tests.aws import proxy as faults
from tests.aws.accounts import Accounts
from tests.aws.proxy import Failure, Proxy, proxying
from tests.aws.test_reader import rich as rich  # noqa: PLC0414  # a fixture
from tests.worlds import ROLE, A, B, policy, trust

pytestmark = pytest.mark.demo
ALWAYS = 1_000_000
FAILURES: dict[str, Failure] = {
    "denied": faults.error("AccessDenied", 403),
    "throttled": faults.error("Throttling", 400),
    "broken": faults.error("ServiceFailure", 500),
    "unavailable": faults.error("ServiceUnavailable", 503),
    "expired": faults.error("ExpiredToken", 403),
    "reset": faults.reset,
    "cut": faults.cut,
    "garbage": faults.garbage,
}
READS = (
    "GetUser", "ListUserPolicies", "GetUserPolicy", "ListAttachedUserPolicies",
    "ListGroupsForUser", "ListGroupPolicies", "GetGroupPolicy", "ListAttachedGroupPolicies",
    "GetPolicy", "GetPolicyVersion", "GetRole",
)  # fmt: skip


@pytest.fixture
def between(rich: Accounts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The accounts behind a proxy, and a client that does not wait for long."""
    monkeypatch.setattr(clients, "ATTEMPTS", 1)
    monkeypatch.setattr(clients, "READ_TIMEOUT", 0.5)
    with proxying(rich.url) as (proxy, url):
        rich.url = url
        yield proxy


def answer(accounts: Accounts) -> Diagnosis:
    """The answer of a reader who leaves the organization aside."""
    world, call = accounts.read()
    return diagnose(world, msgspec.structs.replace(call, assumptions={"organization": True}))


def distrust(accounts: Accounts) -> None:
    """Let the role name somebody else."""
    other = policy(trust({"AWS": f"arn:aws:iam::{A}:user/deploy"}))
    accounts.iam[B].update_assume_role_policy(
        RoleName="DeployRole", PolicyDocument=json.dumps(other)
    )


def named(diagnosis: Diagnosis, operation: str) -> bool:
    """Whether the answer says that this read would settle something."""
    return any(f"iam:{operation} on arn:aws:iam::" in u.settle for u in diagnosis.unknowns)


def each_read() -> Iterator[tuple[str, str]]:
    """Every failure of every read, but throttling, after which a client slows down, of a few."""
    for failure in FAILURES:
        for operation in READS[::5] if failure == "throttled" else READS:
            yield failure, operation


@pytest.mark.parametrize(("failure", "operation"), list(each_read()))
def test_one_read_fails_and_is_named(
    failure: str, operation: str, rich: Accounts, between: Proxy
) -> None:
    between.failures[operation] = FAILURES[failure], ALWAYS
    diagnosis = answer(rich)
    assert between.seen[operation] > 0
    assert diagnosis.verdict == "conditional"
    assert named(diagnosis, operation)


@pytest.mark.parametrize("operation", READS)
def test_a_refusal_that_is_certain_stays_so(operation: str, rich: Accounts, between: Proxy) -> None:
    distrust(rich)
    between.failures[operation] = FAILURES["denied"], ALWAYS
    diagnosis = answer(rich)
    assert diagnosis.verdict == ("conditional" if operation == "GetRole" else "denied")
    assert "trust-principal" in [f.cause for f in diagnosis.findings] or operation == "GetRole"


def test_with_nothing_in_the_way_the_call_is_allowed(rich: Accounts, between: Proxy) -> None:
    assert answer(rich).verdict == "allowed"
    assert all(between.seen[operation] for operation in READS)


def test_a_server_that_says_nothing_is_not_waited_for(rich: Accounts, between: Proxy) -> None:
    between.failures["GetUserPolicy"] = faults.silence, ALWAYS
    diagnosis = answer(rich)
    assert diagnosis.verdict == "conditional"
    assert named(diagnosis, "GetUserPolicy")


@pytest.mark.parametrize("failure", ["throttled", "unavailable", "reset"])
def test_what_passes_when_it_is_tried_again_changes_nothing(
    failure: str, rich: Accounts, between: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "ATTEMPTS", 4)
    for operation in ("GetRole", "ListUserPolicies", "GetPolicyVersion"):
        between.failures[operation] = FAILURES[failure], 2
    assert answer(rich).verdict == "allowed"
    assert between.seen["GetRole"] == 3


def test_a_token_that_expires_in_the_middle_leaves_the_rest_open(
    rich: Accounts, between: Proxy
) -> None:
    for operation in READS[3:]:
        between.failures[operation] = FAILURES["expired"], ALWAYS
    diagnosis = answer(rich)
    assert diagnosis.verdict == "conditional"
    assert any("ExpiredToken" in unknown.what for unknown in diagnosis.unknowns)


@pytest.mark.parametrize("failure", FAILURES)
def test_who_calls_cannot_be_read(
    failure: str,
    rich: Accounts,
    between: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line on the terminal, and the status that says so."""
    between.failures["GetCallerIdentity"] = FAILURES[failure], ALWAYS
    words = ["assumable", "why", "--role-arn", ROLE, "--profile", "deployer"]
    monkeypatch.setattr("sys.argv", [*words, "--endpoint-url", rich.url])
    with pytest.raises(SystemExit) as left:
        main()
    printed = capsys.readouterr()
    assert (left.value.code, printed.out, printed.err.count("\n")) == (4, "", 1)
    assert "who the caller is could not be read" in printed.err
