"""Random edits of a made-up organization, as its files hold it: one seed, the same edits."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.worlds import allow, policy, trust

Files = dict[str, Any]
"""The content of `<account>.json` files by account, that of organization.json by its name."""
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def edited(source: Path, target: Path, seed: int, count: int) -> None:
    """Write a copy of a snapshot with some edits."""
    rng = random.Random(seed)
    files = {path.stem: json.loads(path.read_text()) for path in sorted(source.glob("*.json"))}
    for _ in range(count):
        rng.choice(EDITS)(files, rng)
    target.mkdir(parents=True)
    for name, content in files.items():
        (target / f"{name}.json").write_text(json.dumps(content))


def _accounts(files: Files) -> list[str]:
    return [name for name in files if name.isdigit()]


def _account(files: Files, rng: random.Random) -> Any:
    return files[rng.choice(_accounts(files))]


def _role(files: Files, rng: random.Random) -> Any:
    return rng.choice(_account(files, rng)["RoleDetailList"])


def _user(files: Files, rng: random.Random) -> Any:
    return rng.choice(_account(files, rng)["UserDetailList"])


def _holder(files: Files, rng: random.Random) -> tuple[Any, str]:
    if rng.random() < 0.5:
        return _role(files, rng), "RolePolicyList"
    return _user(files, rng), "UserPolicyList"


def _statements(files: Files, rng: random.Random) -> list[Any]:
    found: list[Any] = _role(files, rng)["AssumeRolePolicyDocument"]["Statement"]
    return found


def trust_opened(files: Files, rng: random.Random) -> None:
    whom = rng.choice([*(f"arn:aws:iam::{a}:root" for a in _accounts(files)),
                       _user(files, rng)["Arn"], _role(files, rng)["Arn"], "*"])  # fmt: skip
    asked = rng.choice([
        {}, MFA, {"StringEquals": {"sts:ExternalId": "x"}},
        {"StringEquals": {"aws:PrincipalTag/team": "web"}},
    ])  # fmt: skip
    more = {"Condition": asked} if asked else {}
    _statements(files, rng).append(trust({"AWS": whom}, **more))


def trust_closed(files: Files, rng: random.Random) -> None:
    statements = _statements(files, rng)
    if len(statements) > 1:
        statements.pop(rng.randrange(len(statements)))
    else:
        statements[0] = {**statements[0], "Effect": "Deny"}


def condition_gone(files: Files, rng: random.Random) -> None:
    rng.choice(_statements(files, rng)).pop("Condition", None)


def condition_added(files: Files, rng: random.Random) -> None:
    rng.choice(_statements(files, rng))["Condition"] = MFA


def statements_turned(files: Files, rng: random.Random) -> None:
    _statements(files, rng).reverse()


def granted(files: Files, rng: random.Random) -> None:
    holder, key = _holder(files, rng)
    name, resource = f"extra{rng.randrange(3)}", rng.choice(["*", _role(files, rng)["Arn"]])
    statement = allow("sts:*", resource, Effect=rng.choice(["Allow", "Allow", "Deny"]))
    holder.setdefault(key, []).append({"PolicyName": name, "PolicyDocument": policy(statement)})


def taken(files: Files, rng: random.Random) -> None:
    holder, key = _holder(files, rng)
    holder[rng.choice([key, "AttachedManagedPolicies"])] = []


def managed_edited(files: Files, rng: random.Random) -> None:
    found = rng.choice(_account(files, rng)["Policies"])
    for version in found["PolicyVersionList"]:
        version["Document"] = policy(rng.choice([
            allow("s3:*"), allow("sts:*", "*"), allow("*", Condition=MFA),
        ]))  # fmt: skip


def group_edited(files: Files, rng: random.Random) -> None:
    found = rng.choice(_account(files, rng)["GroupDetailList"])
    document = policy(rng.choice([allow("s3:*"), allow("sts:*", "*")]))
    found["GroupPolicyList"] = [{"PolicyName": "of-group", "PolicyDocument": document}]


def group_joined(files: Files, rng: random.Random) -> None:
    account = _account(files, rng)
    names = [group["GroupName"] for group in account["GroupDetailList"]]
    rng.choice(account["UserDetailList"])["GroupList"] = rng.sample(names, 2)


def tagged(files: Files, rng: random.Random) -> None:
    holder, _ = _holder(files, rng)
    holder["Tags"] = [{"Key": "team", "Value": rng.choice(["web", "data"])}]


def taggable(files: Files, rng: random.Random) -> None:
    """Who makes the sessions of a role may tag them now, or may no more."""
    statement = rng.choice(_statements(files, rng))
    statement["Action"] = ["sts:AssumeRole"] + ["sts:TagSession"] * rng.randrange(2)


def bounded(files: Files, rng: random.Random) -> None:
    account = _account(files, rng)
    holder = rng.choice(account["RoleDetailList"] + account["UserDetailList"])
    if holder.pop("PermissionsBoundary", None) is None:
        own = rng.choice(account["Policies"])["Arn"]
        holder["PermissionsBoundary"] = {"PermissionsBoundaryArn": own}


def deleted(files: Files, rng: random.Random) -> None:
    account = _account(files, rng)
    listed = account[rng.choice(["RoleDetailList", "UserDetailList"])]
    if len(listed) > 1:
        listed.pop(rng.randrange(len(listed)))


def created(files: Files, rng: random.Random) -> None:
    account = rng.choice(_accounts(files))
    name = f"new{rng.randrange(100)}"
    files[account]["RoleDetailList"] += [
        {
            "RoleName": name,
            "RoleId": f"AROANEW{rng.randrange(10**12):012}",
            "Arn": f"arn:aws:iam::{account}:role/{name}",
            "AssumeRolePolicyDocument": policy(trust({"AWS": f"arn:aws:iam::{account}:root"})),
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": policy(allow("sts:*"))}],
        }
    ] * all(role["RoleName"] != name for role in files[account]["RoleDetailList"])


def recreated(files: Files, rng: random.Random) -> None:
    _user(files, rng)["UserId"] = f"AIDANEW{rng.randrange(10**12):012}"
    statement = trust({"AWS": "*"}, Condition={"StringLike": {"aws:userid": "AIDANEW*"}})
    _statements(files, rng).append(statement)


def limited(files: Files, rng: random.Random) -> None:
    """An SCP or an RCP that is attached somewhere, or edited."""
    org = files["organization"]
    kind = rng.choice(["SERVICE", "RESOURCE"])
    nodes = [entry["Id"] for key in ("Roots", "OrganizationalUnits", "Accounts")
             for entry in org.get(key, [])]  # fmt: skip
    statement = allow("sts:*", "*", Effect="Deny", Condition=rng.choice([
        MFA, {"StringEquals": {"aws:PrincipalTag/team": "web"}},
        {"StringNotLike": {"aws:PrincipalArn": "*admin*"}},
    ]))  # fmt: skip
    if kind == "RESOURCE":
        statement["Principal"] = "*"
    name = f"p-extra{kind[0].lower()}"
    org["Policies"] = [found for found in org["Policies"] if found["Id"] != name]
    org["Policies"].append({
        "Id": name, "Name": name, "Type": f"{kind}_CONTROL_POLICY",
        "Content": policy(statement), "Targets": rng.sample(nodes, 2),
    })  # fmt: skip


def moved(files: Files, rng: random.Random) -> None:
    org = files["organization"]
    units = [unit["Id"] for unit in org.get("OrganizationalUnits", [])]
    rng.choice(org["Accounts"])["ParentId"] = rng.choice([*units, org["Roots"][0]["Id"]])


EDITS: tuple[Callable[[Files, random.Random], None], ...] = (
    trust_opened, trust_opened, trust_closed, condition_gone, condition_added, statements_turned,
    granted, granted, taken, managed_edited, group_edited, group_joined, tagged, bounded, deleted,
    created, recreated, limited, limited, moved, taggable,
)  # fmt: skip
