"""The calls that are asked of every pair: who could assume the role, given what it may choose."""

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from assumable import arn
from assumable.model.call import Call, Caller, Mfa, Network, RoleCaller, Session, UserCaller, Value
from assumable.model.world import Principal, Role, Unknown

ACTION = "sts:AssumeRole"
"""The only action that such a call needs: it passes nothing, and hands nothing on."""
SENT: Mapping[str, Value] = {
    "sts:externalid": Unknown("the external ID that is sent", "--external-id"),
    "sts:rolesessionname": Unknown("the session's name", "--role-session-name", present=True),
}
"""What whoever calls can choose: an answer holds under the condition that they do."""
CallOf = Callable[[Principal, str, datetime], Call]
"""How a principal asks for the role of an ARN, at a time."""
MFA = Mfa(Unknown("whether the caller signs in with MFA", "--serial-number and --token-code"))


def plain_call(principal: Principal, role_arn: str, now: datetime) -> Call:
    """The call of a principal that passes nothing but a session name, and perhaps an external ID.

    Where it is made from, whether with MFA, and what is sent is left open.
    """
    return Call(
        api="AssumeRole",
        caller=_caller(principal),
        parameters={"RoleArn": role_arn, "RoleSessionName": "session"},
        network=Network(assumed=True),
        time=now,
        overrides=SENT,
    )


def tagged_call(principal: Principal, role_arn: str, now: datetime) -> Call:
    """The same call of a session of a role that somebody has given tags, nobody says which."""
    call = plain_call(principal, role_arn, now)
    assert isinstance(call.caller, RoleCaller)  # noqa: S101  # INVARIANT: of nobody else it is asked
    caller = msgspec.structs.replace(call.caller, session=_TAGGED)
    return msgspec.structs.replace(call, caller=caller)


_TAGGED = Session(tags_complete=False)


def _caller(principal: Principal) -> Caller:
    """A user with whatever keys, or some session of a role that passed no attributes."""
    if not isinstance(principal, Role):
        return UserCaller(arn=principal.arn, mfa=MFA)
    return RoleCaller(arn=arn.session_of(principal.arn, "session"), is_named=False)
