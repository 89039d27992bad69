"""Whatever ends a run, the same command goes on, and ends with the same snapshot.

`ASSUMABLE_KILLS` says how many runs are killed, `ASSUMABLE_SEED` chooses where.
"""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assumable.aws import clients
from assumable.collect import Collection, Wish
from assumable.errors import InputError, UnreadableError
from assumable.formats.dump import read_snapshot
from tests.aws.proxy import Proxy
from tests.collect.test_contents import collected, wish
from tests.collect.world import MANAGER, READER, World, before

MAIN = "from assumable.cli.main import main; main()"
KILLS = int(os.environ.get("ASSUMABLE_KILLS", "5"))
SEED = int(os.environ.get("ASSUMABLE_SEED", "20261128"))


def arguments(url: str, target: Path) -> list[str]:
    words = ["collect", "--org-profile", "org", "--role-name", READER, "--endpoint-url", url]
    return [sys.executable, "-c", MAIN, *words, "--jobs", "2", str(target)]


@pytest.fixture
def undisturbed(between: tuple[Proxy, str], tmp_path: Path) -> tuple[dict[str, Any], int]:
    """What a run ends with that nobody disturbs, and with how many requests."""
    collected(tmp_path / "undisturbed", wish(between[1], jobs=2))
    total = between[0].seen.total()
    between[0].seen.clear()
    return contents(tmp_path / "undisturbed"), total


def contents(target: Path) -> dict[str, Any]:
    """Every file of the newest snapshot, byte for byte apart from times."""
    folder = target / (target / "latest").read_text().strip()
    found: dict[str, Any] = {path.name: path.read_bytes() for path in folder.iterdir()}
    manifest = json.loads(found["manifest.json"])
    assert manifest.pop("started") <= manifest.pop("finished")
    return {**found, "manifest.json": json.dumps(manifest)}


def stopped(proxy: Proxy, words: list[str], at: int, number: int) -> subprocess.Popen[str]:
    """A run that was sent a signal while a request of it was under way."""
    proxy.seen.clear()
    proxy.hanging = at
    proxy.reached.clear()
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    assert proxy.reached.wait(60)
    process.send_signal(number)
    proxy.hanging = None
    return process


def kept(target: Path) -> set[str]:
    """The accounts that an unfinished snapshot says are done."""
    found = [json.loads(path.read_text()) for path in target.glob("*/unfinished.json")]
    entries = found[0]["accounts"] if found else {}
    return {account for account, entry in entries.items() if entry["status"] == "done"}


