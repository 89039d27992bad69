"""The store that iam-collect writes, many small files, as the dumps that it was made from.

https://github.com/cloud-copilot/iam-collect/blob/main/docs/Storage.md

A file that would hold an empty list or object is not there, and folders are named in lower case:
the names of things are those in `metadata.json`. What a store has no file for is unknown.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from assumable.errors import InputError
from assumable.formats.reading import Cursor, read_document
from assumable.formats.snapshot import MAX_DUMP_BYTES, OnDisk
from assumable.model.world import Unknown
from assumable.source import MAX_BYTES, Location

_Parts = dict[str, Cursor]
_PRINCIPAL = (
    "metadata", "trust-policy", "inline-policies", "managed-policies", "groups", "tags",
)  # fmt: skip
_ORGANIZATION = ("metadata", "accounts", "structure", "ous", "delegated-admins")
_PROVIDERS = {"oidc-provider": "OpenIDConnectProviders", "saml-provider": "SAMLProviders"}
_ATTACHED = {"SERVICE_CONTROL_POLICY": "scps", "RESOURCE_CONTROL_POLICY": "rcps"}


class _Object(Cursor):
    """An object whose members stand in different files."""

    def __init__(self, parts: _Parts, location: Location) -> None:
        super().__init__({key: part.value for key, part in parts.items()}, location)
        self._parts = parts

    def fields(self, allowed: frozenset[str] | None = None) -> _Parts:
        del allowed  # the keys are ours
        return self._parts


class _List(Cursor):
    """A list whose members stand in different files."""

    def __init__(self, parts: Sequence[Cursor], location: Location) -> None:
        super().__init__([part.value for part in parts], location)
        self._parts = parts

    def items(self) -> Iterator[Cursor]:
        yield from self._parts


def account(folder: Path) -> Cursor:
    """An account of a store, as `get-account-authorization-details` and snapshots have it.

    InputError for a file that cannot be understood, and where a download was interrupted.
    """
    here = Location(OnDisk(folder))
    policies = [*_policies(folder / "iam/policy"), *_policies(folder / "iam/aws/policy")]
    people = {kind: list(_principals(folder / f"iam/{kind}")) for kind in ("user", "group", "role")}
    _doubt_boundaries(policies, [*people["user"], *people["role"]])
    parts: _Parts = {"Policies": _List(policies, here)}
    for kind, entries in people.items():
        listed = [_Object(entry, entry["Arn"].location) for entry in entries]
        parts[f"{kind.capitalize()}DetailList"] = _List(listed, here)
    parts["VpcEndpoints"] = _List(list(_endpoints(folder)), here)
    for kind, key in _PROVIDERS.items():
        providers = [
            _Object(_named(own, {"arn": "Arn"}, {"audiences": "ClientIDList"}), own.location)
            for own in (files["metadata"] for files in _resources(folder / f"iam/{kind}"))
        ]
        if providers:
            parts[key] = _List(providers, here)
    return _Object(parts, here)


def _resources(folder: Path, *names: str) -> Iterator[_Parts]:
    """The files of each thing of a kind."""
    for own in (folder / name for name in _listed(folder)):
        there = _listed(own)
        files = _files(own, *(name for name in ("metadata", *names) if f"{name}.json" in there))
        if "metadata" in files:
            yield files
        elif there:  # it is the last that is written of a user, group or role
            help_text = "was `iam-collect download` interrupted? run it again"
            raise InputError("holds no `metadata.json`", str(own), help_text)


def _listed(folder: Path) -> list[str]:
    """What is in a folder, nothing where there is none; InputError where it cannot be read."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        message = f"cannot be read: {os.strerror(error.errno or 0).lower()}"
        raise InputError(message, str(folder)) from None


def _files(folder: Path, *names: str, limit: int = MAX_BYTES) -> _Parts:
    """What the files of these names hold, but for null, which says nothing."""
    documents = {name: read_document(folder / f"{name}.json", limit=limit) for name in names}
    return {
        name: Cursor(document.value, Location(document))
        for name, document in documents.items()
        if document.value is not None
    }


def _named(
    metadata: Cursor, needed: Mapping[str, str], others: Mapping[str, str] | None = None
) -> _Parts:
    """The members of an object by the names that AWS gives them; InputError without the needed."""
    names = {**needed, **(others or {})}
    fields = metadata.fields()
    found = {
        key: fields[name]
        for name, key in names.items()
        if name in fields and fields[name].value is not None
    }
    for name, key in needed.items():
        if key not in found:
            metadata.fail(f"`{name}` is missing")
    return found


