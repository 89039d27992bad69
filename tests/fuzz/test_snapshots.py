"""Snapshots with any dump of an account and any organization: what cannot be read is one line."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assumable.errors import InputError
from assumable.formats.dump import call_of, read_policies, read_snapshot
from assumable.formats.scenario import Scenario
from tests.fuzz.guard import Refusals, answered, is_one_line, soon
from tests.fuzz.junk import anything, mutate, objects, texts, values
from tests.fuzz.test_policies import world
from tests.worlds import DEPLOYER, ROLE, A, B, classic, policy, trust

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def fresh(folder: Path, files: dict[str, Any]) -> Path:
    """The folder with these files alone."""
    for old in folder.glob("*.json"):
        old.unlink()
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def survives(folder: Path, caller: str = DEPLOYER, role: str = ROLE) -> None:
    """A diagnosis, or one line."""
    parameters = {"RoleArn": role, "RoleSessionName": "s1"}
    with soon(), Refusals():
        call = call_of(caller, parameters, region=None, now=NOW)
        answered(Scenario(read_snapshot(folder), call))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples."""
    return tmp_path_factory.mktemp("snapshot")


dumps = st.dictionaries(
    st.sampled_from(
        ("UserDetailList", "RoleDetailList", "GroupDetailList", "Policies", "SAMLProviders",
         "OpenIDConnectProviders", "VpcEndpoints", "Regions", "IsTruncated", "Marker")
    ),
    st.one_of(st.lists(objects, max_size=3), anything),
)  # fmt: skip


@given(st.one_of(dumps, anything), st.one_of(dumps, anything), st.one_of(st.none(), anything))
def test_any_dump(folder: Path, caller: Any, target: Any, organization: Any) -> None:
    files = {A: caller, B: target}
    if organization is not None:
        files["organization"] = organization
    survives(fresh(folder, files))


@st.composite
def broken_snapshots(draw: st.DrawFn) -> dict[str, Any]:
    """The accounts and the organization of a world, with one to three mistakes."""
    whole = world()
    parts = {**whole["accounts"], "organization": whole["organization"]}
    parts[A] = {**parts[A], **classic()["accounts"][A]}
    broken: dict[str, Any] = mutate(parts, draw, draw(st.integers(1, 3)))
    return {name: broken[name] for name in (A, B, "organization") if name in broken}


@given(broken_snapshots(), st.sampled_from((DEPLOYER, f"arn:aws:sts::{A}:assumed-role/Build/r")))
def test_a_snapshot_with_mistakes(folder: Path, files: dict[str, Any], caller: str) -> None:
    survives(fresh(folder, files), caller)


@given(texts, texts)
def test_any_caller_and_role(folder: Path, caller: str, role: str) -> None:
    survives(fresh(folder, classic()["accounts"]), caller, role)


@given(st.one_of(values, objects), st.one_of(values, objects), st.booleans())
def test_any_loose_files(folder: Path, own: Any, trusted: Any, wrapped: bool) -> None:
    """The output of get-role and get-policy-version, or anything else."""
    if wrapped:
        own = {"PolicyVersion": {"Document": own}}
        trusted = {"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": trusted}}
    fresh(folder, {"own": own, "trusted": trusted})
    parameters = {"RoleArn": ROLE, "RoleSessionName": "s1"}
    with soon(), Refusals():
        files = (folder / "trusted.json", (folder / "own.json",))
        found = read_policies(*files, DEPLOYER, ROLE)
        answered(Scenario(found, call_of(DEPLOYER, parameters, region=None, now=NOW)))


def test_a_policy_that_no_account_could_hold_is_unknown(folder: Path) -> None:
    """A snapshot answers all the same: what it cannot read may say anything."""
    huge = policy(trust({"AWS": [f"arn:aws:iam::{A}:user/u{n}" for n in range(9000)]}))
    accounts = classic()["accounts"]
    accounts[B]["RoleDetailList"][0]["AssumeRolePolicyDocument"] = huge
    call = call_of(DEPLOYER, {"RoleArn": ROLE, "RoleSessionName": "s1"}, region=None, now=NOW)
    diagnosis = answered(Scenario(read_snapshot(fresh(folder, accounts)), call))
    assert diagnosis.verdict == "conditional"
    assert "131,072" in " ".join(unknown.what for unknown in diagnosis.unknowns)


@pytest.mark.parametrize("name", ["a\x00b", "x" * 300, "x" * 5000, "/dev/null", "/nonexistent"])
def test_a_folder_that_is_none(name: str) -> None:
    with pytest.raises(InputError) as caught:
        read_snapshot(Path(name))
    assert is_one_line(caught.value)
