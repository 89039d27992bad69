"""A snapshot written as iam-collect would have written it to its store.

https://github.com/cloud-copilot/iam-collect/blob/main/docs/AgentInstructions.md
"""

import json
import urllib.parse
from pathlib import Path
from typing import Any

from tests.worlds import policy

_KINDS = {"SERVICE_CONTROL_POLICY": "scps", "RESOURCE_CONTROL_POLICY": "rcps"}


def write_store(dumps: Path, store: Path) -> None:
    """The store form of a folder of plain dumps, with `organization.json` where there is one."""
    top = store / "aws" / "aws"
    for path in dumps.glob("*.json"):
        value = json.loads(path.read_text(encoding="utf-8"))
        if path.stem == "organization":
            _organization(top / "organizations" / value["Id"], value)
        else:
            _account(top / "accounts" / path.stem, value)


def place(account: Path, arn: str) -> Path:
    """The folder of something with an ARN in the folder of an account."""
    service, region, owner, resource = arn.split(":", 5)[2:]
    kind, _, name = resource.partition("/")
    shared = owner if owner == "aws" else ""
    parts = [service, region, shared, kind, urllib.parse.quote(name, safe="!'()*")]
    return account.joinpath(*(part.lower() for part in parts if part))


def _save(folder: Path, **files: Any) -> None:
    """Each under its name with hyphens, unless it is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        if value:
            text = json.dumps(value, indent=2, sort_keys=True)
            (folder / f"{name.replace('_', '-')}.json").write_text(text, encoding="utf-8")


def _account(folder: Path, dump: dict[str, Any]) -> None:
    groups = {entry["GroupName"]: entry["Arn"] for entry in dump.get("GroupDetailList", [])}
    for kind in ("User", "Group", "Role"):
        for entry in dump.get(f"{kind}DetailList", []):
            _save(place(folder, entry["Arn"]), **_principal(kind, entry, groups))
    for entry in dump.get("Policies", []):
        (version,) = [v for v in entry["PolicyVersionList"] if v["IsDefaultVersion"]]
        metadata = {
            "arn": entry["Arn"],
            "name": entry["PolicyName"],
            "id": entry.get("PolicyId"),
            "defaultVersionId": entry.get("DefaultVersionId"),
            "path": entry.get("Path"),
            "permissionsBoundaryUsageCount": entry.get("PermissionsBoundaryUsageCount"),
            "createDate": entry.get("CreateDate"),
            "updateDate": entry.get("UpdateDate"),
        }
        document = _parsed(version["Document"])
        _save(place(folder, entry["Arn"]), metadata=_said(metadata), current_policy=document)
    for key in ("OpenIDConnectProviders", "SAMLProviders"):
        for entry in dump.get(key, []):
            metadata = {"arn": entry["Arn"], "audiences": entry.get("ClientIDList")}
            _save(place(folder, entry["Arn"]), metadata=_said(metadata))
    for entry in dump.get("VpcEndpoints", []):
        own = f"arn:aws:ec2:eu-west-1:{folder.name}:vpc-endpoint/{entry['VpcEndpointId']}"
        vpc = f"arn:aws:ec2:eu-west-1:{folder.name}:vpc/{entry['VpcId']}"
        metadata = {"arn": own, "id": entry["VpcEndpointId"], "vpc": vpc}
        document = _parsed(entry["PolicyDocument"])
        _save(place(folder, own), metadata=metadata, endpoint_policy=document)


def _principal(kind: str, entry: dict[str, Any], groups: dict[str, str]) -> dict[str, Any]:
    boundary = entry.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    metadata = {
        "arn": entry["Arn"],
        "name": entry[f"{kind}Name"],
        "id": entry.get(f"{kind}Id"),
        "path": entry.get("Path"),
        "created": entry.get("CreateDate"),
        "permissionBoundary": boundary,
    }
    own = entry.get(f"{kind}PolicyList", [])
    return {
        "metadata": _said(metadata),
        "trust_policy": _parsed(entry.get("AssumeRolePolicyDocument")),
        "inline_policies": [{**p, "PolicyDocument": _parsed(p["PolicyDocument"])} for p in own],
        "managed_policies": [p["PolicyArn"] for p in entry.get("AttachedManagedPolicies", [])],
        "instance_profiles": [p["Arn"] for p in entry.get("InstanceProfileList", [])],
        "groups": [groups.get(name) for name in entry.get("GroupList", [])],
        "tags": {tag["Key"]: tag["Value"] for tag in entry.get("Tags", [])},
    }


def _organization(folder: Path, block: dict[str, Any]) -> None:
    (root,) = block["Roots"]
    parents = {unit["Id"]: unit["ParentId"] for unit in block["OrganizationalUnits"]}
    arns = {entry["Id"]: _policy_arn(entry, block) for entry in block["Policies"]}

    def holder(node: str) -> dict[str, Any]:
        held: dict[str, list[str]] = {"scps": [], "rcps": []}
        for entry in block["Policies"]:
            if node in entry["Targets"]:
                held[_KINDS[entry["Type"]]].append(arns[entry["Id"]])
        return held

    def below(node: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        children = {unit: below(unit) for unit, parent in parents.items() if parent == node}
        members = [entry["Arn"] for entry in block["Accounts"] if entry["ParentId"] == node]
        if children:
            found["children"] = children
        if members:
            found["accounts"] = members
        return found

    metadata = {
        "id": block["Id"],
        "arn": block["Arn"],
        "rootOu": root["Id"],
        "rootAccountArn": block["MasterAccountArn"],
        "rootAccountId": block["MasterAccountId"],
        "features": {kind["Type"]: kind["Status"] == "ENABLED" for kind in root["PolicyTypes"]},
    }
    units = {unit: {"parent": parent, **holder(unit)} for unit, parent in parents.items()}
    _save(
        folder,
        metadata=metadata,
        structure={root["Id"]: below(root["Id"])},
        accounts={e["Id"]: {"ou": e["ParentId"], **holder(e["Id"])} for e in block["Accounts"]},
        ous={root["Id"]: holder(root["Id"]), **units},
        delegated_admins=_delegated(block),
    )
    for unit in (root, *block["OrganizationalUnits"]):
        _save(folder / "ous" / unit["Id"], metadata={"arn": "arn", "name": unit["Name"]})
    for entry in block["Policies"]:
        own = folder / _KINDS[entry["Type"]] / entry["Id"].lower()
        metadata = {"arn": arns[entry["Id"]], "name": entry["Name"]}
        everybody = {"Principal": "*"} if entry["Type"].startswith("RESOURCE") else {}
        everything = policy({"Effect": "Allow", **everybody, "Action": "*", "Resource": "*"})
        _save(own, metadata=metadata, policy=_parsed(entry.get("Content", everything)))


def _policy_arn(entry: dict[str, Any], block: dict[str, Any]) -> str:
    kind = entry["Type"].lower()
    if "Content" not in entry:
        return f"arn:aws:organizations::aws:policy/{kind}/{entry['Id']}"
    owner = f"arn:aws:organizations::{block['MasterAccountId']}"
    return f"{owner}:policy/{block['Id']}/{kind}/{entry['Id']}"


def _delegated(block: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in block.get("DelegatedAdministrators", []):
        found.setdefault(entry["ServicePrincipal"], []).append(entry["Id"])
    return found


def _parsed(document: Any) -> Any:
    """A document as an object; IAM returns it as URL-encoded text."""
    if not isinstance(document, str):
        return document
    return json.loads(urllib.parse.unquote(document) if document[:1] == "%" else document)


def _said(metadata: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if value is not None}
