"""What an error text of STS says, what it can mean, and what it rules out (FACTS section 7).

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

import functools
import importlib.resources
import re
from typing import NamedTuple

import msgspec

_MAX_TEXT = 200_000
_ASSUME, _WEB, _SAML = "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"


class Message(msgspec.Struct, frozen=True):
    """An error text, taken apart."""

    code: str
    status: int
    """The HTTP status; 0 when the text comes from the client and no request was made."""
    caller: str = ""
    action: str = ""
    role: str = ""
    layer: str = ""
    """The gate that the text blames; empty when it blames none, which says nothing (R7.1)."""
    causes: tuple[str, ...] = ()
    """What the text can mean, by slug."""
    rules_out: tuple[str, ...] = ()
    """Causes that AWS reports with another text."""
    meaning: str = ""


class _Text(NamedTuple):
    """A known text: the pattern finds it anywhere in what was pasted."""

    pattern: str
    code: str
    status: int
    causes: tuple[str, ...]
    meaning: str
    action: str = ""


# AWS reads a request in this order (FACTS section 0): credentials, the form of the parameters, the
# token of an unsigned call, and only then the policies. A refusal by a policy rules the rest out.
_BEFORE_POLICIES = ("parameter", "caller-not-found", "root-caller", "region", "duration")
_DENIED_SIGNED = (
    "trust-principal", "role-not-found", "identity-permission", "trust-condition", "external-id", "mfa",
    "trust-action", "session-tags", "source-identity", "trust-explicit-deny", "identity-explicit-deny",
    "permissions-boundary", "session-policy", "scp", "rcp", "vpc-endpoint-policy", "partition",
    "credentials", "client-config", "propagation",
)  # fmt: skip
_NOT_SIGNED = ("identity-provider", "web-identity-claim", "saml-attribute")
_DENIED_WEB = (
    "web-identity-claim", "trust-principal", "trust-action", "role-not-found", "trust-condition",
    "session-tags", "source-identity", "trust-explicit-deny", "rcp", "vpc-endpoint-policy", "propagation",
)  # fmt: skip
_DENIED_SAML = ("saml-attribute", *_DENIED_WEB[1:])
_NO_IDENTITY_SIDE = (
    "identity-permission", "identity-explicit-deny", "permissions-boundary", "session-policy", "scp",
)  # fmt: skip
_COMPANIONS = {
    "sts:TagSession": "session-tags",
    "sts:SetSourceIdentity": "source-identity",
}

_DENIAL = re.compile(
    r"(?:User: (?P<caller>\S+) is n|\bN)ot authorized to perform:? (?P<action>sts:\w+)"
    r"(?: on resource: (?P<role>\S+))?(?P<why> (?:because no|with an explicit deny in) [^.\"]{1,300})?"
)
_LAYERS = {
    "role trust policy": "trust", "resource-based policy": "trust", "identity-based policy": "identity",
    "permissions boundary": "boundary", "session policy": "session-policy", "service control policy": "scp",
    "resource control policy": "rcp", "VPC endpoint policy": "vpc-endpoint",
}  # fmt: skip
_TRUST_ALLOWS = (
    "trust-principal", "trust-condition", "external-id", "mfa", "trust-action", "session-tags",
    "source-identity", "service-principal",
)  # fmt: skip
_LAYER_CAUSES = {
    ("trust", False): _TRUST_ALLOWS,
    ("trust", True): ("trust-explicit-deny",),
    ("identity", False): ("identity-permission", "mfa", "session-tags", "source-identity"),
    ("identity", True): ("identity-explicit-deny",),
    ("boundary", False): ("permissions-boundary",),
    ("session-policy", False): ("session-policy",),
    ("scp", False): ("scp",),
    ("rcp", False): ("rcp",),
    ("vpc-endpoint", False): ("vpc-endpoint-policy",),
}


def parse_message(text: str) -> Message | None:
    """The first known error text in what was pasted; None when there is none.

    >>> parse_message("Roles may not be assumed by root accounts.").causes
    ('root-caller',)
    """
    flat = " ".join(text[:_MAX_TEXT].replace('\\"', '"').split())
    denial = _DENIAL.search(flat)
    if denial is not None:
        return _denied(denial)
    for known in _TEXTS:
        found = re.search(known.pattern, flat)
        if found is not None:
            return _known(known, found)
    return None


def _known(known: _Text, found: re.Match[str]) -> Message:
    groups = {name: value or "" for name, value in found.groupdict().items()}
    meaning = known.meaning.format(**groups)
    return Message(known.code, known.status, "", known.action, groups.get("role", ""), "",
                   known.causes, (), meaning)  # fmt: skip


# Denials by a policy


def _denied(found: re.Match[str]) -> Message:
    action, why = found["action"], found["why"] or ""
    role = (found["role"] or "").rstrip(".,;:\"')<")
    layer = next((layer for words, layer in _LAYERS.items() if words in why), "")
    causes, rules_out = _causes(action)
    if layer:
        causes = _narrowed(layer, why, action)
    return Message("AccessDenied", 403, found["caller"] or "", action, role, layer, causes, rules_out,
                   _meaning(action, layer, why, found["caller"]))  # fmt: skip


def _causes(action: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a denial of the action can mean, and what it cannot."""
    if action == _WEB:
        return _DENIED_WEB, (*_BEFORE_POLICIES, "identity-provider", "credentials", *_NO_IDENTITY_SIDE)
    if action == _SAML:
        return _DENIED_SAML, (*_BEFORE_POLICIES, "identity-provider", "credentials", *_NO_IDENTITY_SIDE)
    out = (*_BEFORE_POLICIES, *_NOT_SIGNED)
    own = _COMPANIONS.get(action)
    if own is None:
        return _DENIED_SIGNED, out
    rest = ("role-not-found", "external-id", "mfa", "partition", "credentials", "session-tags",
            "source-identity")  # fmt: skip
    return (own, *(cause for cause in _DENIED_SIGNED if cause not in rest)), _BEFORE_POLICIES


