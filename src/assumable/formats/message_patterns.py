"""The texts that STS, the services and the clients print, and what each can mean (FACTS section 7).

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from typing import NamedTuple

ASSUME, WEB, SAML = "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"


class Known(NamedTuple):
    """A known text: the pattern finds it anywhere in what was pasted."""

    pattern: str
    code: str
    status: int
    causes: tuple[str, ...]
    meaning: str
    action: str = ""


# AWS reads a request in this order (FACTS section 0): credentials, the form of the parameters, the
# token of an unsigned call, and only then the policies. A refusal by a policy rules the rest out.
BEFORE_POLICIES = ("parameter", "caller-not-found", "root-caller", "region", "duration")
OWN_LAYERS = (
    "identity-permission", "identity-explicit-deny", "permissions-boundary", "session-policy",
    "scp",
)  # fmt: skip
EITHER_SIDE = ("rcp", "vpc-endpoint-policy", "propagation")
DENIED_SIGNED = (
    "trust-principal", "role-not-found", "trust-condition", "external-id", "mfa", "trust-action",
    "session-tags", "source-identity", "trust-explicit-deny", *OWN_LAYERS, *EITHER_SIDE,
    "partition", "credentials", "client-config",
)  # fmt: skip
DENIED_COMPANION = (
    "trust-principal", "trust-action", "trust-condition", "trust-explicit-deny", *OWN_LAYERS,
    *EITHER_SIDE,
)  # fmt: skip
DENIED_WEB = (
    "web-identity-claim", "trust-principal", "trust-action", "role-not-found", "trust-condition",
    "session-tags", "source-identity", "trust-explicit-deny", *EITHER_SIDE,
)  # fmt: skip
DENIED_SAML = ("saml-attribute", *DENIED_WEB[1:])
NOT_SIGNED = ("identity-provider", "web-identity-claim", "saml-attribute")
COMPANIONS = {"sts:TagSession": "session-tags", "sts:SetSourceIdentity": "source-identity"}

LAYERS = {
    "role trust policy": "trust",
    "resource-based policy": "trust",
    "identity-based policy": "identity",
    "permissions boundary": "boundary",
    "session policy": "session-policy",
    "service control policy": "scp",
    "resource control policy": "rcp",
    "VPC endpoint policy": "vpc-endpoint",
}
LAYER_CAUSES = {
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
DENY_CAUSES = {"trust": ("trust-explicit-deny",), "identity": ("identity-explicit-deny",)}

# Texts that say no more than that something was denied, or that a role could not be assumed.
GENERAL = (
    *DENIED_SIGNED, "web-identity-claim", "saml-attribute", "service-principal", "root-caller",
)  # fmt: skip
GENERAL_RULES_OUT = ("parameter", "caller-not-found", "region", "duration", "identity-provider")
RETOLD = (*GENERAL, *GENERAL_RULES_OUT)
"""Without AWS's own code nothing is ruled out."""

# Everything else that STS, the services and the clients say

