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
_OWN_LAYERS = (
    "identity-permission", "identity-explicit-deny", "permissions-boundary", "session-policy",
    "scp",
)  # fmt: skip
_EITHER_SIDE = ("rcp", "vpc-endpoint-policy", "propagation")
_DENIED_SIGNED = (
    "trust-principal", "role-not-found", "trust-condition", "external-id", "mfa", "trust-action",
    "session-tags", "source-identity", "trust-explicit-deny", *_OWN_LAYERS, *_EITHER_SIDE,
    "partition", "credentials", "client-config",
)  # fmt: skip
_DENIED_COMPANION = (
    "trust-principal", "trust-action", "trust-condition", "trust-explicit-deny", *_OWN_LAYERS,
    *_EITHER_SIDE,
)  # fmt: skip
_DENIED_WEB = (
    "web-identity-claim", "trust-principal", "trust-action", "role-not-found", "trust-condition",
    "session-tags", "source-identity", "trust-explicit-deny", *_EITHER_SIDE,
)  # fmt: skip
_DENIED_SAML = ("saml-attribute", *_DENIED_WEB[1:])
_NOT_SIGNED = ("identity-provider", "web-identity-claim", "saml-attribute")
_COMPANIONS = {"sts:TagSession": "session-tags", "sts:SetSourceIdentity": "source-identity"}

_WHAT = (
    r"ot authorized to perform(?: action)?:? (?P<action>sts:\w+)"
    r"(?: on resource: (?P<role>[^\s<>\"'`;)]+))?"
    r"(?P<why> (?:because (?:no|the)|with an explicit deny in) [^.\"]{1,300})?"
)
_DENIAL = re.compile(r"User: (?P<caller>.{1,200}?) is n" + _WHAT)
_SHORT_DENIAL = re.compile(r"(?P<caller>)\b[Nn]" + _WHAT)
"""Without a caller: unsigned calls, the text of old, and vendors that retell it."""
_LAYERS = {
    "role trust policy": "trust",
    "resource-based policy": "trust",
    "identity-based policy": "identity",
    "permissions boundary": "boundary",
    "session policy": "session-policy",
    "service control policy": "scp",
    "resource control policy": "rcp",
    "VPC endpoint policy": "vpc-endpoint",
}
_LAYER_CAUSES = {
    "trust": (
        "trust-principal", "trust-condition", "external-id", "mfa", "trust-action", "session-tags",
        "source-identity",
    ),
    "identity": ("identity-permission", "mfa", "session-tags", "source-identity"),
    "boundary": ("permissions-boundary",),
    "session-policy": ("session-policy",),
    "scp": ("scp",),
    "rcp": ("rcp",),
    "vpc-endpoint": ("vpc-endpoint-policy",),
}  # fmt: skip
_DENY_CAUSES = {"trust": ("trust-explicit-deny",), "identity": ("identity-explicit-deny",)}
_RESOURCE_WORDS = "no resource-based policy"


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
    short = _SHORT_DENIAL.search(flat)
    return _denied(short) if short is not None else None


def _known(known: _Text, found: re.Match[str]) -> Message:
    groups = {name: value or "" for name, value in found.groupdict().items()}
    return Message(
        code=known.code,
        status=known.status,
        action=known.action,
        role=groups.get("role", ""),
        causes=known.causes,
        meaning=known.meaning.format(**groups),
    )


# Denials by a policy


def _denied(found: re.Match[str]) -> Message:
    action, why = found["action"], found["why"] or ""
    words = next((words for words in _LAYERS if words in why), "")
    causes, rules_out = _causes(action)
    return Message(
        code="AccessDenied",
        status=403,
        caller=found["caller"] or "",
        action=action,
        role=(found["role"] or "").rstrip(".,:"),
        layer=_LAYERS.get(words, ""),
        causes=_narrowed(_LAYERS[words], why, action) if words else causes,
        rules_out=rules_out,
        meaning=_blaming(action, words, why) if words else _blaming_nobody(action),
    )


