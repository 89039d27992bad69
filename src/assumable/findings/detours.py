"""Other ways to a role that its trust policy keeps the caller from, as notes on a denied call."""

import re
from collections.abc import Iterator

import msgspec

from assumable import arn
from assumable.engine.chain import decide_chain
from assumable.engine.evaluate import Decision, Verdict, decide
from assumable.engine.layers import Prepared
from assumable.engine.truth import atoms
from assumable.findings import commands
from assumable.findings.report import role_name
from assumable.formats.chain import via
from assumable.model.call import Call, Mfa, RoleCaller, UserCaller
from assumable.model.world import Role

_MAX_ROLES = 1000
"""In a larger world the answer would take too long."""
_SHOWN = 3
_BOOTSTRAP = re.compile(
    r"cdk-[a-z0-9]+-(?:deploy|file-publishing|image-publishing|lookup)-role-\d{12}-([a-z0-9-]+)"
)
"""https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html"""


def detour_notes(decision: Decision) -> Iterator[str]:
    """By other credentials, another role, or the tool that made the role; none where allowed."""
    yield from _code_before(decision)
    call = decision.call
    trusted = all(gate.gate != "trust" for gate in decision.blocking())
    if decision.verdict is not Verdict.DENIED or trusted or call.api != "AssumeRole":
        return
    if not isinstance(call.caller, UserCaller | RoleCaller):
        return
    for role_arn in _on_the_way(decision):
        name = f"{arn.display_name(role_arn)} of account {arn.account_of(role_arn)}"
        yield (
            f"{name} trusts this caller and may assume {role_name(decision)}: by way of it the "
            f"call is allowed, in sessions of an hour at most; `assumable why … --via {role_arn}` "
            "(an option of assumable, not of `aws`) shows the calls"
        )
    made = _BOOTSTRAP.fullmatch(role_name(decision))
    if made is not None and not call.same_account:
        yield (
            f"{role_name(decision)} is a role that `cdk bootstrap` makes: `cdk bootstrap --trust "
            f"{call.caller_account} --cloudformation-execution-policies POLICY_ARN "
            f"aws://{call.role_account}/{made[1]}` lets the whole account in, and the next "
            "bootstrap undoes other edits of its trust policy"
        )


def _code_before(decision: Decision) -> Iterator[str]:
    """Credentials that carry MFA, where it is open whether the code of this call is seen (U-10)."""
    call = decision.call
    caller, serial = call.caller, call.parameters.get("SerialNumber")
    is_open = any(atom.subject == "U-10" for atom in atoms(decision.passes))
    if not is_open or not isinstance(caller, UserCaller) or not isinstance(serial, str):
        return
    kept = {k: v for k, v in call.parameters.items() if k not in ("SerialNumber", "TokenCode")}
    with_mfa = msgspec.structs.replace(
        caller, credentials="session-token", mfa=Mfa(present=True, age=0)
    )
    other = msgspec.structs.replace(call, caller=with_mfa, parameters=kept)
    if decide(decision.facts.world, other).verdict is Verdict.ALLOWED:
        yield (
            "credentials that carry MFA leave U-10 out: get them first, with "
            f"`{commands.get_session_token(serial)}`, and make the same call with those, without "
            "SerialNumber and TokenCode; that is allowed"
        )


def _on_the_way(decision: Decision) -> Iterator[str]:
    """The roles through which the call is allowed as it is, the first few."""
    world, call = decision.facts.world, decision.call
    roles = [found for found in world.principals() if isinstance(found, Role)]
    mine = decision.facts.principal_arn
    if len(roles) > _MAX_ROLES or call.presents_mfa:
        return  # a code goes with the first hop alone
    prepared, found = Prepared(world), 0
    for role in roles:
        if role.arn in (call.role_arn, mine) or found == _SHOWN:
            continue
        if decide(prepared, _first_hop(call, role.arn)).verdict is Verdict.ALLOWED:
            through = decide_chain(world, via(call, [role.arn]))
            if through.verdict is Verdict.ALLOWED:
                found += 1
                yield role.arn


def _first_hop(call: Call, role_arn: str) -> Call:
    return msgspec.structs.replace(
        call, parameters={"RoleArn": role_arn, "RoleSessionName": "assumable"}
    )
