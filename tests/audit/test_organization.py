"""A generated organization: what is found is what its mix of trust is known to hold."""

import pytest

from assumable.audit.finding import Audit
from assumable.audit.registry import audit
from assumable.formats.dump import read_snapshot
from assumable.model.policy import Policy
from assumable.model.world import World
from assumable.org.whocan import Everyone
from tests.organizations.generator import write
from tests.organizations.mix import Size
from tests.organizations.names import RoleName, named
from tests.worlds import NOW

SEED, SIZE = 3, Size(4, 60, 6)
ASKED = {"events", "firehose", "states"}
"""The services that the generator asks for whom they act."""
SAYING = {"ecs-tasks", "codebuild"}
"""Others of which AWS documents that they say it."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("organization")
    write(folder, SEED, SIZE)
    return read_snapshot(folder)


@pytest.fixture(scope="module")
def found(world: World) -> Audit:
    return audit(world, NOW)


def roles() -> list[RoleName]:
    names = named(SEED, SIZE)
    return [names.role(place, n) for place in range(SIZE.accounts) for n in range(SIZE.roles)]


def told(found: Audit, code: str) -> set[str]:
    return {finding.role for finding in found.findings if finding.code == code}


def test_every_kind_of_trust_is_there() -> None:
    assert {role.kind for role in roles()} >= {
        "service", "service-linked", "own-root", "central-root", "central-role", "role", "user",
        "external-id", "mfa", "github", "saml", "identity-center", "deleted", "deny", "tags", "hub",
        "stage", "arn-like",
    }  # fmt: skip


def test_nothing_else_is_found_than_what_there_is(found: Audit) -> None:
    assert {finding.code for finding in found.findings} <= {"AS1004", "AS1007", "AS1011", "AS1012"}


def test_every_role_is_judged_but_those_of_services(found: Audit) -> None:
    managed = [role for role in roles() if role.kind in ("service-linked", "identity-center")]
    assert found.managed == len(managed)
    assert found.roles == len(roles()) - len(managed)
    assert found.not_read == ()


def test_services_that_nobody_asks_for_whom_they_act(found: Audit) -> None:
    expected = {
        role.arn
        for role in roles()
        if role.kind == "hub" or (role.kind == "service" and role.word in SAYING)
    }
    assert expected
    assert told(found, "AS1004") == expected
    assert any(role.kind == "service" and role.word in ASKED for role in roles())


def test_the_deleted(found: Audit) -> None:
    expected = {role.arn for role in roles() if role.kind == "deleted"}
    assert expected
    assert told(found, "AS1007") == expected


def test_accounts_that_are_trusted_as_a_whole(world: World, found: Audit) -> None:
    """Those whom `who` counts, of roles whose trust is an account and nothing else."""
    everyone, expected = Everyone(world, NOW), set()
    for role in roles():
        if role.kind in ("own-root", "central-root", "hub", "deny"):
            account = role.account
            sure = [w for w in everyone.who(everyone.role(role.arn)).ways if not w.condition]
            document = everyone.role(role.arn).trust
            assert isinstance(document, Policy)
            named_ = [e.value for s in document.statements for e in s.principals or ()]
            account = next(value for value in named_ if value.endswith(":root")).split(":")[4]
            count = sum(n.split(":")[4] == account for way in sure for n in way.principals)
            if count >= 25:
                expected.add(role.arn)
    assert told(found, "AS1011") == expected


def test_the_same_world_gives_the_same_findings(world: World, found: Audit) -> None:
    assert audit(world, NOW) == found
    orders = [finding.order for finding in found.findings]
    assert orders == sorted(orders)
