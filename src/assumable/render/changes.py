"""The edits of a plan, document by document: as they are, as they are to be, and the way back."""

import shlex
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from assumable import arn
from assumable.findings import commands
from assumable.findings.apply import edits_by_target, find_policy
from assumable.findings.finding import Fix, Target
from assumable.findings.fix import diff_of, patched
from assumable.findings.quotas import needed_first
from assumable.formats.writing import pretty
from assumable.model.policy import Layer, Policy
from assumable.model.world import Account, Role, World

_PLACEHOLDERS = {
    "--role-session-name": "SESSION", "--serial-number": "MFA_DEVICE",
    "--source-identity": "SOURCE_IDENTITY", "--external-id": "EXTERNAL_ID",
}  # fmt: skip
"""What stands for the sender's own values."""
_KEPT = (
    "--role-arn", "--target-principal", "--task-policy-arn", "--duration-seconds", "--token-code",
    "--web-identity-token", "--saml-assertion", "--principal-arn",
)  # fmt: skip


class Change(NamedTuple):
    """What fixes edit, as it was and as it is to be; `before` is None for what is added."""

    target: Target
    before: Any
    after: Any
    first: str = ""
    """The quota to raise before it can be saved."""


def changes_of(fixes: Sequence[Fix], world: World) -> Iterator[tuple[Change, tuple[Fix, ...]]]:
    """The edits of each document as one, with the fixes that they are of."""
    for target, edit in edits_by_target(fixes).items():
        before = _before(target, world)
        theirs = tuple(fix for fix in fixes if fix.target == target)
        if target.kind == "policy":
            after = None if before is None else patched(before, edit)
        elif target.kind == "provider":
            after = patched({"ClientIDList": before or []}, edit)["ClientIDList"]
        else:
            after = edit[0]["value"]
        policy = find_policy(world, target) if target.kind == "policy" else None
        first = needed_first(policy, after) if policy else ""
        yield Change(target, before, after, first), theirs


def _before(target: Target, world: World) -> Any:
    """What a target holds now; None when it is not there yet."""
    if target.kind == "policy":
        policy = find_policy(world, target)
        return policy.document if policy else None
    account = world.account(target.account)
    if not isinstance(account, Account):
        return None
    if target.kind == "provider":
        provider = account.providers.get(target.arn)
        return list(provider.client_ids or ()) if provider else None
    role = account.roles.get(target.arn)
    return role.max_session_duration if target.kind == "role" and role else None


def policies_of(world: World) -> Iterator[Policy]:
    """Every policy that is known."""
    found: list[Any] = []
    for principal in world.principals():
        found += [*principal.policies, principal.boundary]
        found += [principal.trust] if isinstance(principal, Role) else []
    organizations = world.organizations if isinstance(world.organizations, tuple) else ()
    for organization in organizations:
        for levels in (organization.scps, organization.rcps):
            if levels is not None and hasattr(levels, "values"):
                found += [policy for several in levels.values() for policy in several]
    found += [endpoint.policy for endpoint in world.endpoints.values()]
    yield from (policy for policy in found if isinstance(policy, Policy))


def diff(change: Change) -> str:
    """The edits of a document as one diff; for a number the line as people write it."""
    if change.target.kind == "role":
        return f"-MaxSessionDuration: {change.before}\n+MaxSessionDuration: {change.after}"
    if change.after is None:
        return ""
    return diff_of(change.before, change.after, change.target.name or change.target.arn)


def forward(change: Change) -> list[str]:
    """The command for all edits of a policy; those of the fixes do otherwise."""
    if change.target.kind == "policy" and change.after is not None:
        return [commands.put_policy(change.target, change.after)]
    return []


def back(change: Change) -> list[str]:
    """The commands that restore what was there."""
    target = change.target
    owner = arn.parse(target.arn)
    if target.kind == "policy":
        known = change.before is not None
        return [commands.put_policy(target, change.before) if known else "# restore the document"]
    if target.kind == "role":
        return [commands.set_max_duration(target.arn, change.before)]
    if target.kind == "provider":
        quoted = f"--open-id-connect-provider-arn {shlex.quote(target.arn)}"
        if change.before is None:
            return [f"aws iam delete-open-id-connect-provider {quoted}"]
        return [
            f"aws iam remove-client-id-from-open-id-connect-provider {quoted} "
            f"--client-id {shlex.quote(client)}"
            for client in change.after
            if client not in change.before
        ]
    kind, name = (owner.kind, owner.name) if owner else ("user", target.arn)
    named = f"--{kind}-name {shlex.quote(name)} --policy-name {shlex.quote(target.name)}"
    return [f"aws iam delete-{kind}-policy {named}"]


def masked(command: str, own: Sequence[str], world: World) -> str:
    """The call without the sender's values; an external ID stays where the reader has it.

    A session name stays where a policy asks for it: with another one the call would be denied.
    """
    words = shlex.split(command)
    if words[:2] != ["aws", "sts"]:
        return command  # a service tries again by itself
    role = words[words.index("--role-arn") + 1] if "--role-arn" in words else ""
    found, flag = words[:3], ""
    for word in words[3:]:
        name, equals, rest = word.partition("=")
        is_flag = word.startswith("--")
        flag, value = (name, rest) if is_flag else (flag, word)
        theirs = flag == "--external-id" and any(value in text for text in own)
        theirs = theirs or (flag == "--role-session-name" and _is_asked_for(value, role, world))
        if flag in _KEPT or (flag in _PLACEHOLDERS and (not value or theirs)):
            found.append(word)
        elif flag in _PLACEHOLDERS:
            placeholder = _PLACEHOLDERS[flag]
            found.append(f"{flag}={placeholder}" if is_flag and equals else placeholder)
    return " ".join(word if word.isidentifier() else shlex.quote(word) for word in found)


def _is_asked_for(name: str, role_arn: str, world: World) -> bool:
    """Whether a policy asks how a session of that role is called, or for the one of that name."""
    session = f":assumed-role/{role_arn.rpartition('/')[2]}/{name}"
    for policy in policies_of(world):
        concerns_it = policy.name.layer is not Layer.TRUST or policy.name.owner == role_arn
        for statement in policy.statements:
            if any(entry.value.endswith(session) for entry in statement.principals or ()):
                return True
            for condition in statement.conditions:
                key, values = condition.key.lower(), condition.values
                if concerns_it and key == "sts:rolesessionname":
                    return True
                if key == "aws:userid" and any(value.endswith(f":{name}") for value in values):
                    return True
    return False


def text_of(document: Any) -> str:
    """A document as people lay it out, nothing for one that is not there."""
    return pretty(document) if document is not None else ""
