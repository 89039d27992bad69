"""Fixes: how they are made, and what the world and the call are once they are applied.

Pure: an edit makes new documents, nothing is changed in place.
"""

import copy
import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import jsonpatch
import msgspec

from assumable import arn
from assumable.findings import commands
from assumable.findings.client_fix import as_setting
from assumable.findings.finding import CALLER, Edit, Fix, Safety, Target
from assumable.findings.quotas import needed_first
from assumable.formats.writing import pretty
from assumable.model.call import Call, Session
from assumable.model.policy import SESSION_POLICY, Layer, Policy
from assumable.model.world import Role
from assumable.source import escape

_ROLES_OF_AWS = (":role/aws-service-role/", ":role/aws-reserved/")
"""Their services alone edit them (R1.23, R2.11)."""


def change_call(
    call: Call, fix_id: str, title: str, values: Mapping[str, Any], *, safety: Safety = "safe"
) -> Fix:
    """A fix that sends other parameters; None as a value leaves the parameter out.

    What a profile sends is changed in the profile.
    """
    of_profile = as_setting(call, fix_id, title, values)
    if of_profile is not None:
        return msgspec.structs.replace(of_profile, safety=safety)
    edit = tuple(
        {"op": "remove", "path": f"/{name}"}
        if value is None
        else {"op": "add", "path": f"/{name}", "value": value}
        for name, value in values.items()
        if value is not None or name in call.parameters
    )
    changed = msgspec.structs.replace(call, parameters=patched(dict(call.parameters), edit))
    return Fix(
        id=fix_id,
        title=title,
        owner=CALLER,
        safety=safety,
        target=Target(kind="call"),
        edit=edit,
        commands=(commands.assume_role(changed),),
        opens="nothing: only your request changes",
    )


def session_with_mfa(call: Call, fix_id: str, serial: str) -> Fix:
    """A fix that makes the call with credentials from GetSessionToken, given for a code (R5.3).

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    edit: Edit = (
        {"op": "add", "path": "/credentials", "value": "session-token"},
        {"op": "add", "path": "/mfa", "value": {"age": 0}},
    )
    if call.session != Session():  # that of older credentials
        edit = (*edit, {"op": "remove", "path": "/session"})
    return Fix(
        id=fix_id,
        title="get credentials with MFA first, from GetSessionToken with your long-term keys and "
        f"the code of your device (often {serial}), and make the call with those",
        owner=CALLER,
        safety="safe",
        target=Target(kind="credentials"),
        edit=edit,
        commands=(commands.get_session_token(serial), commands.assume_role(call)),
        opens="nothing: only your request changes",
    )


def change_policy(
    policy: Policy, fix_id: str, title: str, edit: Edit, *, opens: str, safety: Safety = "review"
) -> Fix:
    """A fix that edits one policy document."""
    target = Target(
        kind="policy",
        arn=policy.name.owner,
        name=policy.name.name,
        layer=policy.name.layer,
        policy_arn=policy.name.arn,
        account=policy.name.account,
    )
    changed = patched(policy.document, edit)
    of_session = policy.name.layer is Layer.SESSION and not policy.name.arn
    return Fix(
        id=fix_id,
        title=title,
        owner=CALLER if of_session else policy.name.account,
        safety=safety,
        target=target,
        edit=edit,
        diff=diff_of(policy.document, changed, policy.name.name),
        commands=(commands.put_policy(target, changed),),
        opens=opens,
        remark=needed_first(policy, changed),
    )


def add_session_policy(document: Any, fix_id: str, title: str, *, opens: str) -> Fix:
    """A fix that limits the caller's session by one policy more: it may do what any of them allows.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
    """
    target = Target(kind="policy", name=SESSION_POLICY.name, layer=SESSION_POLICY.layer)
    return Fix(
        id=fix_id,
        title=title,
        owner=CALLER,
        safety="review",
        target=target,
        edit=({"op": "add", "path": "", "value": document},),
        diff=diff_of(None, document, target.name),
        commands=(commands.put_policy(target, document),),
        opens=opens,
    )


def is_editable(policy: Policy) -> bool:
    """Whether somebody can edit a policy: those of AWS itself, and of its roles, nobody can."""
    name = policy.name
    of_session = name.layer is Layer.SESSION and not name.arn
    if not name.arn and any(path in name.owner for path in _ROLES_OF_AWS):
        return False
    return of_session or arn.ACCOUNT_ID.fullmatch(name.account) is not None


def add_inline_policy(
    principal_arn: str, name: str, document: Any, fix_id: str, title: str, *, opens: str
) -> Fix:
    """A fix that gives a user or role one more inline policy."""
    account = arn.account_of(principal_arn)
    target = Target(
        kind="principal", arn=principal_arn, name=name, layer=Layer.IDENTITY, account=account
    )
    return Fix(
        id=fix_id,
        title=title,
        owner=account,
        safety="review",
        target=target,
        edit=({"op": "add", "path": f"/{escape(name)}", "value": document},),
        diff=diff_of(None, document, name),
        commands=(commands.put_policy(target, document),),
        opens=opens,
    )


def change_endpoint(call: Call, region: str, fix_id: str, title: str) -> Fix:
    """A fix that sends the request to the endpoint of a Region."""
    edit: Edit = ({"op": "add", "path": "/region", "value": region},)
    if call.network.endpoint == "global":
        edit = (*edit, {"op": "replace", "path": "/endpoint", "value": "regional"})
    return Fix(
        id=fix_id,
        title=title,
        owner=CALLER,
        safety="safe",
        target=Target(kind="network"),
        edit=edit,
        commands=(commands.in_region(commands.assume_role(call), region),),
        opens="nothing: only your request changes",
    )


def attach_scp(
    level: str, name: str, document: Any, account: str, fix_id: str, title: str, *, opens: str
) -> Fix:
    """A fix that attaches one more service control policy to a level of the organization."""
    target = Target(kind="organization", arn=level, name=name, layer=Layer.SCP, account=account)
    return Fix(
        id=fix_id,
        title=title,
        owner=account,
        safety="review",
        target=target,
        edit=({"op": "add", "path": f"/{escape(name)}", "value": document},),
        diff=diff_of(None, document, name),
        commands=(commands.attach_scp(level, name, document),),
        opens=opens,
    )


def raise_max_duration(role: Role, seconds: int, fix_id: str, title: str) -> Fix:
    """A fix that raises a role's MaxSessionDuration."""
    target = Target(kind="role", arn=role.arn, name="MaxSessionDuration", account=role.account)
    return Fix(
        id=fix_id,
        title=title,
        owner=role.account,
        safety="review",
        target=target,
        edit=({"op": "add", "path": "/MaxSessionDuration", "value": seconds},),
        commands=(commands.set_max_duration(role.arn, seconds),),
        opens="longer sessions for everyone who may assume the role",
    )


def patched(document: Any, edit: Sequence[Mapping[str, Any]]) -> Any:
    """A copy of a document with an edit applied; jsonpatch copies the document, not the edit."""
    return jsonpatch.apply_patch(document, copy.deepcopy(list(edit)))


def diff_of(before: Any, after: Any, name: str) -> str:
    """A unified diff of two documents."""
    old = pretty(before).splitlines() if before is not None else []
    lines = difflib.unified_diff(old, pretty(after).splitlines(), name, name, lineterm="", n=2)
    return "\n".join(lines)
