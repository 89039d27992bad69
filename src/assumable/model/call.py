"""The call: one STS request, who signs it, and the values its conditions can see."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from assumable import arn
from assumable.model import assertion
from assumable.model.assertion import Asserted
from assumable.model.client import Client
from assumable.model.world import PolicyOrUnknown, Unknown

DEFAULT_DURATION = 3600
SECRET_PARAMETERS = frozenset((
    "TokenCode", "WebIdentityToken", "SAMLAssertion", "ProvidedContexts",
))  # fmt: skip
"""The parameters whose values no answer shows; of contexts what they assert is the secret."""
Api = Literal["AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "AssumeRoot"]


class Present(msgspec.Struct, frozen=True, gc=False):
    """A condition key that is in the request context."""

    values: tuple[str, ...]
    reason: str
    multivalued: bool = False


class Absent(msgspec.Struct, frozen=True, gc=False):
    """A condition key that is not in the request context."""

    reason: str


class Open(msgspec.Struct, frozen=True, gc=False):
    """A key that depends on an open item of FACTS section 13: decided both ways."""

    item: str
    if_true: "Present | Absent"
    if_false: "Present | Absent"


Value = Present | Absent | Unknown | Open


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What a role session carries from its own AssumeRole call."""

    policies: tuple[PolicyOrUnknown, ...] = ()
    """Inline and managed session policies; they grant together."""
    tags: Mapping[str, str | Unknown] = msgspec.field(default_factory=dict)
    tags_complete: bool = True
    """False when the session may have more tags, none of which is transitive."""
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | Unknown | None = None
    made_by: "Call | None" = None
    """The call that created it, where it is known: the hop before in a chain."""
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    complete: bool = True
    """False when the session may carry more than is said here."""


class Mfa(msgspec.Struct, frozen=True):
    """MFA of the caller's credentials: with an age in seconds where it is known."""

    present: bool | Unknown
    age: int | Unknown | None = None


class UserCaller(msgspec.Struct, frozen=True, kw_only=True, tag="user"):
    """An IAM user's long-term keys, or the GetSessionToken credentials of one."""

    arn: str
    credentials: Literal["long-term", "session-token"] = "long-term"
    mfa: Mfa = Mfa(False)
    session: Session = Session()


class RoleCaller(msgspec.Struct, frozen=True, kw_only=True, tag="role"):
    """A session of a role."""

    arn: str
    session: Session = Session()
    mfa: Mfa = Mfa(False)
    is_named: bool = True
    """False when a service or an identity provider chose the session's name and nobody said it."""

    @property
    def role_name(self) -> str:
        """The role's name; the session ARN does not show its path."""
        return self.arn.split("/")[1]

    @property
    def session_name(self) -> str:
        """The name that the session was given."""
        return self.arn.rpartition("/")[2]


class RootCaller(msgspec.Struct, frozen=True, kw_only=True, tag="root"):
    """The root user of an account, or the AssumeRoot credentials of one."""

    arn: str
    credentials: Literal["root", "assume-root"] = "root"


class FederatedUserCaller(msgspec.Struct, frozen=True, kw_only=True, tag="federated-user"):
    """GetFederationToken credentials."""

    arn: str


class ServiceCaller(msgspec.Struct, frozen=True, kw_only=True, tag="service"):
    """An AWS service that calls as itself."""

    principal: str

    @property
    def arn(self) -> str:
        """Services have no ARN; their principal stands for it on screen."""
        return self.principal


class WebIdentityCaller(msgspec.Struct, frozen=True, kw_only=True, tag="web-identity"):
    """The bearer of an OIDC token: unsigned, known by its claims."""

    claims: Mapping[str, Any]
    provider: str | None = None

    @property
    def arn(self) -> str:
        """The provider, or the issuer when no provider is named."""
        return self.provider or str(self.claims.get("iss", "web identity"))

    @property
    def asserted(self) -> Asserted:
        """What the token says about the session to be made (R5.16)."""
        return assertion.of_claims(self.claims)


class SamlCaller(msgspec.Struct, frozen=True, kw_only=True, tag="saml"):
    """The bearer of a SAML assertion: unsigned, known by its `saml:*` keys and attributes."""

    assertion: Mapping[str, Any]
    provider: str | None = None

    @property
    def arn(self) -> str:
        """The SAML provider."""
        return self.provider or "saml"

    @property
    def asserted(self) -> Asserted:
        """What the assertion says about the session to be made (R5.19)."""
        return assertion.of_attributes(self.assertion)


