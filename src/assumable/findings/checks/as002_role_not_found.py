"""AS002: the ARN names no role that can be assumed."""

from collections.abc import Iterator, Sequence

import msgspec

from assumable import arn
from assumable.engine.evaluate import Decision, Verdict, decide
from assumable.engine.layers import Prepared
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_call
from assumable.findings.near import similar
from assumable.findings.report import REOPENED, administrator_of, finding, role_name
from assumable.model.call import RoleCaller
from assumable.model.world import Account, Role

CAUSE = Cause("AS002", "role-not-found", Row.TRUST, "there is no such role")
_SESSION = "the ARN of a session, not of a role"
_OTHERS = {
    "user": "a user", "group": "a group", "policy": "a policy", "root": "an account",
    "instance-profile": "an instance profile",
}  # fmt: skip
_MOST = 2
_MAX_ROLES = 1000
"""In a larger world the answer would take too long."""


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with its explanation."""
    explanations = {
        "absent": f"account {decision.call.role_account} has no role {role_name(decision)}",
        "path": f"role {role_name(decision)} exists in account {decision.call.role_account}, but "
        "under another path; the path is part of the ARN",
        "account": f"account {decision.call.role_account} has no such role, another known account "
        "has",
        "account-suspended": f"account {decision.call.role_account} is closed, suspended or "
        f"not activated; {REOPENED}",
        "not-a-role": f"{decision.call.role_arn} is {_what_it_is(decision)}",
    }
    answer = "AWS says “AccessDenied”, never “not found”"
    if blame.fault is not None and blame.fault.code != "AccessDenied":
        answer = f"AWS says {blame.fault.told}"
    alike = tuple(_alike(decision, blame.variant))
    meant = f"; did you mean {' or '.join(map(_shown, alike))}?" if alike else ""
    found = finding(
        CAUSE,
        blame,
        f"{explanations[blame.variant]}; {answer}{meant}",
        title=_title(decision),
        fixes=tuple(_fixes(decision, blame.variant, alike)),
        facts=("R7.2", "R2.3"),
    )
    if blame.variant != "account-suspended":
        return found
    org, account = decision.facts.role_organization, decision.call.role_account
    return msgspec.structs.replace(found, owner=administrator_of(org, account))


def _title(decision: Decision) -> str:
    """The cause's own but for what is no role; a session often is the caller's: it needs no call.

    Empty for the cause's own.
    """
    asked = decision.call.role_arn
    if not _is_session(asked):
        return _wrong_account(asked) or (
            f"RoleArn names {_kind(asked)}, not a role" if _kind(asked) else ""
        )
    mine = "; the caller already is this role" if _is_callers_role(decision) else ""
    return f"this is {_SESSION}{mine}"


def _what_it_is(decision: Decision) -> str:
    asked = decision.call.role_arn
    if not _is_session(asked):
        wrong = _wrong_account(asked)
        if _kind(asked):
            return f"the ARN of {_kind(asked)}, not of a role"
        return f"not the ARN of a role: {wrong}" if wrong else "not the ARN of a role"
    mine = ", and the caller already is a session of that role, so that the call may not be needed"
    needless = f"{mine} at all" if _is_callers_role(decision) else ""
    return f"{_SESSION}: a session is made from the role that it names{needless}"


def _wrong_account(asked: str) -> str:
    """What is wrong with the account of a role's ARN; empty where nothing is."""
    parts = arn.parse(asked)
    if parts is None or parts.kind != "role" or arn.ACCOUNT_ID.fullmatch(parts.account):
        return ""
    if not parts.account.isdecimal():
        return "the account ID is not made of 12 digits"
    digits = len(parts.account)
    return f"the account ID has {digits} digit{'' if digits == 1 else 's'}, 12 are needed"


def _kind(asked: str) -> str:
    """What the ARN of IAM names in place of a role; empty for anything else."""
    parts = arn.parse(asked)
    return _OTHERS.get(parts.kind, "") if parts is not None and parts.service == "iam" else ""


def _is_session(asked: str) -> bool:
    parts = arn.parse(asked)
    return parts is not None and parts.kind == "assumed-role"


def _is_callers_role(decision: Decision) -> bool:
    """Whether the session that is asked for was made from the role that the caller is."""
    asked, caller = decision.call.role_arn, decision.call.caller
    return isinstance(caller, RoleCaller) and asked.split("/")[:2] == caller.arn.split("/")[:2]


def _shown(role: Role) -> str:
    return f"{arn.display_name(role.arn)} of account {role.account}"


def _alike(decision: Decision, variant: str) -> Iterator[Role]:
    """The roles that may have been meant, the likeliest first."""
    asked, world = arn.parse(decision.call.role_arn), decision.facts.world
    if asked is None:
        return
    if variant == "not-a-role" and asked.kind == "assumed-role" and "/" in asked.resource:
        role = world.role_named(asked.account, asked.resource.split("/")[1], asked.partition)
        if isinstance(role, Role):
            yield role
    if variant == "path":
        meant = world.role_named(asked.account, asked.name, asked.partition)
        if isinstance(meant, Role):
            yield meant
    account = world.account(asked.account)
    if variant == "absent" and isinstance(account, Account):
        for name in similar(asked.name, account.roles_by_name):
            yield account.roles_by_name[name]
    if variant == "account":
        others = (a for a in world.accounts.values() if isinstance(a, Account))
        found = [a.roles_by_name[asked.name] for a in others if asked.name in a.roles_by_name]
        yield from found[:_MOST]


def _fixes(decision: Decision, variant: str, alike: Sequence[Role]) -> Iterator[Fix]:
    """Ask for the role that was meant: by another name only where that call is not denied."""
    if variant == "not-a-role" and not alike:
        yield from _only_role(decision)
    for role in alike:
        values = {"RoleArn": role.arn}
        fix_id, title = f"role-not-found/{variant}", f"ask for {role.arn}"
        if variant in ("path", "not-a-role"):
            yield change_call(decision.call, fix_id, title, values)
            continue
        call = msgspec.structs.replace(
            decision.call, parameters={**decision.call.parameters, **values}
        )
        if decide(decision.facts.world, call).verdict is not Verdict.DENIED:
            yield change_call(decision.call, fix_id, title, values, safety="review")
            return


def _only_role(decision: Decision) -> Iterator[Fix]:
    """The one role of the known world that this very call could assume."""
    world = decision.facts.world
    roles = [role for account in world.accounts.values() if isinstance(account, Account)
             for role in account.roles.values()]  # fmt: skip
    if len(roles) > _MAX_ROLES:
        return
    prepared, call = Prepared(world), decision.call
    asked = {role.arn: {**call.parameters, "RoleArn": role.arn} for role in roles}
    open_to_it = [
        role_arn
        for role_arn, parameters in asked.items()
        if decide(prepared, msgspec.structs.replace(call, parameters=parameters)).verdict
        is Verdict.ALLOWED
    ]
    if len(open_to_it) == 1:
        title = f"ask for {open_to_it[0]}, the only known role that this caller may assume"
        new = {"RoleArn": open_to_it[0]}
        yield change_call(call, "role-not-found/only-role", title, new, safety="review")
