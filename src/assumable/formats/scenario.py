"""Scenario files: a closed world and a call (DESIGN section 6)."""

import re
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from assumable import arn
from assumable.formats.account import AccountReader
from assumable.formats.blank import UNREAD_ORGANIZATION, blank
from assumable.formats.chain import first_api, read_chain
from assumable.formats.client import read_set_up, through
from assumable.formats.endpoint import DOMAINS
from assumable.formats.organization import read_organization
from assumable.formats.reading import Cursor, read_document, read_policy, refuse_malformed
from assumable.model.call import (
    Absent,
    Call,
    Caller,
    FederatedUserCaller,
    Mfa,
    Network,
    Present,
    RoleCaller,
    RootCaller,
    SamlCaller,
    ServiceCaller,
    Session,
    UserCaller,
    Value,
    WebIdentityCaller,
)
from assumable.model.policy import SESSION_POLICY, Layer
from assumable.model.world import (
    Account,
    Former,
    Organization,
    PolicyOrUnknown,
    Unknown,
    World,
)
from assumable.source import Document, Location

_TOP = frozenset((
    "scenario", "title", "source", "time", "organization", "accounts", "former", "call", "unknown",
    "expect", "error_text", "established",
))  # fmt: skip
_CALL = frozenset((
    "api", "caller", "parameters", "network", "context", "mfa_code", "chain", "client",
))  # fmt: skip
_CALLER = frozenset((
    "arn", "service", "credentials", "mfa", "session", "identity_provider", "claims", "assertion",
))  # fmt: skip
_SESSION = frozenset((
    "policy", "policy_arns", "tags", "transitive_tag_keys", "source_identity", "issued_at",
    "expires_at",
))  # fmt: skip
_NETWORK = frozenset((
    "source_ip", "vpc", "vpc_endpoint", "region", "secure_transport", "user_agent", "endpoint",
))  # fmt: skip
MAX_POLICY_ARNS = 10
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
MAX_MFA_AGE = 129_600
"""Seconds that credentials with MFA can last: those of GetSessionToken, 36 hours.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
"""
_APIS = ("AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "AssumeRoot")
# Every partition's own suffix is taken, though most services keep the first one everywhere.
_SERVICE = re.compile(
    r"(?:[a-z0-9][a-z0-9_-]*\.)+(?:" + "|".join(map(re.escape, (*DOMAINS, "aws.internal"))) + ")"
)
_ASSUME_ROOT: Final = "assume-root"


class Scenario(NamedTuple):
    """A world and the call to decide in it."""

    world: World
    call: Call


def read_scenario(path: Path, *, now: datetime) -> Scenario:
    """A scenario file; InputError with the position at the first mistake."""
    return parse_scenario(read_document(path), now=now)


def parse_scenario(document: Document, *, now: datetime) -> Scenario:
    """A scenario from a document; `now` is the time of the call when it gives none."""
    top = Cursor(document.value, Location(document))
    fields = top.fields(_TOP)
    for key in ("scenario", "accounts", "call"):
        if key not in fields:
            top.fail(f"`{key}` is missing")
    if fields["scenario"].value != 1 or isinstance(fields["scenario"].value, bool | float):
        fields["scenario"].fail("the scenario format is version 1")
    readers, world = _world(fields)
    call = _call(fields["call"], readers, fields["time"].moment() if "time" in fields else now)
    for item in fields["unknown"].items() if "unknown" in fields else ():
        world, call = blank(item, world, call)
    return Scenario(msgspec.structs.replace(world, document=document.value), call)


def _partitions(call: Cursor) -> dict[str, str]:
    """The partition of each account in the call, the caller's first (DESIGN section 6)."""
    found: dict[str, str] = {}
    value = call.value if isinstance(call.value, dict) else {}
    caller, parameters = value.get("caller"), value.get("parameters")
    caller_arn = caller.get("arn") if isinstance(caller, dict) else None
    role_arn = parameters.get("RoleArn") if isinstance(parameters, dict) else None
    chain = value.get("chain")
    hops = chain if isinstance(chain, list) else []
    between = [hop.get("RoleArn") if isinstance(hop, dict) else hop for hop in hops]
    for text in (caller_arn, *between, role_arn):
        parts = arn.parse(text) if isinstance(text, str) else None
        if parts is not None:
            found.setdefault(parts.account, parts.partition)
            found.setdefault("", parts.partition)
    return found


def _world(fields: dict[str, Cursor]) -> tuple[dict[str, AccountReader], World]:
    partitions = _partitions(fields["call"])
    readers: dict[str, AccountReader] = {}
    accounts: dict[str, Account | Unknown] = {}
    for account_id, cursor in fields["accounts"].fields().items():
        if not arn.ACCOUNT_ID.fullmatch(account_id):
            cursor.fail(
                f"`{account_id}` is not an account ID of 12 digits", "quote it, zeros included"
            )
        partition = partitions.get(account_id, partitions.get("", "aws"))
        reader = AccountReader(account_id, partition, strict=True)
        empty = Cursor({}, cursor.location)
        accounts[account_id] = reader.read(empty if cursor.value is None else cursor)
        readers[account_id] = reader
    endpoints = {
        name: item for reader in readers.values() for name, item in reader.endpoints.items()
    }
    organizations = _organizations(fields["organization"]) if "organization" in fields else ()
    former = _former(fields["former"]) if "former" in fields else {}
    return readers, World(
        accounts=accounts, organizations=organizations, endpoints=endpoints, former=former
    )


def _former(cursor: Cursor) -> dict[str, Former]:
    """The user or role that each unique id was of."""
    found: dict[str, Former] = {}
    for unique_id, item in cursor.fields().items():
        parts = arn.parse(item.text())
        if not arn.UNIQUE_ID.fullmatch(unique_id):
            item.fail(f"`{unique_id}` is not the unique id of a user or role", "AIDA… or AROA…")
        if parts is None or parts.kind not in ("user", "role") or not parts.name:
            item.fail(f"`{item.value}` is not the ARN of a user or role")
        found[unique_id] = Former(item.text())
    return found


def _organizations(cursor: Cursor) -> tuple[Organization, ...] | Unknown:
    if cursor.value == "unknown":
        return UNREAD_ORGANIZATION
    several = list(cursor.items()) if isinstance(cursor.value, list) else [cursor]
    return tuple(read_organization(item, strict=True) for item in several)


def _call(cursor: Cursor, readers: dict[str, AccountReader], now: datetime) -> Call:
    fields = cursor.fields(_CALL)
    for key in ("api", "caller"):
        if key not in fields:
            cursor.fail(f"`{key}` is missing")
    fields["api"].one_of(*_APIS)
    parameters = fields["parameters"].value if "parameters" in fields else {}
    if not isinstance(parameters, dict):
        fields["parameters"].fail("must be an object of the API's parameters")
    caller = _caller(fields["caller"], readers)
    chain = read_chain(fields["chain"], readers, caller) if "chain" in fields else ()
    is_through = "client" in fields
    api = first_api(fields["api"], caller, chained=bool(chain) or is_through)
    call = Call(
        api=api,
        caller=caller,
        chain=chain,
        parameters=parameters,
        network=_network(fields["network"]) if "network" in fields else Network(),
        time=now,
        overrides=_overrides(fields["context"]) if "context" in fields else {},
        mfa_code_is_wrong="mfa_code" in fields
        and fields["mfa_code"].one_of("wrong", "valid") == "wrong",
    )
    return through(call, read_set_up(fields["client"]), fields) if is_through else call


def _caller(cursor: Cursor, readers: dict[str, AccountReader]) -> Caller:
    fields = cursor.fields(_CALLER)
    provider = fields["identity_provider"].text() if "identity_provider" in fields else None
    if "service" in fields:
        return ServiceCaller(principal=_service(fields["service"]))
    if "claims" in fields:
        claims = fields["claims"]
        return WebIdentityCaller(
            claims={k: c.value for k, c in claims.fields().items()}, provider=provider
        )
    if "assertion" in fields:
        assertion = fields["assertion"]
        return SamlCaller(
            assertion={k: c.value for k, c in assertion.fields().items()}, provider=provider
        )
    if "arn" not in fields:
        cursor.fail("a caller needs `arn`, `service`, `claims` or `assertion`")
    return _signed_caller(fields, readers)


def _service(cursor: Cursor) -> str:
    """A service principal; InputError for what no service is called by."""
    name = cursor.text()
    if not _SERVICE.fullmatch(name):
        cursor.fail(
            f"`{name}` is no service principal", "in lower case, such as lambda.amazonaws.com"
        )
    return name


def _signed_caller(fields: dict[str, Cursor], readers: dict[str, AccountReader]) -> Caller:
    text = fields["arn"].text()
    credentials = (
        fields["credentials"].one_of("long-term", "session-token", "federation-token", _ASSUME_ROOT)
        if "credentials" in fields
        else None
    )
    caller = caller_from_arn(fields["arn"])
    if credentials == "federation-token":
        return FederatedUserCaller(arn=text)
    if credentials == _ASSUME_ROOT:
        if not isinstance(caller, RootCaller):
            fields["arn"].fail("AssumeRoot gives credentials of a root user", "arn:…:root")
        return RootCaller(arn=text, credentials=_ASSUME_ROOT)
    mfa = _mfa(fields["mfa"]) if "mfa" in fields else Mfa(present=False)
    account = readers.get(arn.account_of(text))
    session = _session(fields["session"], account) if "session" in fields else Session()
    if isinstance(caller, RoleCaller):
        return msgspec.structs.replace(caller, session=session, mfa=mfa)
    if isinstance(caller, UserCaller):
        proven = mfa.present is True
        kind = credentials or ("session-token" if proven else "long-term")
        if kind == "long-term" and proven:
            fields["credentials"].fail("long-term keys carry no MFA", "credentials: session-token")
        return msgspec.structs.replace(caller, credentials=kind, session=session, mfa=mfa)
    return caller


def caller_from_arn(cursor: Cursor) -> Caller:
    """The caller that an ARN names; InputError when such a principal cannot call STS."""
    text = cursor.text()
    parts = arn.parse(text)
    if parts is None or not arn.ACCOUNT_ID.fullmatch(parts.account):
        cursor.fail(
            f"`{text}` is not the ARN of a caller", "as `aws sts get-caller-identity` prints it"
        )
    found: Caller | None = None
    match parts.service, parts.kind:
        case "iam", "user" if parts.name:
            found = UserCaller(arn=text)
        case "iam", "root":
            found = RootCaller(arn=text)
        case "sts", "assumed-role" if parts.resource.count("/") == 2:  # noqa: PLR2004  # role, session
            found = RoleCaller(arn=text)
        case "sts", "assumed-role" if parts.resource.count("/") > 2:  # noqa: PLR2004
            short = "/".join(("assumed-role", *parts.resource.split("/")[-2:]))
            cursor.fail(
                "the ARN of a session holds no path of its role",
                f"leave the path out: arn:{parts.partition}:sts::{parts.account}:{short}",
            )
        case "sts", "federated-user" if parts.name:
            found = FederatedUserCaller(arn=text)
        case "iam", "role":
            cursor.fail(
                "a role does not call by itself, a session of it does",
                f"write {arn.session_of(text, 'SESSION')}",
            )
        case _:
            pass
    if found is None:
        cursor.fail(
            f"`{text}` cannot call AssumeRole", "a user, an assumed-role session, or the root user"
        )
    return found


def _mfa(cursor: Cursor) -> Mfa:
    if cursor.value == "unknown":
        nobody = Unknown("whether the caller's credentials carry MFA", "call.caller.mfa")
        return Mfa(present=nobody)
    if isinstance(cursor.value, bool):
        return Mfa(present=cursor.value)
    if not isinstance(cursor.value, dict):
        cursor.fail("must be true, false, unknown, or {age: SECONDS}")
    fields = cursor.fields(frozenset(("age",)))
    if "age" not in fields:
        cursor.fail("`age` in seconds is missing")
    return Mfa(present=True, age=fields["age"].number(0, MAX_MFA_AGE))


def _session(cursor: Cursor, account: AccountReader | None) -> Session:
    fields = cursor.fields(_SESSION)
    policies: list[PolicyOrUnknown] = []
    if "policy" in fields:
        policies.append(refuse_malformed(read_policy(fields["policy"], SESSION_POLICY)))
    listed = list(fields["policy_arns"].items()) if "policy_arns" in fields else []
    if len(listed) > MAX_POLICY_ARNS:
        fields["policy_arns"].fail(f"a session has at most {MAX_POLICY_ARNS} managed policies")
    for item in listed:
        policy_arn = item.value.get("arn") if isinstance(item.value, dict) else item.text()
        reader = account or AccountReader("", "aws", strict=True)
        policies.append(reader.managed_policy(str(policy_arn), "", Layer.SESSION))
    tags = (
        {key: item.text() for key, item in fields["tags"].fields().items()}
        if "tags" in fields
        else {}
    )
    return Session(
        policies=tuple(policies),
        tags=tags,
        transitive_tag_keys=fields["transitive_tag_keys"].texts()
        if "transitive_tag_keys" in fields
        else (),
        source_identity=fields["source_identity"].text() if "source_identity" in fields else None,
        issued_at=fields["issued_at"].moment() if "issued_at" in fields else None,
        expires_at=fields["expires_at"].moment() if "expires_at" in fields else None,
    )


def _network(cursor: Cursor) -> Network:
    fields = cursor.fields(_NETWORK)

    def text(key: str) -> str | None:
        return fields[key].text() if key in fields and fields[key].value is not None else None

    if text("source_ip") is not None and text("vpc_endpoint") is not None:
        fields["source_ip"].fail(
            "`source_ip` and `vpc_endpoint` exclude each other",
            "aws:SourceIp is absent through an endpoint",
        )
    endpoint = (
        fields["endpoint"].one_of("regional", "global") if "endpoint" in fields else "regional"
    )
    return Network(
        source_ip=text("source_ip"),
        vpc=text("vpc"),
        vpc_endpoint=text("vpc_endpoint"),
        region=text("region"),
        endpoint=endpoint,  # type: ignore[arg-type]  # `one_of` has checked it
        secure_transport=fields["secure_transport"].truth()
        if "secure_transport" in fields
        else None,
        user_agent=text("user_agent"),
    )


def _overrides(cursor: Cursor) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key, item in cursor.fields().items():
        value = item.value
        if value is None:
            found[key.lower()] = Absent("the scenario says so")
        elif isinstance(value, list):
            found[key.lower()] = Present(item.texts(), "the scenario says so", multivalued=True)
        elif isinstance(value, dict):
            item.fail("must be a value, a list of texts, or null")
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            found[key.lower()] = Present((text,), "the scenario says so")
    return found
