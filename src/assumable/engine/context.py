"""The request context: every condition key with the reason why it is present, absent or unknown.

FACTS section 5; https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Callable, Mapping

from assumable.engine.facts import Facts
from assumable.engine.principals import provider_host
from assumable.model.call import (
    Absent,
    Call,
    FederatedUserCaller,
    Mfa,
    Open,
    Present,
    RoleCaller,
    RootCaller,
    SamlCaller,
    ServiceCaller,
    UserCaller,
    Value,
    WebIdentityCaller,
)
from assumable.model.policy import Layer
from assumable.model.world import Organization, Principal, Unknown

TAG_SESSION, SET_SOURCE_IDENTITY = "sts:TagSession", "sts:SetSourceIdentity"
_ROLE_SIDE = (Layer.TRUST, Layer.RCP)


class RequestContext:
    """The condition keys that one action's evaluation sees in one layer."""

    def __init__(self, facts: Facts, action: str, layer: Layer) -> None:
        """Keys are derived when they are first asked for."""
        self.facts, self.action, self.layer = facts, action, layer
        self._values: dict[str, Value] = {}

    def get(self, key: str) -> Value:
        """The value of a key; names are case-insensitive (R6.9)."""
        name = key.lower()
        if name not in self._values:
            self._values[name] = self._assumed(self._derive(name))
        return self._values[name]

    def _derive(self, name: str) -> Value:
        override = self.facts.call.overrides.get(name)
        if override is not None:
            return override
        rule = _RULES.get(name)
        if rule is not None:
            return rule(self)
        prefix, slash, tag = name.partition("/")
        if slash and prefix in _TAG_RULES:
            return _TAG_RULES[prefix](self, tag)
        return _federation_key(self, name)

    def _assumed(self, value: Value) -> Value:
        if isinstance(value, Open):
            decided = self.facts.call.assumptions.get(value.item)
            if decided is not None:
                return value.if_true if decided else value.if_false
        return value

    @property
    def call(self) -> Call:
        """The call whose context this is."""
        return self.facts.call

    @property
    def is_main_action(self) -> bool:
        """Whether this is the AssumeRole… action itself, not one of its companions."""
        return self.action == f"sts:{self.call.api}"


def _principal_arn(ctx: RequestContext) -> Value:
    found = ctx.facts.principal_arn
    if isinstance(found, Unknown):
        return found
    if found is None:
        return Absent("the caller is no principal of an account")
    return Present((found,), "the caller's principal; for a session, the role with its path")


def _principal_account(ctx: RequestContext) -> Value:
    account = ctx.call.caller_account if ctx.facts.principal_arn is not None else ""
    if not account:
        return Absent("the caller belongs to no account")
    return Present((account,), "the caller's account")


def _org(
    found: Organization | Unknown | None, account: str, *, whose: str, path: bool
) -> Value:
    if isinstance(found, Unknown):
        return found
    if found is None or not account:
        return Absent(f"{whose} account is in no organization")
    if path:
        return Present((found.org_path(account),), f"{whose} account's place", multivalued=True)
    return Present((found.id,), f"{whose} account's organization")


def _principal_org(ctx: RequestContext, *, path: bool) -> Value:
    account = ctx.call.caller_account if ctx.facts.principal_arn is not None else ""
    if not account:
        return Absent("the caller belongs to no account")
    return _org(ctx.facts.caller_organization, account, whose="the caller's", path=path)


def _resource_org(ctx: RequestContext, *, path: bool) -> Value:
    account = ctx.call.role_account
    return _org(ctx.facts.role_organization, account, whose="the role's", path=path)


def _principal_type(ctx: RequestContext) -> Value:
    match ctx.call.caller:
        case UserCaller():
            kind = "User"
        case RoleCaller():
            kind = "AssumedRole"
        case RootCaller():
            kind = "Account"
        case FederatedUserCaller():
            kind = "FederatedUser"
        case ServiceCaller():
            return Unknown("AWS does not document this key for services")
        case _:
            return Absent("the request is not signed")
    return Present((kind,), "the kind of caller")