Caller = (
    UserCaller | RoleCaller | RootCaller | FederatedUserCaller | ServiceCaller
    | WebIdentityCaller | SamlCaller
)  # fmt: skip


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """How the request reaches STS; None is "not said"."""

    source_ip: str | None = None
    vpc: str | None = None
    vpc_endpoint: str | Unknown | None = None
    region: str | None = None
    endpoint: Literal["regional", "global"] = "regional"
    secure_transport: bool | None = None
    user_agent: str | None = None
    assumed: bool = False
    """True when nobody has said that there is no VPC endpoint: it is taken for granted."""

    @property
    def serving_region(self) -> str | None:
        """The Region of the endpoint; the global one counts as us-east-1 (R10.3)."""
        return "us-east-1" if self.endpoint == "global" else self.region


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """A role that is assumed on the way to the one that is asked for."""

    parameters: Mapping[str, Any]
    """Of that request, under the API's own names."""
    policies: tuple[PolicyOrUnknown, ...] = ()
    """The session policies that its Policy and PolicyArns make (R9.5)."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request to STS, or the last one of a chain.

    INVARIANT: with a chain, `api` and `caller` are those of the first hop and `parameters` those of
    the last; `engine.chain.hops` makes a plain call of each, which is all that `decide` takes.
    """

    api: Api
    caller: Caller
    parameters: Mapping[str, Any]
    """Under the API's own names, as given: mistakes in them are findings."""
    network: Network = Network()
    time: datetime
    overrides: Mapping[str, Value] = msgspec.field(default_factory=dict)
    """Context keys, in lower case, that the input states itself."""
    mfa_code_is_wrong: bool = False
    assumptions: Mapping[str, bool] = msgspec.field(default_factory=dict)
    """Open items that the user decided with `--assume`."""
    chain: tuple[Hop, ...] = ()
    """The hops before the last one, in order."""
    client: Client | None = None
    """The set-up of the client that the requests come from, where it is known."""
    before: Network | None = None
    """How the hops of the client's profile reach STS; None where they do as the call itself."""

    @property
    def asks_nothing(self) -> bool:
        """Whether the client's set-up leads to no request at all."""
        return self.client is not None and not self.parameters

    @property
    def role_arn(self) -> str:
        """The role that is asked for, as written; of AssumeRoot the root user (R1.27)."""
        if self.api == "AssumeRoot":
            return self._target_root
        value = self.parameters.get("RoleArn", "")
        return value if isinstance(value, str) else str(value)

    @property
    def _target_root(self) -> str:
        """The ARN of the root user that TargetPrincipal names, in the caller's partition.

        An account ID names it as well as its own ARN does; what names none is left as written.
        """
        value = str(self.parameters.get("TargetPrincipal") or "")
        if not arn.ACCOUNT_ID.fullmatch(value):
            return value
        mine = arn.parse(self.caller.arn)
        return f"arn:{mine.partition if mine else 'aws'}:iam::{value}:root"

    @property
    def task_policy_arn(self) -> str:
        """The task policy of AssumeRoot: given as `{arn: …}` or as text."""
        value = self.parameters.get("TaskPolicyArn")
        return str((value.get("arn") if isinstance(value, dict) else value) or "")

    @property
    def asks_for_root(self) -> bool:
        """Whether this is AssumeRoot, and TargetPrincipal names the root user of an account."""
        if self.api != "AssumeRoot":
            return False
        parts = arn.parse(self.role_arn)
        return (
            parts is not None
            and (parts.service, parts.region, parts.resource) == ("iam", "", "root")
            and arn.ACCOUNT_ID.fullmatch(parts.account) is not None
        )

    @property
    def role_account(self) -> str:
        """The account in the role's ARN."""
        return arn.account_of(self.role_arn)

    @property
    def caller_account(self) -> str:
        """The account of the caller's principal, empty for services and bearers of tokens."""
        return arn.account_of(self.caller.arn) if self.is_principal else ""

    @property
    def is_signed(self) -> bool:
        """Whether credentials sign the request (R1.21)."""
        return not isinstance(self.caller, WebIdentityCaller | SamlCaller)

    @property
    def has_identity_side(self) -> bool:
        """Whether the caller is a principal with policies of its own (R1.20, R1.21)."""
        return isinstance(self.caller, UserCaller | RoleCaller)

    @property
    def is_principal(self) -> bool:
        """Whether the caller is a principal of an account, which `AWS` in a policy can name."""
        return isinstance(self.caller, UserCaller | RoleCaller | RootCaller | FederatedUserCaller)

    @property
    def same_account(self) -> bool:
        """Whether caller and role share an account."""
        return self.caller_account == self.role_account

    @property
    def session(self) -> Session:
        """What the caller's session carries; empty where there is none."""
        if isinstance(self.caller, UserCaller | RoleCaller):
            return self.caller.session
        return Session()

    @property
    def hides_attributes(self) -> bool:
        """Whether a role session may carry tags and a source identity that nobody has said."""
        return isinstance(self.caller, RoleCaller) and not self.caller.session.complete

    @property
    def hides_tags(self) -> bool:
        """Whether a role session may carry tags that nobody has said."""
        return self.hides_attributes or not self.session.tags_complete

    @property
    def is_chained(self) -> bool:
        """Whether the one-hour limit of chaining holds (R4.1; U-9 for GetSessionToken)."""
        caller = self.caller
        return isinstance(caller, RoleCaller) or (
            isinstance(caller, UserCaller) and caller.credentials == "session-token"
        )

    @property
    def presents_mfa(self) -> bool:
        """Whether SerialNumber and TokenCode are sent together; AssumeRole alone takes them."""
        if self.api != "AssumeRole":
            return False
        return bool(self.parameters.get("SerialNumber")) and bool(self.parameters.get("TokenCode"))

    @property
    def asserted(self) -> Asserted:
        """What the token or assertion says about the session; nothing for signed calls."""
        if isinstance(self.caller, WebIdentityCaller | SamlCaller):
            return self.caller.asserted
        return assertion.NOTHING

    @property
    def issuer(self) -> str:
        """The issuer of a web identity token without its scheme; empty when it is not said.

        It is the prefix of the token's condition keys (R5.12). Access tokens of Login with Amazon
        and Facebook have no issuer: `ProviderId` names it (FACTS section 4).
        """
        if not isinstance(self.caller, WebIdentityCaller):
            return ""
        said = [self.caller.claims.get("iss"), self.parameters.get("ProviderId")]
        for value in said:
            if isinstance(value, str) and value:
                return value.removeprefix("https://")
        provider = self.caller.provider or ""
        return provider.partition(":oidc-provider/")[2] or provider

    @property
    def identity_provider(self) -> str:
        """What a trust policy names for this token or assertion; empty when it is not said."""
        if isinstance(self.caller, SamlCaller):
            return self._saml_provider(self.caller)
        if self.issuer in assertion.BUILT_IN_PROVIDERS or not self.issuer:
            return self.issuer
        role = arn.parse(self.role_arn)
        partition = role.partition if role else "aws"
        return f"arn:{partition}:iam::{self.role_account}:oidc-provider/{self.issuer}"

    def _saml_provider(self, caller: SamlCaller) -> str:
        """`PrincipalArn`, or the only provider through which the assertion offers the role."""
        named = self.parameters.get("PrincipalArn") or caller.provider
        if named:
            return str(named)
        pairs = caller.asserted.pairs or ()
        offered = {pair.provider for pair in pairs if pair.role == self.role_arn}
        return offered.pop() if len(offered) == 1 else ""

    @property
    def session_name(self) -> str | None:
        """The name of the new session: under SAML the assertion's attribute, else the parameter."""
        if isinstance(self.caller, SamlCaller):
            return self.asserted.session_name
        found = self.parameters.get("RoleSessionName")
        return None if found is None else str(found)

    @property
    def tags(self) -> dict[str, str]:
        """The session tags of the request or the token; rules on parameters judge malformed ones.

        STS ignores a `Tags` parameter of an unsigned call.
        """
        if not self.is_signed:
            return dict(self.asserted.tags)
        found: dict[str, str] = {}
        tags = self.parameters.get("Tags")
        for tag in tags if isinstance(tags, list) else ():
            if isinstance(tag, dict) and isinstance(tag.get("Key"), str):
                found[tag["Key"]] = str(tag.get("Value", ""))
        return found

    @property
    def transitive_tag_keys(self) -> tuple[str, ...]:
        """The keys that the request or the token makes transitive."""
        if not self.is_signed:
            return self.asserted.transitive_tag_keys
        keys = self.parameters.get("TransitiveTagKeys")
        return tuple(map(str, keys)) if isinstance(keys, list) else ()

    @property
    def source_identity(self) -> str | Unknown | None:
        """The source identity of the new session: passed, asserted, or inherited (R9.4)."""
        if not self.is_signed:
            return self.asserted.source_identity
        passed = self.parameters.get("SourceIdentity")
        return str(passed) if passed is not None else self.session.source_identity

    @property
    def credentials_issued_at(self) -> datetime | None:
        """When temporary credentials were issued: five minutes ago unless it is said."""
        if not self.is_chained:
            return None
        return self.session.issued_at or self.time - timedelta(minutes=5)