TEXTS = (
    Known(r"Roles may not be assumed by root accounts", "AccessDenied", 403, ("root-caller",),
          "root credentials signed the call; no trust policy can allow that", ASSUME),
    Known(r"MultiFactorAuthentication failed with invalid MFA one time pass code", "AccessDenied",
          403, ("mfa",),
          "the MFA code is wrong, was used before in its 30 seconds, or the device's clock is off",
          ASSUME),
    Known(r"MultiFactorAuthentication failed, unable to validate MFA code", "AccessDenied", 403,
          ("mfa",),
          "the serial number is no MFA device of this caller: often a `:user/` ARN in place of "
          "`:mfa/`, or a role session, which has no device", ASSUME),
    Known(r"MultiFactorAuthentication failed, must provide both", "AccessDenied", 403, ("mfa",),
          "only one of SerialNumber and TokenCode was sent", ASSUME),
    Known(r"Cannot call (?P<api>GetSessionToken|GetFederationToken) with session credentials",
          "AccessDenied", 403, ("credentials",),
          "{api} takes long-term keys only; temporary credentials signed the call, and no policy "
          "can help"),
    Known(r"exceeds the MaxSessionDuration set for this role", "ValidationError", 400,
          ("duration",),
          "DurationSeconds is more than the role's MaxSessionDuration, which is 3600 unless it was "
          "raised", ASSUME),
    Known(r"exceeds the 1 hour session limit for roles assumed by role chaining", "ValidationError",
          400, ("duration",),
          "the caller's credentials come from a role session: 3600 seconds at most, whatever the "
          "role's maximum is", ASSUME),
    Known(r"at 'durationSeconds' failed to satisfy constraint: Member must have value "
          r"(?P<which>less|greater) than or equal to (?P<bound>\d+)", "ValidationError", 400,
          ("duration",),
          "DurationSeconds must be {which} than or equal to {bound}, for every role", ASSUME),
    Known(r"at '(?P<member>[^']+)' failed to satisfy constraint: (?P<rule>[^;]{1,200})",
          "ValidationError", 400, ("parameter",),
          "AWS refuses the parameter {member} before it looks at any policy: {rule}"),
    Known(r"The source identity is already set", "ValidationError", 400,
          ("parameter", "source-identity"),
          "the caller's session has another source identity already, and it cannot be changed",
          ASSUME),
    Known(r"(?:Request|Principal) ARN is invalid", "ValidationError", 400,
          ("parameter", "role-not-found"),
          "an ARN in the request is not of the kind that is needed: a policy or a provider in "
          "place of a role, or a variable that was not filled in"),
    Known(r"(?:\(ValidationError\)[^:]*: |^)(?P<value>\S+) is invalid$", "ValidationError", 400,
          ("parameter",),
          "RoleArn is `{value}`, which is not shaped like an ARN", ASSUME),
    Known(r"transitive tag key must be included|Duplicate tag keys found|specified transitive tag "
          r"keys can't be set", "InvalidParameterValue", 400, ("parameter",),
          "the session tags contradict each other or those that the caller's session passes on",
          ASSUME),
    Known(r"Packed policy consumes|Packed size of session tags consumes|Serialized token too "
          r"large|PackedPolicyTooLarge", "PackedPolicyTooLarge", 400, ("parameter",),
          "session policies and tags, inherited ones included, take more room than a session has"),
    Known(r"(?:ForbiddenException|GetRoleCredentials).{0,300}No access", "ForbiddenException", 403,
          ("client-config",),
          "IAM Identity Center: the user is not assigned to that account and permission set; STS "
          "was never asked"),
    Known(r"MalformedInput", "MalformedInput", 400, ("parameter",),
          "a numeric parameter is not a number"),
    Known(r"Invalid principal in policy", "MalformedPolicyDocument", 400,
          ("trust-principal", "propagation"),
          "IAM refused to save the policy: a principal in it does not exist, has a wildcard in its "
          "ARN, or is too new"),
    Known(r"InvalidAction\b.*AssumeRoot operation|AssumeRoot operation: Unknown Operation",
          "InvalidAction", 400, ("region",),
          "the endpoint does not know the operation: the global one does not serve AssumeRoot"),
    Known(r"STS is not activated in this region for account:(?P<account>\d+)",
          "RegionDisabledException", 403, ("region",),
          "account {account}, which owns the role, has this Region off for STS", ASSUME),
    Known(r"RegionDisabled", "RegionDisabledException", 403, ("region",),
          "the account that owns the role has this Region off for STS", ASSUME),
    Known(r"[Tt]he security token included in the request is "
          r"invalid|InvalidClientTokenId|UnrecognizedClient", "InvalidClientTokenId", 403,
          ("credentials", "caller-not-found", "region", "partition"),
          "AWS does not know the access key: inactive or deleted, without its session token, of "
          "another partition, of a role that was deleted, or used in an opt-in Region that the "
          "account has not enabled"),
    Known(r"Token expired: current date/time|Token too old", "ExpiredTokenException", 400,
          ("credentials",),
          "the web identity token has expired or is too old; get a new one", WEB),
    Known(r"Token must be redeemed within 5 minutes", "ExpiredTokenException", 400,
          ("credentials",),
          "the SAML assertion was used more than five minutes after it was made, or a clock is off",
          SAML),
    Known(r"[Tt]he security token included in the request is expired|\bExpiredToken",
          "ExpiredToken", 403, ("credentials",),
          "the caller's temporary credentials have expired"),
    Known(r"request signature we calculated does not match|SignatureDoesNotMatch|Credential should "
          r"be scoped|Signature (?:expired|not yet current)", "SignatureDoesNotMatch", 403,
          ("credentials", "client-config"),
          "the signature is wrong: another secret key, a wrong signing Region, or a clock that is "
          "off"),
    Known(r"Rate exceeded", "Throttling", 400, (),
          "too many STS calls by the caller's account in this Region; wait and try again"),
    Known(r"No OpenIDConnect provider found in (?:your )?account", "InvalidIdentityToken", 400,
          ("identity-provider",),
          "the role's account has no OIDC provider for this issuer; this says nothing about the "
          "trust policy, which is looked at later (R7.9)", WEB),
    Known(r"Incorrect token audience", "InvalidIdentityToken", 400, ("identity-provider",),
          "the token's audience is not among the client IDs of the OIDC provider", WEB),
    Known(r"doesn't match configured thumbprint", "InvalidIdentityToken", 400,
          ("identity-provider",),
          "the thumbprint that the OIDC provider is registered with is not that of its certificate",
          WEB),
    Known(r"Couldn't retrieve verification key from your identity provider", "InvalidIdentityToken",
          400, ("identity-provider",),
          "AWS could not read the issuer's keys; try again before anything else", WEB),
    Known(r"target role ARN is not present in the roles claim", "InvalidIdentityToken", 400,
          ("web-identity-claim",),
          "the token lists the roles that it may be used for, and this one is not among them "
          "(R5.8)", WEB),
    Known(r"ID Token provided is not a valid JWT", "InvalidIdentityToken", 400,
          ("credentials", "parameter"),
          "what was sent is no token: often the path of its file", WEB),
    Known(r"Specified provider doesn't exist|Issuer not present in specified provider|Response "
          r"signature invalid|Response does not contain the required audience",
          "InvalidIdentityToken", 400, ("identity-provider",),
          "the SAML provider of the role's account does not fit the assertion", SAML),
    Known(r"RoleSessionName (?:is required )?in AuthnResponse|Source Identity must match|SAML "
          r"Assertion doesn't contain the requested Role|Responses must contain "
          r"SubjectConf|Invalid base64 SAMLResponse", "InvalidIdentityToken", 400,
          ("saml-attribute",),
          "the SAML assertion lacks an attribute that AWS needs, or carries a malformed one",
          SAML),
    Known(r"InvalidIdentityToken", "InvalidIdentityToken", 400,
          ("identity-provider", "web-identity-claim"),
          "AWS could not accept the token; the trust policy was not looked at (R7.9)"),
    Known(r"IDPCommunicationError", "IDPCommunicationError", 400, ("identity-provider",),
          "AWS could not reach the identity provider in time; try again", WEB),
    Known(r"IDPRejectedClaim", "IDPRejectedClaim", 403, ("identity-provider",),
          "the identity provider refused the claim or revoked the token"),
    Known(r"cannot be assumed by Lambda|ECS was unable to assume the role(?: "
          r"'(?P<role>[^']+)')?|EKS does not have permissions to assume|(?:CodeBuild|SageMaker) "
          r"is (?:not authorized|unable) to perform: sts:AssumeRole|AssumeRoleUnauthorizedAccess",
          "", 0,
          ("service-principal", "session-tags", "role-not-found", "propagation"),
          "an AWS service could not assume the role: its trust policy does not name the service or "
          "not every action that it needs, or the role is new", ASSUME),
    Known(r"execution role must be assumable with (?P<service>[\w.-]+)"
          r"(?:.{0,200}?Role: (?P<role>arn:[^\s'\"]+))?", "", 0,
          ("service-principal", "trust-action", "trust-condition"),
          "the role's trust policy must name {service} as well", ASSUME),
    Known(r"[Tt]rust policy of the role provided is invalid", "InvalidParameterException", 400,
          ("service-principal", "trust-action", "session-tags"),
          "the service refused the role when it was configured: its trust policy does not name the "
          "service with every action that it needs. EKS Pod Identity asks for "
          "pods.eks.amazonaws.com with sts:AssumeRole and sts:TagSession; a policy that was "
          "written for a web identity does not fit"),
    Known(r"Unable to assume role and validate the (?:listeners|specified targetGroup)", "", 0,
          ("service-principal", "identity-permission", "role-not-found", "propagation"),
          "Amazon ECS could not assume the role of the service: its trust policy must name "
          "ecs.amazonaws.com, and its policies must permit the load balancer calls", ASSUME),
    Known(r"[Nn]ot authorized to get credentials of role(?: (?P<role>arn:[^\s'\"]+))?", "", 0,
          ("service-principal", "trust-principal", "role-not-found", "propagation"),
          "a service such as Amazon Redshift or AWS DMS could not assume the role: its trust "
          "policy does not name that service", ASSUME),
    Known(r"fail(?:ed)? to be mapped into session tags", "", 0,
          ("parameter", "session-tags", "trust-condition"),
          "IAM Roles Anywhere left out a part of the certificate whose characters a session tag "
          "may not have; a trust policy that asks for that tag then finds nothing", ASSUME),
    Known(r"ValidationError.{0,100}AssumeRole|AssumeRole.{0,100}ValidationError",
          "ValidationError", 400, ("parameter", "duration"),
          "AWS refuses a parameter of the call before it looks at any policy"),
    Known(r"(?:[Cc]ould not|[Cc]annot|[Uu]nable to|[Ff]ailed to) (?:load|find) (?:any )?"
          r"[Cc]redentials|NoCredentialProviders", "", 0, ("client-config",),
          "the client found no credentials, so it never asked STS: look at the profile and the "
          "environment, not at policies"),
    Known(r"Invalid identity pool configuration", "InvalidIdentityPoolConfigurationException", 400,
          ("web-identity-claim", "trust-action"),
          "the trust policy of a role of the Cognito pool asks for another pool or another kind of "
          "identity, or allows sts:AssumeRole in place of the web identity action", WEB),
    Known(r"Invalid information in one or more fields", "", 0,
          ("trust-principal", "role-not-found", "identity-permission", "mfa", "trust-condition"),
          "the console could not switch roles; it says so for any denial and for a wrong account "
          "or name", ASSUME),
    Known(r"Unable to locate credentials|config profile \(.{1,200}?\) could not be found|"
          r"source[_ ]profile \"|Partial credentials found|[Cc]redential[_ ]source|has no role ARN "
          r"configured|Infinite loop in credential configuration|is configured to use SSO but|"
          r"sso-session|Error loading SSO Token|SSO session associated|MFA token required|"
          r"reauthenticate using 'aws login'|Session token not found or invalid",
          "", 0, ("client-config",),
          "the client stopped before it asked STS for this role: look at the profile, not at "
          "policies"),
    Known(r"Parameter validation failed", "ParamValidationError", 0, ("parameter",),
          "the client refused a parameter that is missing or too short; no request was made"),
    Known(r"You must specify a region|Could not connect to the endpoint URL", "", 0,
          ("client-config",),
          "no Region is set or its endpoint cannot be reached; no request was answered"),
)  # fmt: skip
