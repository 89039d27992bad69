"""What each cause would mean for one call, in one line."""

from collections.abc import Callable

from assumable import arn
from assumable.engine.limits import duration_of
from assumable.model.call import Call

_FIXED = {
    "parameter": "AWS does not take one of the parameters",
    "role-not-found": "no such role: its path, spelling, account; deleted",
    "caller-not-found": "the caller does not exist any more",
    "root-caller": "a root user made the call",
    "partition": "caller and role are in different partitions",
    "service-principal": "the trust policy does not name the service",
    "trust-action": "the trust policy names it for another action",
    "trust-condition": "another condition of the trust policy does not hold",
    "trust-explicit-deny": "a Deny of the trust policy matches",
    "identity-permission": "the caller's own policies do not allow it",
    "identity-explicit-deny": "a Deny in the caller's own policies matches",
    "scp": "a service control policy over the caller stops it",
    "rcp": "a resource control policy over the role stops it",
    "permissions-boundary": "the caller's permissions boundary stops it",
    "session-policy": "the caller's session policy stops it",
    "vpc-endpoint-policy": "the policy of the VPC endpoint stops it",
    "web-identity-claim": "the trust policy asks for another `sub` or `aud`",
    "saml-attribute": "the trust policy asks for another SAML attribute",
    "identity-provider": "the role's account does not accept the token",
    "credentials": "the credentials or the token are not accepted",
    "propagation": "something was changed within the last minutes",
    "client-config": "other credentials signed the call than these",
    "region": "an account has the Region of the endpoint off",
}


def _trust_principal(call: Call) -> str:
    return f"the trust policy does not name {arn.display_name(call.caller.arn)}"


def _external_id(call: Call) -> str:
    if "ExternalId" in call.parameters:
        return "the trust policy asks for another external ID"
    return "the trust policy asks for an external ID"


def _mfa(call: Call) -> str:
    if call.presents_mfa:
        return "the MFA code is not accepted, or not seen"
    return "a policy asks for MFA, and the call presents none"


def _duration(call: Call) -> str:
    return f"the role allows less than the {duration_of(call)} s asked for"


def _tags(call: Call) -> str:
    if call.tags or call.transitive_tag_keys:
        return "sts:TagSession is not allowed, or not these tags"
    return "session tags are asked for, or handed on"


def _source_identity(call: Call) -> str:
    if call.source_identity is not None:
        return "sts:SetSourceIdentity or this value is not allowed"
    return "a source identity is asked for, or handed on"


_BY_CALL: dict[str, Callable[[Call], str]] = {
    "trust-principal": _trust_principal,
    "external-id": _external_id,
    "mfa": _mfa,
    "duration": _duration,
    "session-tags": _tags,
    "source-identity": _source_identity,
}


def meaning_of(cause: str, call: Call) -> str:
    """What the cause would mean for this call."""
    by_call = _BY_CALL.get(cause)
    return by_call(call) if by_call else _FIXED[cause]