def _narrowed(layer: str, why: str, action: str) -> tuple[str, ...]:
    denies = "explicit deny" in why
    causes = _LAYER_CAUSES.get((layer, denies)) or _LAYER_CAUSES[layer, False]
    own = _COMPANIONS.get(action)
    if own in causes:
        causes = (own, *(cause for cause in causes if cause != own))
    if "no resource-based policy" in why:
        return (*causes, "identity-permission")  # R7.7: this wording may point to the wrong side
    return causes


def _meaning(action: str, layer: str, why: str, caller: str | None) -> str:
    if not layer:
        signed = caller is not None or action not in (_WEB, _SAML)
        side = "the caller's side, the role's side or a missing role" if signed else \
            "the trust policy, a missing role, an RCP or an endpoint policy"  # fmt: skip
        return (f"AWS did not allow {action}. The text names no layer, and that says nothing: {side} read "
                "the same (R7.1)")  # fmt: skip
    kind = "a Deny there matched" if "explicit deny" in why else "nothing there allows it"
    named = next(words for words in _LAYERS if words in why)
    doubt = "another layer may deny as well, since the text names only one (R7.6)"
    if "no resource-based policy" in why:
        doubt += "; for other services these words were seen when the caller's own side lacked it (R7.7)"
    return f"AWS did not allow {action} and blames the {named}: {kind}; {doubt}"


# Everything else that STS, the services and the clients say

