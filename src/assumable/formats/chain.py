"""The hops of a chain before its last one: from `call.chain` of a scenario, or from `--via`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from assumable import arn
from assumable.errors import InputError
from assumable.formats.account import AccountReader
from assumable.formats.reading import Cursor, read_policy
from assumable.model.call import (
    Api,
    Call,
    Caller,
    Hop,
    SamlCaller,
    ServiceCaller,
    WebIdentityCaller,
)
from assumable.model.policy import Layer, PolicyName
from assumable.model.world import PolicyOrUnknown, Unknown

SESSION_NAME = "assumable"
"""What a hop's session is called when nobody says it."""


def via(call: Call, role_arns: Sequence[str]) -> Call:
    """The call made through the sessions of these roles; InputError for one that is blank."""
    if not all(text.strip() for text in role_arns):
        raise InputError("names no role", "--via", "its ARN, as `aws iam get-role` prints it")
    chain = tuple(
        Hop(parameters={"RoleArn": text, "RoleSessionName": SESSION_NAME}) for text in role_arns
    )
    return msgspec.structs.replace(call, chain=chain)


def first_api(cursor: Cursor, caller: Caller, *, chained: bool) -> Api:
    """The API of the first hop, which follows from who calls; InputError when another is named.

    A chain may be named after its first hop or its last one.
    """
    if cursor.value == "AssumeRoot" and not chained:
        return "AssumeRoot"
    first: Api = "AssumeRole"
    if isinstance(caller, WebIdentityCaller):
        first = "AssumeRoleWithWebIdentity"
    elif isinstance(caller, SamlCaller):
        first = "AssumeRoleWithSAML"
    named = (first, "AssumeRole") if chained else (first,)
    if cursor.value not in named:
        cursor.fail(
            f"`{cursor.value}` is not what such a caller calls", " or ".join(dict.fromkeys(named))
        )
    return first


def read_chain(
    cursor: Cursor, readers: Mapping[str, AccountReader], caller: Caller
) -> tuple[Hop, ...]:
    """The hops of `call.chain`; InputError unless each is a text or an object."""
    others_name_it = isinstance(caller, ServiceCaller | SamlCaller)
    return tuple(
        _hop(item, readers, number, named=number > 1 or not others_name_it)
        for number, item in enumerate(cursor.items(), 1)
    )


def _hop(cursor: Cursor, readers: Mapping[str, AccountReader], number: int, *, named: bool) -> Hop:
    """One hop; what is wrong with its parameters is left to the rules of the API."""
    given: dict[str, Any]
    if isinstance(cursor.value, str):
        given = {"RoleArn": cursor.value}
    elif isinstance(cursor.value, dict):
        given = dict(cursor.value)
    else:
        cursor.fail("must be the ARN of a role, or an object of the API's parameters")
    if named and given.get("RoleSessionName") is None:
        given["RoleSessionName"] = SESSION_NAME
    return Hop(parameters=given, policies=tuple(_session_policies(cursor, readers, number)))


def _session_policies(
    cursor: Cursor, readers: Mapping[str, AccountReader], number: int
) -> Iterator[PolicyOrUnknown]:
    """What the Policy and PolicyArns of a hop limit its session to."""
    fields = cursor.fields() if isinstance(cursor.value, dict) else {}
    policy = fields.get("Policy")
    if policy is not None and policy.value is not None:
        yield _inline(policy, f"the session policy of hop {number}")
    role_arn = fields["RoleArn"].value if "RoleArn" in fields else ""
    account = arn.account_of(str(role_arn))
    reader = readers.get(account) or AccountReader(account, "aws", strict=True)
    listed = fields["PolicyArns"].value if "PolicyArns" in fields else None
    for entry in listed if isinstance(listed, list) else ():
        policy_arn = entry.get("arn") if isinstance(entry, dict) else entry
        yield reader.managed_policy(str(policy_arn), "", Layer.SESSION)


def _inline(cursor: Cursor, title: str) -> PolicyOrUnknown:
    """A session policy; a malformed one makes the hop itself fail, its limits are not known."""
    malformed = Unknown(f"{title}, which is malformed,", "a well-formed document")
    if not isinstance(cursor.value, str | dict):
        return malformed
    try:
        policy = read_policy(cursor, PolicyName(Layer.SESSION, title), patchable=False)
    except InputError:
        return malformed
    return policy if policy.fatal is None else malformed