def _user_id(ctx: RequestContext) -> Value:
    caller, principal = ctx.call.caller, ctx.facts.principal
    if isinstance(caller, RootCaller):
        return Present((ctx.call.caller_account,), "the root user's account")
    if isinstance(caller, FederatedUserCaller):
        name = caller.arn.rpartition("/")[2]
        return Present((f"{ctx.call.caller_account}:{name}",), "account and name")
    if not isinstance(caller, UserCaller | RoleCaller):
        return Absent("the caller is no principal of an account")
    unique_id = principal.unique_id if isinstance(principal, Principal) else None
    if unique_id is None:
        return Unknown("the unique id of the caller was not read", "iam:GetUser or iam:GetRole",
                       present=True)  # fmt: skip
    if isinstance(caller, RoleCaller):
        return Present((f"{unique_id}:{caller.session_name}",), "role id and session name")
    return Present((unique_id,), "the user's id")


def _user_name(ctx: RequestContext) -> Value:
    caller = ctx.call.caller
    if isinstance(caller, UserCaller):
        return Present((caller.arn.rpartition("/")[2],), "the user's name")
    return Absent("only IAM users have it")


def _is_service(ctx: RequestContext) -> Value:
    if not ctx.call.is_signed:
        return Absent("the request is not signed: the key is absent, not false (R1.31)")
    return Present(("true" if ctx.facts.caller_is_service else "false",), "who calls")


def _service_name(ctx: RequestContext, *, many: bool) -> Value:
    caller = ctx.call.caller
    if not isinstance(caller, ServiceCaller):
        return Absent("only a service that calls as itself has it")
    return Present((caller.principal,), "the calling service", multivalued=many)


def _only_services(ctx: RequestContext) -> Value:
    if ctx.facts.caller_is_service:
        return Absent("the service is not known to send it")
    return Absent("only a service that calls on behalf of a resource sends it (R2.10)")


def _delivered(ctx: RequestContext) -> Value:
    if isinstance(ctx.call.caller, RoleCaller):
        return Unknown("it depends on the service that delivered the caller's credentials",
                       "the `context` of the call")  # fmt: skip
    return Absent("the caller's credentials come from no service")


def _own_source_identity(ctx: RequestContext) -> Value:
    found = ctx.call.session.source_identity
    if found is None:
        return Absent("the caller's session has no source identity")
    return Present((found,), "the caller's session has it")


def _token_issue_time(ctx: RequestContext) -> Value:
    issued = ctx.call.credentials_issued_at
    if issued is None:
        return Absent("long-term credentials have no issue time")
    return Present((issued.isoformat(),), "when the caller's credentials were issued")


# MFA, FACTS 5.2


def _mfa_of_credentials(call: Call) -> Mfa | None:
    """MFA of the credentials themselves; None when the keys are absent."""
    caller = call.caller
    if isinstance(caller, UserCaller) and caller.credentials == "session-token":
        return caller.mfa
    if isinstance(caller, UserCaller) and isinstance(caller.mfa.present, Unknown):
        return caller.mfa
    return None


def _with_proof(ctx: RequestContext, proven: Value, otherwise: Value) -> Value:
    """MFA presented in this very request: the trust policy sees it (R5.2), others are U-10."""
    call = ctx.call
    valid = call.presents_mfa and isinstance(call.caller, UserCaller)
    if not valid or call.mfa_code_is_wrong:
        return otherwise
    if ctx.layer in _ROLE_SIDE or proven == otherwise:
        return proven
    if isinstance(otherwise, Unknown | Open) or isinstance(proven, Unknown | Open):
        return Unknown("whether this layer sees the MFA of the request is open (U-10)")
    return Open("U-10", proven, otherwise)


def _mfa_present(ctx: RequestContext) -> Value:
    return _with_proof(
        ctx, Present(("true",), "SerialNumber and TokenCode were sent"), _mfa_before(ctx)
    )