def _policies(folder: Path) -> Iterator[Cursor]:
    """The managed policies with a document: of the others it is unknown what they say."""
    for files in _resources(folder, "current-policy", "policy"):
        document = files.get("current-policy", files.get("policy"))  # as older versions called it
        if document is not None:
            metadata = files["metadata"]
            names = {"name": "PolicyName", "path": "Path", "updateDate": "UpdateDate"}
            names["permissionsBoundaryUsageCount"] = "PermissionsBoundaryUsageCount"
            entry = _named(metadata, {"arn": "Arn"}, names)
            yield _Object({**entry, "PolicyDocument": document}, metadata.location)


def _principals(folder: Path) -> Iterator[_Parts]:
    """Users, groups or roles: what the kind does not have is not there."""
    word = folder.name.capitalize()
    for files in _resources(folder, *_PRINCIPAL):
        metadata = files["metadata"]
        names = {"id": f"{word}Id", "path": "Path", "created": "CreateDate"}
        entry = _named(metadata, {"arn": "Arn", "name": f"{word}Name"}, names)
        boundary = metadata.fields().get("permissionBoundary")
        if boundary is not None and boundary.value is not None:
            parts = {"PermissionsBoundaryArn": boundary}
            entry["PermissionsBoundary"] = _Object(parts, boundary.location)
        if "inline-policies" in files:
            entry[f"{word}PolicyList"] = files["inline-policies"]
        if "managed-policies" in files:
            entry["AttachedManagedPolicies"] = _each(files["managed-policies"], "PolicyArn")
        if "tags" in files:
            entry["Tags"] = _tags(files["tags"])
        if "groups" in files:
            entry["GroupList"] = _group_names(files["groups"])
        if folder.name == "role":
            name, own_arn = entry[f"{word}Name"].value, entry["Arn"].value
            unread = Unknown(f"the trust policy of {name}", f"iam:GetRole on {own_arn}")
            trust = files.get("trust-policy", Cursor(unread, metadata.location))
            entry["AssumeRolePolicyDocument"] = trust
        yield entry


def _doubt_boundaries(policies: list[Cursor], principals: list[_Parts]) -> None:
    """Where IAM counts more permissions boundaries than there are, any principal may have one.

    Those that come from AWS Config have none, whatever there is in the account.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ManagedPolicyDetail.html
    """
    held = Counter(
        str(entry["PermissionsBoundary"].value["PermissionsBoundaryArn"])
        for entry in principals
        if "PermissionsBoundary" in entry
    )
    counts = [(p.value["Arn"], p.value.get("PermissionsBoundaryUsageCount", 0)) for p in policies]
    if all(not isinstance(count, int) or count <= held[str(own)] for own, count in counts):
        return
    for entry in principals:
        if "PermissionsBoundary" not in entry:
            place, kind = entry["Arn"], "Role" if "RoleName" in entry else "User"
            what = f"the permissions boundary of {entry[f'{kind}Name'].value}, if any,"
            unread = Unknown(what, f"iam:Get{kind} on {place.value}")
            entry["PermissionsBoundary"] = Cursor(unread, place.location)


def _each(texts: Cursor, key: str) -> Cursor:
    found = [_Object({key: item}, item.location) for item in texts.items()]
    return _List(found, texts.location)


def _tags(tags: Cursor) -> Cursor:
    """What IAM returns as a list of Key and Value stands as one object."""
    found = [
        _Object({"Key": Cursor(key, value.location), "Value": value}, value.location)
        for key, value in tags.fields().items()
    ]
    return _List(found, tags.location)


def _group_names(arns: Cursor) -> Cursor:
    """Null stands for a group that is not in the store."""
    found = [
        Cursor("null" if item.value is None else item.text().rpartition("/")[2], item.location)
        for item in arns.items()
    ]
    return _List(found, arns.location)


def _endpoints(folder: Path) -> Iterator[Cursor]:
    """The VPC endpoints with a policy: of the others it is unknown what theirs is."""
    for region in _listed(folder / "ec2"):
        for files in _resources(
            folder / "ec2" / region / "vpc-endpoint", "endpoint-policy", "policy"
        ):
            document = files.get("endpoint-policy", files.get("policy"))  # as older versions did
            if document is None:
                continue
            metadata = files["metadata"]
            entry = _named(metadata, {"id": "VpcEndpointId"}, {"vpc": "VpcId"})
            if "VpcId" in entry:  # an ARN, or an id in older versions
                vpc = entry["VpcId"]
                entry["VpcId"] = Cursor(vpc.text().rpartition("/")[2], vpc.location)
            yield _Object({**entry, "PolicyDocument": document}, metadata.location)