def test_a_killed_run_goes_on_where_it_was(
    world: World,
    between: tuple[Proxy, str],
    undisturbed: tuple[dict[str, Any], int],
    tmp_path: Path,
) -> None:
    expected, total = undisturbed
    proxy, url = between
    requests = range(2, total + 1)
    times, rest = divmod(KILLS, len(requests))  # each once, before one is taken again
    points = [*requests] * times + random.Random(SEED).sample(requests, rest)
    for number, at in enumerate(points):
        print(f"request {at} of ASSUMABLE_KILLS={KILLS} ASSUMABLE_SEED={SEED}")
        target = tmp_path / f"killed-{number}"
        process = stopped(proxy, arguments(url, target), at, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert not list(target.glob("*/manifest.json"))
        done = kept(target)
        with before(world) as (fresh, address):  # the dead may still ask the other one
            collected(target, wish(address, jobs=2))
        assert contents(target) == expected
        left = len(world.members) - len(done)
        assert fresh.seen["GetAccountAuthorizationDetails"] == left
        assert len(list(target.glob("2*"))) == 1


def test_ctrl_c_says_how_to_go_on(
    between: tuple[Proxy, str], undisturbed: tuple[dict[str, Any], int], tmp_path: Path
) -> None:
    expected, total = undisturbed
    proxy, url = between
    words = arguments(url, tmp_path / "s")
    process = stopped(proxy, words, total - 2, signal.SIGINT)
    said = process.communicate()[1].splitlines()
    assert process.returncode == 130
    assert said[-1] == "assumable: interrupted; the same command again goes on from here"
    assert not [line for line in said if "Traceback" in line]
    proxy.seen.clear()
    again = subprocess.run(words, capture_output=True, text=True, check=True, env=os.environ)
    assert again.stderr.startswith("continues ")
    assert contents(tmp_path / "s") == expected


@pytest.fixture
def unfinished(between: tuple[Proxy, str], tmp_path: Path) -> Collection:
    """One account is done, and nobody went on."""
    collection = Collection(tmp_path / "s", wish(between[1], jobs=1))
    steps = collection.run()
    next(steps)
    return collection


def test_half_a_file_is_written_again(
    unfinished: Collection,
    between: tuple[Proxy, str],
    undisturbed: tuple[dict[str, Any], int],
    tmp_path: Path,
) -> None:
    """It has no entry, so it does not count, whatever it holds."""
    entries = unfinished.manifest.accounts
    account = next(of for of, entry in entries.items() if entry.status == "waiting")
    (unfinished.folder / f"{account}.json.zst").write_bytes(b"half")
    (unfinished.folder / f".{account}.json.zst.part").write_bytes(b"half")
    collected(tmp_path / "s", wish(between[1]))
    assert contents(tmp_path / "s") == undisturbed[0]


def test_what_is_unfinished_is_not_read(unfinished: Collection, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="was not finished") as caught:
        read_snapshot(unfinished.folder)
    assert "assumable collect" in str(caught.value)


@pytest.mark.parametrize(
    "more", [{"new": True}, {"role_name": "Other"}, {"accounts": (MANAGER,)}], ids=str
)
def test_another_wish_starts_afresh(
    unfinished: Collection, between: tuple[Proxy, str], tmp_path: Path, more: dict[str, Any]
) -> None:
    other = Collection(tmp_path / "s", wish(between[1], **more))
    assert not other.continues
    assert other.folder != unfinished.folder
    assert Collection(tmp_path / "s", wish(between[1], **{**more, "new": False})).continues


def test_a_finished_one_is_left_alone(between: tuple[Proxy, str], tmp_path: Path) -> None:
    first = collected(tmp_path / "s", wish(between[1]))
    second = collected(tmp_path / "s", wish(between[1]))
    assert first.folder != second.folder
    assert (tmp_path / "s" / "latest").read_text() == f"{second.folder.name}\n"
    names = {path.name for path in first.folder.iterdir()}
    assert names == {path.name for path in second.folder.iterdir()}
    for name in names - {"manifest.json"}:
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()


def test_a_crash_before_the_mark_is_taken_off(
    between: tuple[Proxy, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest is there, and still the snapshot counts as unfinished."""

    def crash(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", crash)
        with pytest.raises(KeyboardInterrupt):
            collected(tmp_path / "s", wish(between[1]))
    between[0].seen.clear()
    again = collected(tmp_path / "s", wish(between[1]))
    assert again.continues
    assert between[0].seen == {"GetCallerIdentity": 1}
    assert read_snapshot(tmp_path / "s").accounts


def test_where_nothing_can_be_read_the_old_snapshot_stays(
    between: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, url = between
    wanted = wish(url, accounts=("111111111111",))
    good = collected(tmp_path / "s", wish(url))
    proxy.refused = {"Action=AssumeRole"}
    with pytest.raises(
        UnreadableError, match=r"none of 1 accounts could be read, such as: .*Denied"
    ):
        collected(tmp_path / "s", wanted)
    assert (tmp_path / "s" / "latest").read_text() == f"{good.folder.name}\n"
    proxy.refused = set()
    again = collected(tmp_path / "s", wanted)
    assert again.continues
    assert [entry.status for entry in again.manifest.accounts.values()] == ["done"]


def test_accounts_that_cannot_be_listed(between: tuple[Proxy, str], tmp_path: Path) -> None:
    proxy, url = between
    proxy.refused = {"ou-"}
    with pytest.raises(UnreadableError, match="organizations:ListOrganizationalUnitsForParent"):
        collected(tmp_path / "s", wish(url))


def test_nobody_answers(
    between: tuple[Proxy, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "ATTEMPTS", 1)
    with pytest.raises(UnreadableError, match="Could not connect"):
        Collection(tmp_path / "s", Wish(profile="org", endpoint_url="http://127.0.0.1:9"))
    assert not (tmp_path / "s").exists()