def _mfa_before(ctx: RequestContext) -> Value:
    mfa = _mfa_of_credentials(ctx.call)
    if mfa is not None:
        if isinstance(mfa.present, Unknown):
            return mfa.present
        return Present(("true" if mfa.present else "false",), "how GetSessionToken was called")
    if isinstance(ctx.call.caller, RoleCaller):
        return Open("U-11", Present(("false",), "credentials of a role session carry no MFA"),
                    Absent("credentials of a role session carry no MFA (R5.4)"))  # fmt: skip
    if isinstance(ctx.call.caller, UserCaller):
        return Absent("long-term access keys carry no MFA (R5.1)")
    return Absent("this kind of caller never has it (R5.5)")


def _mfa_age(ctx: RequestContext) -> Value:
    mfa = _mfa_of_credentials(ctx.call)
    before: Value = Absent("the caller's credentials carry no MFA")
    if mfa is not None and isinstance(mfa.present, Unknown):
        before = mfa.present
    elif mfa is not None and mfa.present:
        if isinstance(mfa.age, int):
            before = Present((str(mfa.age),), "seconds since the MFA of the credentials")
        else:
            before = Unknown("the age of the MFA was not said", "call.caller.mfa: {age: …}",
                             present=True)  # fmt: skip
    return _with_proof(ctx, Present(("0",), "the code was sent with this request"), before)


# What the request itself carries, FACTS 5.3


def _listed(ctx: RequestContext, value: Value, *, also: str = "") -> Value:
    """A key that AWS lists for the main action and `also`; for other actions it is U-6 (R3.4)."""
    if ctx.is_main_action or ctx.action == also or isinstance(value, Absent):
        return value
    if not isinstance(value, Present):
        return value
    return Open("U-6", value, Absent(f"AWS does not list the key for {ctx.action} (R3.4)"))


def _external_id(ctx: RequestContext) -> Value:
    found = ctx.call.parameters.get("ExternalId")
    if found is None or ctx.call.api != "AssumeRole":
        return Absent("no ExternalId was sent")
    return _listed(ctx, Present((str(found),), "the ExternalId parameter"))


def _session_name(ctx: RequestContext) -> Value:
    found = ctx.call.parameters.get("RoleSessionName")
    if found is None:
        if ctx.facts.caller_is_service:
            return Unknown("the service chooses its own session name", present=True)
        return Unknown("no RoleSessionName was given", "--role-session-name", present=True)
    return _listed(ctx, Present((str(found),), "the RoleSessionName parameter"))


def _source_identity(ctx: RequestContext) -> Value:
    found = ctx.call.source_identity
    if found is None:
        return Absent("no source identity is set or inherited")
    return _listed(ctx, Present((found,), "set or inherited"), also=SET_SOURCE_IDENTITY)


def _tags_visible(ctx: RequestContext) -> bool:
    return ctx.is_main_action or ctx.action == TAG_SESSION


def _many(keys: tuple[str, ...], reason: str, *, visible: bool) -> Value:
    if keys and visible:
        return Present(keys, reason, multivalued=True)
    return Absent("no tags were sent" if not keys else "AWS does not list it for this action")


def _transitive_keys(ctx: RequestContext) -> Value:
    keys = ctx.call.transitive_tag_keys
    return _many(keys, "the TransitiveTagKeys parameter", visible=_tags_visible(ctx))


def _tag_keys(ctx: RequestContext) -> Value:
    keys = tuple(ctx.call.tags)
    return _many(keys, "the keys of the Tags parameter", visible=_tags_visible(ctx))


def _lookup(tags: Mapping[str, str], key: str, reason: str) -> Value:
    for name, value in tags.items():
        if name.lower() == key:
            return Present((value,), reason)
    return Absent(f"{reason}: no such tag")


def _request_tag(ctx: RequestContext, key: str) -> Value:
    if not _tags_visible(ctx):
        return Absent(f"AWS does not list it for {ctx.action}")
    return _lookup(ctx.call.tags, key, "the Tags parameter")


