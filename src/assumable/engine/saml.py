"""What STS looks at in a SAML assertion before any policy (FACTS 0 step 6, 7.6, R5.19).

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html
"""

import re
from collections.abc import Iterator

import msgspec

from assumable import arn
from assumable.engine.facts import Facts
from assumable.engine.gates import Gate, GateName
from assumable.engine.limits import Fault, missing
from assumable.engine.provider import (
    credentials_gate,
    missing_variant,
    registered,
    unread_provider,
)
from assumable.model.assertion import SAML_SESSION_NAME, RolePair, instant
from assumable.model.call import Call, SamlCaller

_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")
_CENTER_PROVIDER = "AWSSSO_"
"""How Identity Center names its own provider, through which alone it signs people in."""
_INVALID, _EXPIRED = "InvalidIdentityToken", "ExpiredTokenException"


def assertion_gates(facts: Facts, caller: SamlCaller) -> Iterator[Gate]:
    """The provider, the role pair, the lifetime and the attributes of an assertion."""
    wrong = _provider_arn_fault(facts.call)
    if wrong is not None:
        gate = credentials_gate(facts, wrong)
        yield msgspec.structs.replace(gate, gate=GateName.REQUEST, account="")
    elif arn.parse_role(facts.call.role_arn) is not None:
        yield from _provider_gates(facts)
    for fault in (*_lifetime_faults(facts.call, caller), *_attribute_faults(facts.call, caller)):
        yield credentials_gate(facts, fault)


def _provider_arn_fault(call: Call) -> Fault | None:
    """A PrincipalArn that is no SAML provider, or was swapped with RoleArn (FACTS 4.2)."""
    parts, role = arn.parse(call.identity_provider), arn.parse(call.role_arn)
    if not call.identity_provider:
        return missing("PrincipalArn")
    if parts is not None and parts.kind == "saml-provider" and parts.name:
        return None
    swapped = parts is not None and parts.kind == "role" and role is not None
    if swapped and role is not None and role.kind == "saml-provider":
        text = "Request ARN is invalid"
        return Fault("PrincipalArn", "ValidationError", 400, text, variant="swapped")
    text = "Principal ARN is invalid"
    return Fault("PrincipalArn", "ValidationError", 400, text, variant="PrincipalArn")


def _provider_gates(facts: Facts) -> Iterator[Gate]:
    call = facts.call
    if registered(facts, call.identity_provider) is None:
        text = "Specified provider doesn't exist"
        variant = missing_variant(facts, call.identity_provider)
        yield credentials_gate(facts, Fault("", _INVALID, 400, text, "identity-provider", variant))
    yield from unread_provider(facts, "iam:GetSAMLProvider")
    role, provider = arn.parse(call.role_arn), arn.parse(call.identity_provider)
    by_center = provider is not None and provider.name.startswith(_CENTER_PROVIDER)
    if role is not None and role.name.startswith("AWSReservedSSO_") and not by_center:  # R2.13
        text = "Not authorized to perform sts:AssumeRoleWithSAML"
        variant = "identity-center-role"
        fault = Fault("RoleArn", "AccessDenied", 403, text, "identity-provider", variant)
        yield credentials_gate(facts, fault)


def _lifetime_faults(call: Call, caller: SamlCaller) -> Iterator[Fault]:
    """An assertion used too late, or one whose session has ended before it begins (R4.4)."""
    now = call.time.timestamp()
    ends = (instant(caller.assertion.get(n)) for n in ("NotOnOrAfter", "SessionNotOnOrAfter"))
    if any(end is not None and end <= now for end in ends):
        text = "Token must be redeemed within 5 minutes of issuance"
        yield Fault("", _EXPIRED, 400, text, "credentials", "late-assertion")


def _attribute_faults(call: Call, caller: SamlCaller) -> Iterator[Fault]:
    said, attributes = call.asserted, caller.assertion
    wanted = RolePair(call.role_arn, call.identity_provider)
    if said.pairs is not None and wanted not in said.pairs:
        text = "SAML Assertion doesn't contain the requested Role and Metadata in the attributes"
        yield Fault("", _INVALID, 400, text, "saml-attribute", "Role")
    if said.session_name is None and SAML_SESSION_NAME in attributes:
        text = "RoleSessionName is required in AuthnResponse"
        yield Fault("", _INVALID, 400, text, "saml-attribute", "RoleSessionName")
    if said.session_name is not None and not _NAME.fullmatch(said.session_name):
        text = "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"
        yield Fault("", _INVALID, 400, text, "saml-attribute", "RoleSessionName")
    if said.source_identity is not None and not _NAME.fullmatch(said.source_identity):
        text = 'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"'
        yield Fault("", _INVALID, 400, text, "saml-attribute", "SourceIdentity")
