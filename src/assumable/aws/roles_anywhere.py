"""The profile and the trust anchor through which a certificate gets its session (R9.9)."""

from assumable import arn
from assumable.aws.clients import Answer, Connection
from assumable.aws.principals import managed_policy, parsed
from assumable.model.policy import Layer, PolicyName
from assumable.model.roles_anywhere import Anywhere, Certificate, State
from assumable.model.world import PolicyOrUnknown, Unknown


def read_anywhere(connection: Connection, asked: Certificate, of: str) -> Anywhere:
    """What AWS has under the ARNs that the profile `of` of the client names."""
    profile = _ask(connection, "GetProfile", "profile", asked.profile_arn)
    anchor = _ask(connection, "GetTrustAnchor", "trustAnchor", asked.anchor_arn)
    found = profile if isinstance(profile, dict) else {}
    return Anywhere(
        of=of,
        profile=_state(profile),
        roles=tuple(found["roleArns"]) if "roleArns" in found else None,
        takes_session_name=found.get("acceptRoleSessionName"),
        anchor=_state(anchor),
    )


def read_policies(connection: Connection, asked: Certificate) -> tuple[PolicyOrUnknown, ...]:
    """What the profile limits its sessions to; empty where it sets no limit."""
    own = asked.profile_arn
    profile = _ask(connection, "GetProfile", "profile", own)
    if not isinstance(profile, dict):
        return (unread_session(asked),)
    inline, account = profile.get("sessionPolicy"), arn.account_of(own)
    label = PolicyName(Layer.SESSION, _title(own), "", "", account)
    listed = profile.get("managedPolicyArns", ())
    return (
        *((parsed(inline, label),) if inline else ()),
        *(managed_policy(connection, each, "", Layer.SESSION) for each in listed),
    )


def unread_session(asked: Certificate) -> Unknown:
    """The limits of a session before they are read."""
    own = asked.profile_arn
    return Unknown(f"{_title(own)}, if any,", f"rolesanywhere:GetProfile on {own}")


def _title(profile_arn: str) -> str:
    return f"the session policy of the Roles Anywhere profile {profile_arn.rpartition('/')[2]}"


def _ask(connection: Connection, operation: str, key: str, thing: str) -> Answer | Unknown | None:
    """A profile or a trust anchor, in its own Region; an alias is asked for as a whole."""
    parts = arn.parse(thing)
    if parts is None:
        return None
    name = thing if parts.kind == "alias" else parts.name
    answer = connection.in_region(parts.region).ask(
        "rolesanywhere", operation, f"{parts.resource} was", thing, **{f"{key}Id": name}
    )
    return answer[key] if isinstance(answer, dict) else answer


def _state(found: Answer | Unknown | None) -> State | None:
    if isinstance(found, Unknown):
        return None
    if found is None:
        return "absent"
    match found.get("enabled"):
        case True:
            return "enabled"
        case False:
            return "disabled"
        case _:
            return None