def _principal_tag(ctx: RequestContext, key: str) -> Value:
    call, principal = ctx.call, ctx.facts.principal
    session = _lookup(call.session.tags, key, "the caller's session")
    if isinstance(session, Present):
        return session
    if isinstance(call.caller, ServiceCaller):
        if call.caller.principal == "rolesanywhere.amazonaws.com":
            return _lookup(call.tags, key, "certificate fields (FACTS 5.8)")
        return Absent("services carry no tags")
    if isinstance(principal, Unknown):
        return Unknown("the tags of the caller were not read", principal.settle)
    if principal is None:
        return Absent("the caller carries no tags")
    if isinstance(principal.tags, Unknown):
        return principal.tags
    return _lookup(principal.tags, key, "the caller's tags")


def _resource_tag(ctx: RequestContext, key: str) -> Value:
    role = ctx.facts.role
    if isinstance(role, Unknown):
        return Unknown("the tags of the role were not read", role.settle)
    if role is None:
        return Absent("there is no such role")
    return role.tags if isinstance(role.tags, Unknown) else _lookup(role.tags, key, "the role")


# Network, time and path, FACTS 5.5


def _source_ip(ctx: RequestContext) -> Value:
    network = ctx.call.network
    if isinstance(network.vpc_endpoint, Unknown):
        return network.vpc_endpoint
    if network.vpc_endpoint is not None:
        return Absent("the request goes through a VPC endpoint")
    if network.source_ip is not None:
        return Present((network.source_ip,), "the network of the call")
    return Unknown("the caller's IP address was not said", "network.source_ip", present=True)


def _through_endpoint(ctx: RequestContext, known: Callable[[str], Value]) -> Value:
    name = ctx.call.network.vpc_endpoint
    if isinstance(name, Unknown):
        return name
    return Absent("the request goes through no VPC endpoint") if name is None else known(name)


def _source_vpc(ctx: RequestContext) -> Value:
    def known(name: str) -> Value:
        endpoint = ctx.facts.endpoint
        vpc = ctx.call.network.vpc or getattr(endpoint, "vpc", "")
        if vpc:
            return Present((vpc,), "the endpoint's VPC")
        return Unknown(f"the VPC of {name} was not said", "network.vpc", present=True)

    return _through_endpoint(ctx, known)


def _requested_region(ctx: RequestContext) -> Value:
    network = ctx.call.network
    if network.endpoint == "global":
        return Present(("us-east-1",), "the global endpoint counts as us-east-1")
    if network.region is not None:
        return Present((network.region,), "the Region of the endpoint")
    return Unknown("the Region of the endpoint was not said", "--region", present=True)


def _said(value: str | None, what: str, settle: str, *, present: bool) -> Value:
    if value is None:
        return Unknown(f"{what} was not said", settle, present=present)
    return Present((value,), "the network of the call")


def _secure_transport(ctx: RequestContext) -> Value:
    found = ctx.call.network.secure_transport
    text = None if found is None else str(found).lower()
    return _said(text, "whether TLS was used", "network.secure_transport", present=True)


def _federation_key(ctx: RequestContext, name: str) -> Value:
    caller = ctx.call.caller
    provider, colon, claim = name.rpartition(":")
    if isinstance(caller, SamlCaller):
        return _asserted({key.lower(): value for key, value in caller.assertion.items()}, name)
    if isinstance(caller, WebIdentityCaller) and provider == provider_host(caller).lower():
        claims = dict(caller.claims)
        if "aud" in claims:
            claims["oaud"], claims["aud"] = claims["aud"], claims.get("azp", claims["aud"])
        mapped = {key: claims[key] for key in ("aud", "oaud", "sub", "amr", "email") if key in claims}
        return _asserted(mapped, claim)
    if isinstance(caller, RoleCaller) and colon and "." in provider and claim in ("aud", "sub", "amr"):
        return Unknown("it depends on how the caller's session was made", "the `context` of the call")
    return Absent("no such key exists for this call (R6.14)")


