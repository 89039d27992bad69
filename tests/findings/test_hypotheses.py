"""What an unread side can hide is never left out, and no answer of AWS rules the truth out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assumable.diagnose import Diagnosis, diagnose
from assumable.engine.answer import aws_error
from assumable.engine.evaluate import Verdict, decide
from assumable.errors import InputError
from assumable.findings.observed import observe
from assumable.findings.probing import DENY_ALL
from assumable.formats.scenario import Scenario, read_scenario
from assumable.model.call import Call
from assumable.model.probe import ProbeReply, ProbeRequest, Send
from assumable.model.world import Account, Role, Unknown, World
from tests.reference.generator import scenario as generated
from tests.worlds import NOW, parsed

HIDEABLE = (
    "AS002", "AS007", "AS101", "AS102", "AS103", "AS104", "AS201", "AS202", "AS301", "AS401",
    "AS501", "AS601", "AS602", "AS701", "AS801", "AS802", "AS901", "AS902", "AS903", "AS904",
)  # fmt: skip
SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").glob("AS*/*.yaml"))
UNREAD = Unknown("an account", "read access to it")


def _without(scenario: Scenario, account: str) -> Scenario:
    accounts = {**scenario.world.accounts, account: UNREAD}
    return Scenario(msgspec.structs.replace(scenario.world, accounts=accounts), scenario.call)


def without_account(scenario: Scenario) -> Scenario:
    """The role's account was not read."""
    return _without(scenario, scenario.call.role_account)


def without_caller(scenario: Scenario) -> Scenario:
    """The caller's account was not read."""
    return _without(scenario, scenario.call.caller_account)


def without_organization(scenario: Scenario) -> Scenario:
    """Nothing was read of any organization."""
    unread = Unknown("the organization", "organizations:DescribeOrganization")
    world = msgspec.structs.replace(scenario.world, organizations=unread)
    return Scenario(world, scenario.call)


def without_trust(scenario: Scenario) -> Scenario:
    """The role is there; its trust policy and its longest session were not read."""
    world, call = scenario
    role, account = world.role(call.role_arn), world.account(call.role_account)
    if not isinstance(role, Role) or not isinstance(account, Account):
        return scenario
    blank = msgspec.structs.replace(role, trust=UNREAD, max_session_duration=UNREAD)
    roles = {**account.roles, role.arn: blank}
    changed = msgspec.structs.replace(account, roles=roles)
    accounts = {**world.accounts, account.id: changed}
    return Scenario(msgspec.structs.replace(world, accounts=accounts), call)


BLANKS = {
    "account": without_account, "trust": without_trust, "caller": without_caller,
    "organization": without_organization,
}  # fmt: skip


def oracle(world: World, call: Call) -> Send:
    """AWS, played by the engine on the world as it really is."""

    def send(request: ProbeRequest) -> ProbeReply:
        assert request.parameters["Policy"] == DENY_ALL
        assert "TokenCode" not in request.parameters
        parameters = dict(request.parameters)
        if request.with_code:
            parameters["TokenCode"] = call.parameters["TokenCode"]
        network = call.network
        if request.region:
            network = msgspec.structs.replace(network, region=request.region, endpoint="regional")
        asked = msgspec.structs.replace(call, parameters=parameters, network=network)
        decision = decide(world, asked)
        said = aws_error(decision)
        if said is not None:
            return ProbeReply(code=said.code, status=said.status or 0, message=said.message)
        return ProbeReply(passed=decision.verdict is Verdict.ALLOWED)

    return send


def scenario_of(source: Path | int) -> Scenario:
    """A scenario file, or a generated world."""
    if isinstance(source, Path):
        return read_scenario(source, now=NOW)
    return parsed(generated(source))


def cases() -> Iterator[Any]:
    for path in SCENARIOS:
        for blank in BLANKS:
            yield pytest.param(path, blank, id=f"{path.parent.name}-{path.stem}-{blank}")
    for seed in range(120):
        for blank in BLANKS:
            yield pytest.param(seed, blank, id=f"{seed}-{blank}")


def hidden_by(source: Path | int, blank: str) -> tuple[Scenario, Scenario, Diagnosis] | None:
    """A denied call, whole and with a part unread, and the truth; None where that hides nothing."""
    try:
        whole = scenario_of(source)
    except InputError:
        return None
    if whole.call.chain or whole.call.api == "AssumeRoot":
        return None
    hidden = BLANKS[blank](whole)
    truth = diagnose(*whole)
    if truth.verdict is not Verdict.DENIED or decide(*hidden).verdict is not Verdict.CONDITIONAL:
        return None
    return whole, hidden, truth


@pytest.mark.parametrize(("source", "blank"), list(cases()))
def test_the_true_causes_are_among_the_hypotheses(source: Path | int, blank: str) -> None:
    """Before anything is tried, and after every probe and the error text itself."""
    found = hidden_by(source, blank)
    if found is None:
        return
    whole, hidden, truth = found
    causes = {finding.cause for finding in truth.findings if finding.blocking}
    said = truth.aws_error
    assert said is not None
    error = observe(f"({said.code}) {said.message}", whole.call)
    for answer in (
        diagnose(*hidden),
        diagnose(*hidden, error=error),
        diagnose(*hidden, probe=oracle(*whole)),
        diagnose(*hidden, error=error, probe=oracle(*whole)),
    ):
        assert len(answer.probes) <= 5
        assert causes <= {each.cause for each in answer.hypotheses}
        confirmed = {each.cause for each in answer.hypotheses if each.certainty == "confirmed"}
        assert confirmed <= causes


@pytest.mark.parametrize("code", HIDEABLE)
def test_every_cause_that_can_be_hidden_is_hidden_above(code: str) -> None:
    """Else the test above would hold of nothing."""
    files = [path for path in SCENARIOS if path.parent.name == code]
    assert any(hidden_by(path, blank) for path in files for blank in BLANKS)