def organization(folder: Path) -> Cursor:
    """An organization of a store, as a snapshot has it; `Unknown` without all of its tree.

    InputError for a file that cannot be understood.
    """
    names, there = _ORGANIZATION, _listed(folder)
    given = (name for name in names if f"{name}.json" in there)
    files = _files(folder, *given, limit=MAX_DUMP_BYTES)
    for name in names[:3]:  # the tree
        if name not in files:
            unread = Unknown("the organization", f"{name}.json of {folder.name} in the store")
            return Cursor(unread, Location(OnDisk(folder)))
    metadata = files["metadata"]
    units = list(_units(files["structure"], None))
    parts = _named(metadata, {"id": "Id", "rootAccountId": "MasterAccountId"})
    tops = [_root(unit, metadata) for unit in units if "ParentId" not in unit]
    parts["Roots"] = _List(tops, metadata.location)
    below = [_unit(unit, folder) for unit in units if "ParentId" in unit]
    parts["OrganizationalUnits"] = _List(below, metadata.location)
    accounts = files["accounts"].fields()
    members = [_member(name, entry, folder) for name, entry in accounts.items()]
    parts["Accounts"] = _List(members, files["accounts"].location)
    holders = {**(files["ous"].fields() if "ous" in files else {}), **accounts}
    is_whole = "features" in metadata.fields() and {u["Id"].value for u in units} <= holders.keys()
    attached = [p for kind in _ATTACHED for p in _attached(kind, folder, holders, is_whole)]
    parts["Policies"] = _List(attached, metadata.location)
    delegated = files.get("delegated-admins")
    if delegated is not None and delegated.value:  # nothing stands for a refusal as well
        parts["DelegatedAdministrators"] = _delegated(delegated)
    return _Object(parts, metadata.location)


def _units(level: Cursor, above: Cursor | None) -> Iterator[_Parts]:
    """The root and the organizational units, each before those below it."""
    for name, unit in level.fields().items():
        own = Cursor(name, unit.location)
        yield {"Id": own} if above is None else {"Id": own, "ParentId": above}
        children = unit.fields().get("children")
        if children is not None and children.value is not None:
            yield from _units(children, own)


def _root(unit: _Parts, metadata: Cursor) -> Cursor:
    """The root, with the types of policy that are switched on."""
    features = metadata.fields().get("features")
    if features is not None:
        types = [
            {"Type": name, "Status": "ENABLED"}
            for name, feature in features.fields().items()
            if feature.truth()
        ]
        unit = {**unit, "PolicyTypes": Cursor(types, features.location)}
    return _Object(unit, unit["Id"].location)


def _unit(unit: _Parts, folder: Path) -> Cursor:
    own = folder / "ous" / str(unit["Id"].value).lower()
    files = _files(own, "metadata") if (own / "metadata.json").is_file() else {}
    if "metadata" in files:
        unit = {**unit, **_named(files["metadata"], {}, {"name": "Name"})}
    return _Object(unit, unit["Id"].location)


def _member(name: str, entry: Cursor, folder: Path) -> Cursor:
    """An account. A store does not have its state: whoever was read could be used."""
    parts = {"Id": Cursor(name, entry.location), **_named(entry, {"ou": "ParentId"})}
    if not (folder.parents[1] / "accounts" / name / "iam").is_dir():
        parts["State"] = Cursor("not in the store", entry.location)
    return _Object(parts, entry.location)


def _attached(kind: str, folder: Path, holders: _Parts, is_whole: bool) -> Iterator[Cursor]:
    """The policies of a type, with what they are attached to where that is there of everything."""
    key = _ATTACHED[kind]
    targets: dict[str, list[Cursor]] = {}
    for name, holder in holders.items():
        held = holder.fields().get(key)
        is_whole = is_whole and held is not None
        for item in held.items() if held is not None else ():
            targets.setdefault(item.text(), []).append(Cursor(name, item.location))
    if not is_whole:
        place = Location(OnDisk(folder / "ous.json"))
        yield _Object({"Type": Cursor(kind, place)}, place)
        return
    known = {
        _named(files["metadata"], {"arn": "Arn"})["Arn"].text(): files
        for files in _resources(folder / key, "policy")
    }
    for own_arn, found in targets.items():
        place, files = found[0].location, known.get(own_arn, {})
        own_id = own_arn.rpartition("/")[2]
        parts = {"Type": Cursor(kind, place), "Id": Cursor(own_id, place)}
        if "metadata" in files:
            parts |= _named(files["metadata"], {}, {"name": "Name"})
        if "policy" in files:
            parts["Content"] = files["policy"]
        yield _Object({**parts, "Targets": _List(found, place)}, place)


def _delegated(services: Cursor) -> Cursor:
    found = [
        _Object({"Id": item, "ServicePrincipal": Cursor(service, item.location)}, item.location)
        for service, accounts in services.fields().items()
        for item in accounts.items()
    ]
    return _List(found, services.location)
