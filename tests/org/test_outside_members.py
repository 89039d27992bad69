"""Accounts outside an organization whose members are all known: what it asks for they never have.

They may be in another one, of which nobody knows.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assumable.formats.dump import read_snapshot
from assumable.formats.prepared import read_prepared, write_prepared
from assumable.formats.snapshot import ORGANIZATION, Asked, Entry, Manifest, digest
from assumable.org.whocan import Everyone
from tests.org.worlds import ORG, ORGANIZED
from tests.worlds import NOW, ROLE, A, B, allow, policy, trust

C = "333333333333"
VENDOR = f"arn:aws:iam::{C}:user/vendor"
KEY, PATHS = "aws:PrincipalOrgID", "aws:PrincipalOrgPaths"


def snapshot(folder: Path, asked: Any, *, has_manifest: bool = True, **organization: Any) -> Path:
    """A role that trusts a user of an account outside under a condition."""
    held = {"PolicyName": "p", "PolicyDocument": policy(allow())}
    role = {"RoleName": "DeployRole", "AssumeRolePolicyDocument": policy(
        trust({"AWS": VENDOR}, Condition=asked))}  # fmt: skip
    documents: dict[str, dict[str, Any]] = {
        B: {"UserDetailList": [], "RoleDetailList": [role]},
        C: {"UserDetailList": [{"UserName": "vendor", "UserPolicyList": [held]}]},
        ORGANIZATION: {**ORGANIZED["organization"], **organization},
    }
    entries = {}
    for name, document in documents.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps({k: v for k, v in document.items() if v is not None}))
        entries[name] = Entry(status="done", file=path.name, sha256=digest(path.read_bytes()))
    found = Manifest(
        assumable="0", started="", finished="", asked=Asked(by=A),
        organization=entries.pop(ORGANIZATION), accounts=entries,
    )  # fmt: skip
    if has_manifest:
        (folder / "manifest.json").write_bytes(msgspec.json.encode(found))
    return folder


def conditions(folder: Path) -> list[str]:
    """Under which of them the user passes, but for SCPs that were not read."""
    found = []
    write_prepared(folder, folder / "prepared")
    for world in (read_snapshot(folder), read_prepared(folder / "prepared")):
        everyone = Everyone(world, NOW)
        found.append([way.condition for way in everyone.who(everyone.role(ROLE)).ways])
    assert found[0] == found[1]
    unread = "sts:AssumeRole is allowed by the caller's SCPs"
    return [text.removeprefix(unread).removeprefix(" and ") for text in found[0]]


def is_(operator: str, key: str, *values: str) -> dict[str, Any]:
    return {operator: {key: list(values)}}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (is_("StringEquals", KEY, ORG), []),
        (is_("StringNotEquals", KEY, ORG), [""]),
        (is_("ForAnyValue:StringLike", PATHS, f"{ORG}/r-ab12/*"), []),
        (is_("StringEquals", KEY, ORG, "o-otherorgid1"), [f"{KEY} is `o-otherorgid1`"]),
        (is_("StringLike", KEY, "o-*"), [f"{KEY} is like `o-*`"]),
        (is_("Null", KEY, "false"), [f"{KEY} is in the request"]),
        (is_("StringEqualsIfExists", KEY, ORG), [f"{KEY} is not in the request"]),
    ],
)
def test_what_the_organization_asks_for_is_never_so(
    asked: Any, expected: list[str], tmp_path: Path
) -> None:
    assert conditions(snapshot(tmp_path, asked)) == expected


@pytest.mark.parametrize(
    "doubt",
    [
        pytest.param({"has_manifest": False}, id="a-folder-that-somebody-made"),
        pytest.param({"Accounts": None, "Policies": None}, id="a-tree-that-was-refused"),
    ],
)
def test_where_members_may_be_left_out_it_is_open(doubt: Any, tmp_path: Path) -> None:
    found = conditions(snapshot(tmp_path, is_("StringEquals", KEY, ORG), **doubt))
    assert [f"{KEY} is `{ORG}`" in text for text in found] == [True]


def test_an_account_outside_of_two_organizations_is_in_neither(tmp_path: Path) -> None:
    folder = snapshot(tmp_path, is_("StringEquals", KEY, ORG))
    world = read_snapshot(folder)
    (ours,) = world.organizations if isinstance(world.organizations, tuple) else ()
    theirs = msgspec.structs.replace(ours, id="o-otherorgid1", management_account=C, nodes={})
    both = msgspec.structs.replace(world, organizations=(ours, theirs))
    assert both.organization_of(C) is theirs
    unknown = both.organization_of("444444444444")
    assert getattr(unknown, "never", None) == (ORG, "o-otherorgid1")
