"""The call that is asked of every pair: who could assume the role, given what it may choose."""

from collections.abc import Mapping
from datetime import datetime

from assumable import arn
from assumable.model.call import Call, Caller, Mfa, Network, RoleCaller, UserCaller, Value
from assumable.model.world import Principal, Role, Unknown

ACTION = "sts:AssumeRole"
"""The only action that such a call needs: it passes nothing, and so do its sessions."""
SENT: Mapping[str, Value] = {
    "sts:externalid": Unknown("the external ID that is sent", "--external-id"),
    "sts:rolesessionname": Unknown("the session's name", "--role-session-name", present=True),
}
"""What whoever calls can choose: an answer holds under the condition that they do."""
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


def _caller(principal: Principal) -> Caller:
    """A user with whatever keys, or some session of a role that passed no attributes."""
    if not isinstance(principal, Role):
        return UserCaller(arn=principal.arn, mfa=MFA)
    return RoleCaller(arn=arn.session_of(principal.arn, "session"), is_named=False)