def _asserted(claims: Mapping[str, object], name: str) -> Value:
    found = claims.get(name)
    if found is None:
        return Absent("the token or assertion does not carry it")
    if isinstance(found, list):
        return Present(tuple(map(str, found)), "the token or assertion", multivalued=True)
    text = str(found).lower() if isinstance(found, bool) else str(found)
    return Present((text,), "the token or assertion", multivalued=name == "amr")


_RULES: dict[str, Callable[[RequestContext], Value]] = {
    "aws:principalarn": _principal_arn,
    "aws:principalaccount": _principal_account,
    "aws:principalorgid": lambda ctx: _principal_org(ctx, path=False),
    "aws:principalorgpaths": lambda ctx: _principal_org(ctx, path=True),
    "aws:principaltype": _principal_type,
    "aws:userid": _user_id,
    "aws:username": _user_name,
    "aws:principalisawsservice": _is_service,
    "aws:principalservicename": lambda ctx: _service_name(ctx, many=False),
    "aws:principalservicenameslist": lambda ctx: _service_name(ctx, many=True),
    "aws:sourcearn": _only_services,
    "aws:sourceaccount": _only_services,
    "aws:sourceorgid": _only_services,
    "aws:sourceorgpaths": _only_services,
    "aws:sourceidentity": _own_source_identity,
    "aws:tokenissuetime": _token_issue_time,
    "aws:multifactorauthpresent": _mfa_present,
    "aws:multifactorauthage": _mfa_age,
    "aws:ec2instancesourcevpc": _delivered,
    "aws:ec2instancesourceprivateipv4": _delivered,
    "aws:chatbotsourcearn": _delivered,
    "aws:assumedroot": _delivered,
    "aws:federatedprovider": _delivered,
    "ec2:sourceinstancearn": _delivered,
    "ec2:roledelivery": _delivered,
    "lambda:sourcefunctionarn": _delivered,
    "ssm:sourceinstancearn": _delivered,
    "identitystore:userid": _delivered,
    "sts:externalid": _external_id,
    "sts:rolesessionname": _session_name,
    "sts:sourceidentity": _source_identity,
    "sts:transitivetagkeys": _transitive_keys,
    "aws:tagkeys": _tag_keys,
    "aws:resourceaccount": lambda ctx: Present((ctx.call.role_account,), "the role's account"),
    "aws:resourceorgid": lambda ctx: _resource_org(ctx, path=False),
    "aws:resourceorgpaths": lambda ctx: _resource_org(ctx, path=True),
    "aws:sourceip": _source_ip,
    "aws:sourcevpce": lambda ctx: _through_endpoint(
        ctx, lambda name: Present((name,), "the network of the call")
    ),
    "aws:sourcevpc": _source_vpc,
    "aws:sourcevpcarn": lambda ctx: _through_endpoint(
        ctx, lambda _: Unknown("the ARN of the VPC was not said", "the `context` of the call", present=True)
    ),
    "aws:vpcsourceip": lambda ctx: _through_endpoint(
        ctx, lambda _: Unknown("the private IP address was not said", "the `context` of the call", present=True)
    ),
    "aws:viaawsservice": lambda _: Present(("false",), "STS was called directly"),
    "aws:requestedregion": _requested_region,
    "aws:currenttime": lambda ctx: Present((ctx.call.time.isoformat(),), "the time of the call"),
    "aws:epochtime": lambda ctx: Present((str(int(ctx.call.time.timestamp())),), "the time"),
    "aws:securetransport": _secure_transport,
    "aws:useragent": lambda ctx: _said(
        ctx.call.network.user_agent, "the user agent", "network.user_agent", present=False
    ),
}
_TAG_RULES: dict[str, Callable[[RequestContext, str], Value]] = {
    "aws:principaltag": _principal_tag,
    "aws:requesttag": _request_tag,
    "aws:resourcetag": _resource_tag,
    "iam:resourcetag": _resource_tag,
}
KNOWN_KEYS = frozenset(_RULES)