def _causes(action: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a denial of the action can mean, and what AWS says in other words."""
    if action in (_WEB, _SAML):
        unsigned = (*_BEFORE_POLICIES, "identity-provider", "credentials", *_OWN_LAYERS)
        return _DENIED_WEB if action == _WEB else _DENIED_SAML, unsigned
    if action in _COMPANIONS:
        return (_COMPANIONS[action], *_DENIED_COMPANION), _BEFORE_POLICIES
    if action == "sts:SetContext":
        return _DENIED_COMPANION, _BEFORE_POLICIES
    if action == _ASSUME:
        return _DENIED_SIGNED, (*_BEFORE_POLICIES, *_NOT_SIGNED)
    return (*_OWN_LAYERS, "vpc-endpoint-policy"), ()  # no role, so no trust policy: AssumeRoot, …


def _narrowed(layer: str, why: str, action: str) -> tuple[str, ...]:
    if "explicit deny" in why and layer in _DENY_CAUSES:
        return _DENY_CAUSES[layer]
    causes, own = _LAYER_CAUSES[layer], _COMPANIONS.get(action)
    if own in causes:
        causes = (own, *(cause for cause in causes if cause != own))
    return (*causes, "identity-permission") if _RESOURCE_WORDS in why else causes  # R7.7


def _blaming_nobody(action: str) -> str:
    """R7.1: whatever denied, the text is the same."""
    return (
        f"AWS did not allow {action}, and the text names no layer. That says nothing: the caller's "
        "side, the role's side and a role that does not exist read the same (R7.1, R7.2)"
        if action not in (_WEB, _SAML)
        else f"AWS did not allow {action}. The token itself was accepted; the trust policy, a role "
        "that does not exist, an RCP and an endpoint policy read the same (R7.1, R7.9)"
    )


def _blaming(action: str, words: str, why: str) -> str:
    what = "a Deny there matched" if "explicit deny" in why else "nothing there allows it"
    doubt = "another layer may deny as well, since the text names only one (R7.6)"
    if _RESOURCE_WORDS in why:
        doubt += (
            "; these words were seen for other services when it was the caller's own side that "
            "lacked the permission (R7.7)"
        )
    return f"AWS did not allow {action} and blames the {words}: {what}; {doubt}"


# Everything else that STS, the services and the clients say

_TEXTS = (
    _Text(r"Roles may not be assumed by root accounts", "AccessDenied", 403, ("root-caller",),
          "root credentials signed the call; no trust policy can allow that", _ASSUME),
    _Text(r"MultiFactorAuthentication failed with invalid MFA one time pass code", "AccessDenied",
          403, ("mfa",),
          "the MFA code is wrong, was used before in its 30 seconds, or the device's clock is off",
          _ASSUME),
    _Text(r"MultiFactorAuthentication failed, unable to validate MFA code", "AccessDenied", 403,
          ("mfa",),
          "the serial number is no MFA device of this caller: often a `:user/` ARN in place of "
          "`:mfa/`, or a role session, which has no device", _ASSUME),
    _Text(r"MultiFactorAuthentication failed, must provide both", "AccessDenied", 403, ("mfa",),
          "only one of SerialNumber and TokenCode was sent", _ASSUME),
    _Text(r"Cannot call (?P<api>GetSessionToken|GetFederationToken) with session credentials",
          "AccessDenied", 403, ("credentials",),
          "{api} takes long-term keys only; temporary credentials signed the call, and no policy "
          "can help"),
    _Text(r"exceeds the MaxSessionDuration set for this role", "ValidationError", 400,
          ("duration",),
          "DurationSeconds is more than the role's MaxSessionDuration, which is 3600 unless it was "
          "raised", _ASSUME),
    _Text(r"exceeds the 1 hour session limit for roles assumed by role chaining", "ValidationError",
          400, ("duration",),
          "the caller's credentials come from a role session: 3600 seconds at most, whatever the "
          "role's maximum is", _ASSUME),
    _Text(r"at 'durationSeconds' failed to satisfy constraint: Member must have value "
          r"(?P<which>less|greater) than or equal to (?P<bound>\d+)", "ValidationError", 400,
          ("duration",),
          "DurationSeconds must be {which} than or equal to {bound}, for every role", _ASSUME),
    _Text(r"at '(?P<member>[^']+)' failed to satisfy constraint: (?P<rule>[^;]{1,200})",
          "ValidationError", 400, ("parameter",),
          "AWS refuses the parameter {member} before it looks at any policy: {rule}"),
    _Text(r"The source identity is already set", "ValidationError", 400,
          ("parameter", "source-identity"),
          "the caller's session has another source identity already, and it cannot be changed",
          _ASSUME),
    _Text(r"(?:Request|Principal) ARN is invalid", "ValidationError", 400,
          ("parameter", "role-not-found"),
          "an ARN in the request is not of the kind that is needed: a policy or a provider in "
          "place of a role, or a variable that was not filled in"),
    _Text(r"(?:\(ValidationError\)[^:]*: |^)(?P<value>\S+) is invalid$", "ValidationError", 400,
          ("parameter",),
          "RoleArn is `{value}`, which is not shaped like an ARN", _ASSUME),
    _Text(r"transitive tag key must be included|Duplicate tag keys found|specified transitive tag "
          r"keys can't be set", "InvalidParameterValue", 400, ("parameter",),
          "the session tags contradict each other or those that the caller's session passes on",
          _ASSUME),
    _Text(r"Packed policy consumes|Packed size of session tags consumes|Serialized token too "
          r"large|PackedPolicyTooLarge", "PackedPolicyTooLarge", 400, ("parameter",),
          "session policies and tags, inherited ones included, take more room than a session has"),
    _Text(r"(?:ForbiddenException|GetRoleCredentials).*No access", "ForbiddenException", 403,
          ("client-config",),
          "IAM Identity Center: the user is not assigned to that account and permission set; STS "
          "was never asked"),
    _Text(r"MalformedInput", "MalformedInput", 400, ("parameter",),
          "a numeric parameter is not a number"),
    _Text(r"Invalid principal in policy", "MalformedPolicyDocument", 400,
          ("trust-principal", "propagation"),
          "IAM refused to save the policy: a principal in it does not exist, has a wildcard in its "
          "ARN, or is too new"),
    _Text(r"STS is not activated in this region for account:(?P<account>\d+)",
          "RegionDisabledException", 403, ("region",),
          "account {account}, which owns the role, has this Region off for STS", _ASSUME),
    _Text(r"RegionDisabled", "RegionDisabledException", 403, ("region",),
          "the account that owns the role has this Region off for STS", _ASSUME),
    _Text(r"[Tt]he security token included in the request is "
          r"invalid|InvalidClientTokenId|UnrecognizedClient", "InvalidClientTokenId", 403,
          ("credentials", "caller-not-found", "region", "partition"),
          "AWS does not know the access key: inactive or deleted, without its session token, of "
          "another partition, of a role that was deleted, or used in an opt-in Region that the "
          "account has not enabled"),
    _Text(r"Token expired: current date/time|Token too old", "ExpiredTokenException", 400,
          ("credentials",),
          "the web identity token has expired or is too old; get a new one", _WEB),
    _Text(r"Token must be redeemed within 5 minutes", "ExpiredTokenException", 400,
          ("credentials",),
          "the SAML assertion was used more than five minutes after it was made, or a clock is off",
          _SAML),
    _Text(r"[Tt]he security token included in the request is expired|\bExpiredToken",
          "ExpiredToken", 403, ("credentials",),
          "the caller's temporary credentials have expired"),
    _Text(r"request signature we calculated does not match|SignatureDoesNotMatch|Credential should "
          r"be scoped|Signature (?:expired|not yet current)", "SignatureDoesNotMatch", 403,
          ("credentials", "client-config"),
          "the signature is wrong: another secret key, a wrong signing Region, or a clock that is "
          "off"),
    _Text(r"Rate exceeded", "Throttling", 400, (),
          "too many STS calls by the caller's account in this Region; wait and try again"),
    _Text(r"No OpenIDConnect provider found in (?:your )?account", "InvalidIdentityToken", 400,
          ("identity-provider",),
          "the role's account has no OIDC provider for this issuer; this says nothing about the "
          "trust policy, which is looked at later (R7.9)", _WEB),
    _Text(r"Incorrect token audience", "InvalidIdentityToken", 400, ("identity-provider",),
          "the token's audience is not among the client IDs of the OIDC provider", _WEB),
    _Text(r"doesn't match configured thumbprint", "InvalidIdentityToken", 400,
          ("identity-provider",),
          "the thumbprint that the OIDC provider is registered with is not that of its certificate",
          _WEB),
    _Text(r"Couldn't retrieve verification key from your identity provider", "InvalidIdentityToken",
          400, ("identity-provider",),
          "AWS could not read the issuer's keys; try again before anything else", _WEB),
    _Text(r"target role ARN is not present in the roles claim", "InvalidIdentityToken", 400,
          ("web-identity-claim",),
          "the token lists the roles that it may be used for, and this one is not among them "
          "(R5.8)", _WEB),
    _Text(r"ID Token provided is not a valid JWT", "InvalidIdentityToken", 400,
          ("credentials", "parameter"),
          "what was sent is no token: often the path of its file", _WEB),
    _Text(r"Specified provider doesn't exist|Issuer not present in specified provider|Response "
          r"signature invalid|Response does not contain the required audience",
          "InvalidIdentityToken", 400, ("identity-provider",),
          "the SAML provider of the role's account does not fit the assertion", _SAML),
    _Text(r"RoleSessionName (?:is required )?in AuthnResponse|Source Identity must match|SAML "
          r"Assertion doesn't contain the requested Role|Responses must contain "
          r"SubjectConf|Invalid base64 SAMLResponse", "InvalidIdentityToken", 400,
          ("saml-attribute",),
          "the SAML assertion lacks an attribute that AWS needs, or carries a malformed one",
          _SAML),
    _Text(r"InvalidIdentityToken", "InvalidIdentityToken", 400,
          ("identity-provider", "web-identity-claim"),
          "AWS could not accept the token; the trust policy was not looked at (R7.9)"),
    _Text(r"IDPCommunicationError", "IDPCommunicationError", 400, ("identity-provider",),
          "AWS could not reach the identity provider in time; try again", _WEB),
    _Text(r"IDPRejectedClaim", "IDPRejectedClaim", 403, ("identity-provider",),
          "the identity provider refused the claim or revoked the token"),
    _Text(r"cannot be assumed by Lambda|ECS was unable to assume the role(?: "
          r"'(?P<role>[^']+)')?|EKS does not have permissions to assume|(?:CodeBuild|SageMaker) "
          r"is (?:not authorized|unable) to perform: sts:AssumeRole|AssumeRoleUnauthorizedAccess",
          "", 0,
          ("service-principal", "session-tags", "role-not-found", "propagation"),
          "an AWS service could not assume the role: its trust policy does not name the service or "
          "not every action that it needs, or the role is new", _ASSUME),
    _Text(r"Invalid identity pool configuration", "InvalidIdentityPoolConfigurationException", 400,
          ("web-identity-claim", "trust-action"),
          "the trust policy of a role of the Cognito pool asks for another pool or another kind of "
          "identity, or allows sts:AssumeRole in place of the web identity action", _WEB),
    _Text(r"Invalid information in one or more fields", "", 0,
          ("trust-principal", "role-not-found", "identity-permission", "mfa", "trust-condition"),
          "the console could not switch roles; it says so for any denial and for a wrong account "
          "or name", _ASSUME),
    _Text(r"Unable to locate credentials|config profile \(.+?\) could not be found|"
          r"source[_ ]profile \"|Partial credentials found|[Cc]redential[_ ]source|has no role ARN "
          r"configured|Infinite loop in credential configuration|is configured to use SSO but|"
          r"sso-session|Error loading SSO Token|SSO session associated|MFA token required|"
          r"reauthenticate using 'aws login'|Session token not found or invalid",
          "", 0, ("client-config",),
          "the client stopped before it asked STS for this role: look at the profile, not at "
          "policies"),
    _Text(r"Parameter validation failed", "ParamValidationError", 0, ("parameter",),
          "the client refused a parameter that is missing or too short; no request was made"),
    _Text(r"You must specify a region|Could not connect to the endpoint URL", "", 0,
          ("client-config",),
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
    """The causes that the message can mean with their counts, the most frequent first.

    The text names the action that failed (R3.2): tags and source identity come first when it is
    theirs, and last when it is not, since then only a condition can be behind them.
    """
    counts = priors()[kind_of_call(message)]
    own = _COMPANIONS.get(message.action)

    def rank(cause: str) -> tuple[bool, bool, int]:
        elsewhere = cause in _COMPANIONS.values() and message.action in (_ASSUME, *_COMPANIONS)
        return cause != own, elsewhere, -counts.get(cause, 0)

    return tuple((cause, counts.get(cause, 0)) for cause in sorted(message.causes, key=rank))