_TEXTS = (
    _Text(r"Roles may not be assumed by root accounts", "AccessDenied", 403, ("root-caller",),
          "root credentials signed the call; no trust policy can allow that", _ASSUME),
    _Text(r"MultiFactorAuthentication failed with invalid MFA one time pass code", "AccessDenied", 403,
          ("mfa",), "the MFA code is wrong, was used before in its 30 seconds, or the device's clock is off",
          _ASSUME),
    _Text(r"MultiFactorAuthentication failed, unable to validate MFA code", "AccessDenied", 403, ("mfa",),
          "the serial number is no MFA device of this caller: often a `:user/` ARN in place of `:mfa/`, or "
          "a role session, which has no device", _ASSUME),
    _Text(r"MultiFactorAuthentication failed, must provide both", "AccessDenied", 403, ("mfa",),
          "only one of SerialNumber and TokenCode was sent", _ASSUME),
    _Text(r"Cannot call (?P<api>GetSessionToken|GetFederationToken) with session credentials",
          "AccessDenied", 403, ("credentials",),
          "{api} takes long-term keys only; temporary credentials signed the call, and no policy can help"),
    _Text(r"exceeds the MaxSessionDuration set for this role", "ValidationError", 400, ("duration",),
          "DurationSeconds is more than the role's MaxSessionDuration, which is 3600 unless it was raised",
          _ASSUME),
    _Text(r"exceeds the 1 hour session limit for roles assumed by role chaining", "ValidationError", 400,
          ("duration",), "the caller's credentials come from a role session: 3600 seconds at most, whatever "
          "the role's maximum is", _ASSUME),
    _Text(r"at 'durationSeconds' failed to satisfy constraint: Member must have value (?P<which>less|greater) "
          r"than or equal to (?P<bound>\d+)", "ValidationError", 400, ("duration",),
          "DurationSeconds must be {which} than or equal to {bound}, for every role", _ASSUME),
    _Text(r"at '(?P<member>[^']+)' failed to satisfy constraint: (?P<rule>[^;]{1,200})", "ValidationError", 400,
          ("parameter",), "AWS refuses the parameter {member} before it looks at any policy: {rule}"),
    _Text(r"The source identity is already set", "ValidationError", 400, ("parameter", "source-identity"),
          "the caller's session has another source identity already, and it cannot be changed", _ASSUME),
    _Text(r"(?:Request|Principal) ARN is invalid", "ValidationError", 400, ("parameter", "role-not-found"),
          "an ARN in the request is not of the kind that is needed: a policy or a provider in place of a "
          "role, or a variable that was not filled in"),
    _Text(r"\(ValidationError\)[^:]*: (?P<value>\S+) is invalid", "ValidationError", 400, ("parameter",),
          "RoleArn is `{value}`, which is not shaped like an ARN", _ASSUME),
    _Text(r"transitive tag key must be included|Duplicate tag keys found|specified transitive tag keys can't "
          r"be set", "InvalidParameterValue", 400, ("parameter",),
          "the session tags contradict each other or those that the caller's session passes on", _ASSUME),
    _Text(r"Packed policy consumes|Packed size of session tags consumes|Serialized token too large|"
          r"PackedPolicyTooLarge", "PackedPolicyTooLarge", 400, ("parameter",),
          "session policies and tags, inherited ones included, take more room than a session has"),
    _Text(r"MalformedInput", "MalformedInput", 400, ("parameter",), "a numeric parameter is not a number"),
    _Text(r"Invalid principal in policy", "MalformedPolicyDocument", 400, ("trust-principal", "propagation"),
          "IAM refused to save the policy: a principal in it does not exist, has a wildcard in its ARN, or is "
          "too new"),
    _Text(r"STS is not activated in this region for account:(?P<account>\d+)", "RegionDisabledException", 403,
          ("region",), "account {account}, which owns the role, has this Region off for STS", _ASSUME),
    _Text(r"RegionDisabled", "RegionDisabledException", 403, ("region",),
          "the account that owns the role has this Region off for STS", _ASSUME),
    _Text(r"[Tt]he security token included in the request is invalid|InvalidClientTokenId|UnrecognizedClient",
          "InvalidClientTokenId", 403, ("credentials", "caller-not-found", "region", "partition"),
          "AWS does not know the access key: inactive or deleted, without its session token, of another "
          "partition, of a role that was deleted, or used in an opt-in Region that the account has not enabled"),
    _Text(r"Token expired: current date/time|Token too old", "ExpiredTokenException", 400, ("credentials",),
          "the web identity token has expired or is too old; get a new one", _WEB),
    _Text(r"Token must be redeemed within 5 minutes", "ExpiredTokenException", 400, ("credentials",),
          "the SAML assertion was used more than five minutes after it was made, or a clock is off", _SAML),
    _Text(r"[Tt]he security token included in the request is expired|\bExpiredToken", "ExpiredToken", 403,
          ("credentials",), "the caller's temporary credentials have expired"),
    _Text(r"request signature we calculated does not match|SignatureDoesNotMatch|Credential should be scoped|"
          r"Signature (?:expired|not yet current)", "SignatureDoesNotMatch", 403, ("credentials", "client-config"),
          "the signature is wrong: another secret key, a wrong signing Region, or a clock that is off"),
    _Text(r"Rate exceeded", "Throttling", 400, (),
          "too many STS calls by the caller's account in this Region; wait and try again"),
    _Text(r"No OpenIDConnect provider found in your account for (?P<issuer>\S*)", "InvalidIdentityToken", 400,
          ("identity-provider",), "the role's account has no OIDC provider for this issuer; this says nothing "
          "about the trust policy, which is looked at later (R7.9)", _WEB),
    _Text(r"Incorrect token audience", "InvalidIdentityToken", 400, ("identity-provider",),
          "the token's audience is not among the client IDs of the OIDC provider", _WEB),
    _Text(r"doesn't match configured thumbprint", "InvalidIdentityToken", 400, ("identity-provider",),
          "the thumbprint that the OIDC provider is registered with is not that of its certificate", _WEB),
    _Text(r"Couldn't retrieve verification key from your identity provider", "InvalidIdentityToken", 400,
          ("identity-provider",), "AWS could not read the issuer's keys; try again before anything else", _WEB),
    _Text(r"target role ARN is not present in the roles claim", "InvalidIdentityToken", 400,
          ("web-identity-claim",), "the token lists the roles that it may be used for, and this one is not "
          "among them (R5.8)", _WEB),
    _Text(r"ID Token provided is not a valid JWT", "InvalidIdentityToken", 400, ("credentials", "parameter"),
          "what was sent is no token: often the path of its file", _WEB),
    _Text(r"Specified provider doesn't exist|Issuer not present in specified provider|Response signature invalid|"
          r"Response does not contain the required audience", "InvalidIdentityToken", 400,
          ("identity-provider",), "the SAML provider of the role's account does not fit the assertion", _SAML),
    _Text(r"RoleSessionName (?:is required )?in AuthnResponse|Source Identity must match|"
          r"SAML Assertion doesn't contain the requested Role|Responses must contain SubjectConf|"
          r"Invalid base64 SAMLResponse", "InvalidIdentityToken", 400, ("saml-attribute",),
          "the SAML assertion lacks an attribute that AWS needs, or carries a malformed one", _SAML),
    _Text(r"InvalidIdentityToken", "InvalidIdentityToken", 400, ("identity-provider", "web-identity-claim"),
          "AWS could not accept the token; the trust policy was not looked at (R7.9)"),
    _Text(r"IDPCommunicationError", "IDPCommunicationError", 400, ("identity-provider",),
          "AWS could not reach the identity provider in time; try again", _WEB),
    _Text(r"IDPRejectedClaim", "IDPRejectedClaim", 403, ("identity-provider",),
          "the identity provider refused the claim or revoked the token"),
    _Text(r"cannot be assumed by Lambda|ECS was unable to assume the role(?: '(?P<role>[^']+)')?|EKS does not "
          r"have permissions to assume|CodeBuild is not authorized to perform: sts:AssumeRole|"
          r"AssumeRoleUnauthorizedAccess", "", 0, ("service-principal", "session-tags", "propagation"),
          "an AWS service could not assume the role: its trust policy does not name the service or not every "
          "action that it needs, or the role is new", _ASSUME),
    _Text(r"Invalid information in one or more fields", "", 0,
          ("trust-principal", "role-not-found", "identity-permission", "mfa", "trust-condition"),
          "the console could not switch roles; it says so for any denial and for a wrong account or name",
          _ASSUME),
    _Text(r"Unable to locate credentials|config profile \(.+?\) could not be found|source[_ ]profile \"|"
          r"Partial credentials found|[Cc]redential[_ ]source|Infinite loop in credential configuration|"
          r"has no role ARN configured|is configured to use SSO but|sso-session|Error loading SSO Token|"
          r"SSO session associated|reauthenticate using 'aws login'|MFA token required", "", 0,
          ("client-config",), "the client stopped before it asked STS for this role: look at the profile, not "
          "at policies"),
    _Text(r"Parameter validation failed", "ParamValidationError", 0, ("parameter",),
          "the client refused a parameter that is missing or too short; no request was made"),
    _Text(r"You must specify a region|Could not connect to the endpoint URL", "", 0, ("client-config",),
          "no Region is set or its endpoint cannot be reached; no request was answered"),
)  # fmt: skip


# Priors


@functools.cache
def priors() -> dict[str, dict[str, int]]:
    """How often each cause was behind a public failure, by kind of call: never evidence."""
    data = importlib.resources.files("assumable.formats") / "data" / "priors.json"
    counts: dict[str, dict[str, int]] = msgspec.json.decode(data.read_bytes())["counts"]
    return counts


def kind_of_call(message: Message) -> str:
    """The kind of call whose priors fit the message."""
    if message.action in (_WEB, _SAML):
        return message.action.removeprefix("sts:")
    if "service-principal" in message.causes and not message.layer:
        return "service"
    return "client-config" if message.causes == ("client-config",) else "AssumeRole"


def by_prior(message: Message) -> tuple[tuple[str, int], ...]:
    """The causes that the message can mean with their counts, the most frequent first."""
    counts = priors()[kind_of_call(message)]
    ranked = [(cause, counts.get(cause, 0)) for cause in message.causes]
    return tuple(sorted(ranked, key=lambda pair: -pair[1]))
