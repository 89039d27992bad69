"""Worlds from files that AWS wrote: snapshots and loose policies.

What is not in them is unknown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from assumable import arn
from assumable.errors import InputError
from assumable.formats import iam_collect
from assumable.formats.account import AccountReader, max_session_duration
from assumable.formats.organization import read_organization
from assumable.formats.reading import Cursor, read_document, read_policy, refuse_malformed
from assumable.formats.scenario import caller_from_arn
from assumable.formats.snapshot import Files, files_of, read_packed
from assumable.model.call import Call, Caller, Network, RoleCaller, Session, UserCaller
from assumable.model.policy import Layer, Policy, PolicyName
from assumable.model.world import (
    Account,
    Former,
    Organization,
    Role,
    Unknown,
    User,
    VpcEndpoint,
    World,
)
from assumable.source import Document, Location

File = Path | Document
"""A file, or what was read of it before."""
Read = tuple[Account, Mapping[str, VpcEndpoint]]
"""An account with its VPC endpoints."""


def read_snapshot(folder: Path) -> World:
    """What `assumable collect` or iam-collect wrote, or a folder of `<account>.json` files.

    Beside them there may be `organization.json`, and each may be packed: `<account>.json.zst`.
    """
    files = files_of(folder)

    def read(account: str, path: Path) -> Read:
        cursor = account_at(path)
        partition = partition_of(arns_in(cursor.value))
        reader = AccountReader(account, partition, strict=False, is_filtered=files.is_filtered)
        return reader.read(cursor), reader.endpoints

    return world_of(files, read)


def world_of(files: Files, read: Callable[[str, Path], Read]) -> World:
    """The world in the files of a snapshot, each account as `read` has it."""
    accounts: dict[str, Account | Unknown] = {
        account: Unknown(f"account {account}", settle)
        for account, settle in files.unreadable.items()
    }
    endpoints: dict[str, VpcEndpoint] = {}
    for account, path in files.accounts.items():
        accounts[account], found = read(account, path)
        endpoints |= found
    return World(
        accounts=accounts,
        organizations=_organizations(files),
        standalone=files.standalone,
        endpoints=endpoints,
        complete=False,
    )


def _organizations(files: Files) -> tuple[Organization, ...] | Unknown:
    if not files.organizations and not files.standalone:
        return Unknown("the organization", "organizations:DescribeOrganization")
    found: list[Organization] = []
    for path in files.organizations:
        is_stored = path.is_dir()
        cursor = iam_collect.organization(path) if is_stored else _cursor(path)
        if isinstance(cursor.value, Unknown):
            return cursor.value
        lists_all = is_stored or files.manifest is not None
        found.append(read_organization(cursor, strict=False, lists_all=lists_all))
    return tuple(found)


def account_at(path: Path) -> Cursor:
    """An account as `get-account-authorization-details` prints it, from a file or a store."""
    return iam_collect.account(path) if path.is_dir() else _cursor(path)


def _cursor(path: Path) -> Cursor:
    document = read_packed(path)
    return Cursor(document.value, Location(document))


def with_former(world: World, folders: Iterable[Path]) -> World:
    """The world with whom older snapshots know by the ids that its trust policies name.

    Of several snapshots that know an id the last one counts.
    """
    named = set(_ids_named(world))
    former: dict[str, Former] = {}
    found = [files_of(folder) for folder in folders]
    for top, path in ((files.folder, path) for files in found for path in files.accounts.values()):
        fields = account_at(path).fields()
        for kind, key in (("User", "UserId"), ("Role", "RoleId")):
            details = fields.get(f"{kind}DetailList")
            for entry in details.items() if details else ():
                unique_id, own_arn = (_text(entry.value, name) for name in (key, "Arn"))
                if unique_id in named and arn.parse(own_arn) is not None:
                    former[unique_id] = Former(own_arn, str(top))
    return msgspec.structs.replace(world, former=former)


def _ids_named(world: World) -> Iterator[str]:
    """What stands in a trust policy where the ARN of a user or role was."""
    for principal in world.principals():
        if isinstance(principal, Role) and isinstance(principal.trust, Policy):
            for statement in principal.trust.statements:
                yield from (entry.value for entry in statement.principals or ())


def _text(entry: Any, key: str) -> str:
    """A member of an entry; empty where an old file does not have it."""
    return str(entry.get(key, "")) if isinstance(entry, dict) else ""


def partition_of(arns: Iterable[str]) -> str:
    """The partition of an account, as the first ARN in its dump has it."""
    found = (parts.partition for parts in map(arn.parse, arns) if parts is not None)
    return next(found, "aws")


def arns_in(value: Any) -> Iterator[str]:
    """The ARNs of the roles in a dump, then those of its users."""
    for key in ("RoleDetailList", "UserDetailList"):
        entries = value.get(key) if isinstance(value, dict) else None
        for entry in entries if isinstance(entries, list) else ():
            yield _text(entry, "Arn")


def call_of(
    caller: str, parameters: Mapping[str, Any], *, region: str | None, now: datetime
) -> Call:
    """The call of the caller of that ARN: AssumeRole, or AssumeRoot for a root user."""
    found = _from_flag(caller)
    if isinstance(found, RoleCaller):
        found = msgspec.structs.replace(found, session=unsaid_session())
    return Call(
        api="AssumeRoot" if "TargetPrincipal" in parameters else "AssumeRole",
        caller=found,
        parameters=parameters,
        network=Network(region=region, assumed=True),
        time=now,
    )


def _from_flag(text: str) -> Caller:
    """The caller of `--caller`, in which there are no lines to count."""
    try:
        return caller_from_arn(Cursor(text, Location(Document("--caller", "null"))))
    except InputError as error:
        raise InputError(error.message, "--caller", error.help_text) from None


def unsaid_session() -> Session:
    """A role session of which only the name is known."""
    event = "the AssumeRole event of the caller's session, in CloudTrail"
    policy = Unknown("the session policy of the caller's session, if any,", event)
    return Session(policies=(policy,), complete=False)


def read_trust_policy(trust_policy: File | None, role_arn: str) -> World:
    """A world of one trust policy; nothing else is known of the role's account."""
    accounts: dict[str, Account | Unknown] = {}
    role = _role(trust_policy, role_arn)
    if role is not None:
        accounts[role.account] = Account(id=role.account, roles={role.arn: role}, complete=False)
    unknown = Unknown("the organization", "--snapshot with organization.json")
    return World(accounts=accounts, organizations=unknown, complete=False)


