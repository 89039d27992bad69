"""AWS says for a while that it is asked too fast: the snapshot is the same, only later."""

from pathlib import Path
from typing import Any

import pytest

from assumable.aws import clients, patient
from assumable.formats.dump import read_snapshot
from assumable.model.world import Account
from tests.aws.proxy import Proxy, error, refusal
from tests.collect.test_contents import collected, entries, wish
from tests.collect.world import World

LONGER = clients.ATTEMPTS + 2
"""More often than the SDK asks."""


def files(target: Path) -> dict[str, bytes]:
    """What was read, byte for byte."""
    folder = target / (target / "latest").read_text().strip()
    return {path.name: path.read_bytes() for path in folder.glob("*.zst")}


@pytest.fixture
def undisturbed(between: tuple[Proxy, str], tmp_path: Path) -> dict[str, bytes]:
    """What is read where nothing is throttled."""
    collected(tmp_path / "undisturbed", wish(between[1]))
    between[0].seen.clear()
    return files(tmp_path / "undisturbed")


@pytest.mark.parametrize(
    ("operation", "failure", "times"),
    [
        ("ListAccountsForParent", refusal("TooManyRequestsException"), LONGER),
        ("GetAccountAuthorizationDetails", error("Throttling", 400), LONGER),
        ("DescribeVpcEndpoints", error("RequestLimitExceeded", 503), LONGER),
        ("AssumeRole", error("Throttling", 400), 3),
    ],
)
def test_the_snapshot_is_that_of_an_undisturbed_run(
    world: World, between: tuple[Proxy, str], undisturbed: dict[str, bytes], tmp_path: Path,
    operation: str, failure: Any, times: int,
) -> None:  # fmt: skip
    proxy, url = between
    proxy.failures[operation] = failure, times
    collection = collected(tmp_path / "s", wish(url, jobs=1))
    assert proxy.failures[operation] == (failure, 0)
    assert {entry.status for entry in entries(collection).values()} == {"done"}
    assert collection.manifest.organization is not None
    assert collection.manifest.organization.missed == ()
    assert files(tmp_path / "s") == undisturbed
    assert len(undisturbed) == len(world.members) + 1


def test_what_stays_throttled_is_not_read_and_never_absent(
    world: World, between: tuple[Proxy, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "ATTEMPTS", 1)
    monkeypatch.setattr(patient, "ROUNDS", 2)
    proxy, url = between
    proxy.failures["ListSAMLProviders"] = error("Throttling", 400), -1
    found = entries(collected(tmp_path / "s", wish(url)))
    assert proxy.seen["ListSAMLProviders"] == 2 * len(world.members)
    (missed,) = found[world.roles].missed
    assert missed.what == ("the SAML providers were not read (Throttling: Throttling said so)")
    account = read_snapshot(tmp_path / "s").accounts[world.roles]
    assert isinstance(account, Account)
    assert account.unlisted == {"saml-provider"}


def test_another_refusal_is_asked_for_once(
    world: World, between: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, url = between
    proxy.refused = {"Action=ListSAMLProviders"}
    collected(tmp_path / "s", wish(url))
    assert proxy.seen["ListSAMLProviders"] == len(world.members)