def read_policies(
    trust_policy: File | None, caller_policies: Sequence[File], caller: str, role_arn: str
) -> World:
    """A world of loose policy files; nothing else is known of either account."""
    world = read_trust_policy(trust_policy, role_arn)
    found = world.role(role_arn)
    principal = _caller(caller_policies, caller, found if isinstance(found, Role) else None)
    account_id = principal.account
    present = world.accounts.get(account_id)
    account = present if isinstance(present, Account) else Account(id=account_id, complete=False)
    field = "roles" if isinstance(principal, Role) else "users"
    members = {**getattr(account, field), principal.arn: principal}
    account = msgspec.structs.replace(account, **{field: members})
    return msgspec.structs.replace(world, accounts={**world.accounts, account_id: account})


def _role(file: File | None, role_arn: str) -> Role | None:
    parts = arn.parse_role(role_arn)
    if file is None or parts is None:
        return None
    document = file if isinstance(file, Document) else read_document(file)
    cursor = Cursor(document.value, Location(document))
    duration: int | Unknown = Unknown(
        "the role's MaxSessionDuration", "the output of aws iam get-role"
    )
    value = document.value
    if isinstance(value, dict) and isinstance(value.get("Role"), dict):
        cursor = cursor.fields()["Role"]
        own = cursor.value.get("Arn", role_arn)
        if own != role_arn:
            cursor.fail(
                f"this is the role `{own}`, not `{role_arn}`", "the path is part of the ARN"
            )
    if isinstance(cursor.value, dict) and "AssumeRolePolicyDocument" in cursor.value:
        fields = cursor.fields()
        if "MaxSessionDuration" in fields:
            duration = max_session_duration(fields["MaxSessionDuration"])
        cursor = fields["AssumeRolePolicyDocument"]
    name = PolicyName(Layer.TRUST, f"the trust policy of {parts.name}", role_arn, "", parts.account)
    return Role(
        arn=role_arn,
        trust=refuse_malformed(read_policy(cursor, name, patchable=False)),
        max_session_duration=duration,
        policies=(Unknown(f"the policies of {parts.name}"),),
        tags=Unknown("the tags of the role", "iam:GetRole", present=False),
    )


def _caller(files: Sequence[File], caller: str, target: Role | None) -> User | Role:
    """The caller with the policies that were given, which are taken to be all it has."""
    found = _from_flag(caller)
    parts = arn.parse(caller)
    if parts is None or not isinstance(found, UserCaller | RoleCaller):
        raise InputError("only a user or a role session has policies of its own", "--caller-policy")
    own_arn = caller
    if isinstance(found, RoleCaller):
        own_arn = f"arn:{parts.partition}:iam::{parts.account}:role/{found.role_name}"
    policies: list[Policy | Unknown] = []
    for file in files:
        document = file if isinstance(file, Document) else read_document(file)
        cursor = Cursor(document.value, Location(document))
        for wrapper in ("PolicyVersion", "PolicyDocument", "Document"):
            if isinstance(cursor.value, dict) and wrapper in cursor.value:
                cursor = cursor.fields()[wrapper]
        name = PolicyName(Layer.IDENTITY, Path(document.name).stem, own_arn, "", parts.account)
        policies.append(refuse_malformed(read_policy(cursor, name, patchable=False)))
    if not files:
        policies.append(Unknown("the caller's policies", "--caller-policy FILE"))
    if target is not None and target.arn == own_arn:
        return msgspec.structs.replace(target, policies=tuple(policies), path_known=False)
    unread_tags = Unknown("the tags of the caller", "iam:GetUser or iam:GetRole")
    boundary = Unknown("the permissions boundary of the caller, if any", "--snapshot DIR")
    if isinstance(found, UserCaller):
        return User(arn=own_arn, policies=tuple(policies), tags=unread_tags, boundary=boundary)
    trust = Unknown("the trust policy of the caller's role")
    return Role(
        arn=own_arn,
        policies=tuple(policies),
        tags=unread_tags,
        trust=trust,
        boundary=boundary,
        path_known=False,
    )
