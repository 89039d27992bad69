"""What the rules ask of a call in a world, looked up once."""

import functools

from assumable import arn
from assumable.engine.truth import Atom, Truth
from assumable.model.call import (
    Call,
    FederatedUserCaller,
    RoleCaller,
    RootCaller,
    ServiceCaller,
    UserCaller,
)
from assumable.model.world import (
    Organization,
    PolicyOrUnknown,
    Role,
    Unknown,
    User,
    VpcEndpoint,
    World,
)

CARRIED = "what the caller's session carries"
TAG_SESSION, SET_SOURCE_IDENTITY = "sts:TagSession", "sts:SetSourceIdentity"


class Facts:
    """A call and the parts of the world that it touches."""

    def __init__(self, world: World, call: Call) -> None:
        """Nothing is looked up before it is asked for."""
        assert not call.chain  # noqa: S101  # INVARIANT: `engine.chain` makes plain calls of a chain
        self.world, self.call = world, call

    @functools.cached_property
    def principal(self) -> User | Role | Unknown | None:
        """The IAM user or role behind the caller; None when there is none."""
        caller = self.call.caller
        if isinstance(caller, UserCaller):
            return self.world.user(caller.arn)
        if isinstance(caller, RoleCaller):
            parts = arn.parse(caller.arn)
            partition = parts.partition if parts else "aws"
            return self.world.role_named(self.call.caller_account, caller.role_name, partition)
        return None

    @functools.cached_property
    def principal_arn(self) -> str | Unknown | None:
        """`aws:PrincipalArn`: for a session the role's ARN with its path (R2.3)."""
        caller = self.call.caller
        if isinstance(caller, UserCaller | RootCaller | FederatedUserCaller):
            return caller.arn
        if not isinstance(caller, RoleCaller):
            return None
        if isinstance(self.principal, Role) and self.principal.path_known:
            return self.principal.arn
        what = f"the path of role {caller.role_name} is not known"
        return Unknown(what, f"iam:GetRole on role {caller.role_name}", present=True)

    @functools.cached_property
    def role(self) -> Role | Unknown | None:
        """The role that is asked for."""
        if arn.parse_role(self.call.role_arn) is None:
            return None
        return self.world.role(self.call.role_arn)

    @functools.cached_property
    def caller_organization(self) -> Organization | Unknown | None:
        """The organization of the caller's account."""
        account = self.call.caller_account
        return self.world.organization_of(account) if account else None

    @functools.cached_property
    def role_organization(self) -> Organization | Unknown | None:
        """The organization of the role's account."""
        return self.world.organization_of(self.call.role_account)

    @functools.cached_property
    def identity_policies(self) -> tuple[PolicyOrUnknown, ...]:
        """The caller's own policies, or one unknown when the principal was not read."""
        if isinstance(self.principal, Unknown):
            return (
                Unknown(
                    f"the policies of {arn.display_name(self.call.caller.arn)}",
                    self.principal.settle,
                ),
            )
        return self.principal.policies if self.principal is not None else ()

    @functools.cached_property
    def boundary(self) -> PolicyOrUnknown | None:
        """The caller's permissions boundary."""
        if isinstance(self.principal, Unknown):
            return Unknown(
                f"the permissions boundary of {arn.display_name(self.call.caller.arn)}, if any",
                self.principal.settle,
            )
        return self.principal.boundary if self.principal is not None else None

    @functools.cached_property
    def trust(self) -> PolicyOrUnknown | None:
        """The role's trust policy; None when there is no such role."""
        if isinstance(self.role, Unknown):
            return Unknown(
                f"the trust policy of {arn.display_name(self.call.role_arn)}",
                self.role.settle,
            )
        return self.role.trust if self.role is not None else None

    @functools.cached_property
    def endpoint(self) -> VpcEndpoint | Unknown | None:
        """The VPC endpoint that the request goes through."""
        name = self.call.network.vpc_endpoint
        if name is None or isinstance(name, Unknown):
            return name
        found = self.world.endpoints.get(name)
        if found is None:
            return Unknown(
                f"the policy of VPC endpoint {name}",
                f"ec2:DescribeVpcEndpoints on {name}",
            )
        return found

    @functools.cached_property
    def required(self) -> dict[str, Truth]:
        """Every action that may have to be allowed, and whether it must (FACTS 3.1, R9.2, R9.4)."""
        call = self.call
        tags = call.tags or call.transitive_tag_keys or call.session.transitive_tag_keys
        needed: dict[str, Truth] = {
            f"sts:{call.api}": True,
            TAG_SESSION: bool(tags) or self._carries("transitive tags"),
            SET_SOURCE_IDENTITY: call.source_identity is not None
            or self._carries("a source identity"),
            "sts:SetContext": bool(call.parameters.get("ProvidedContexts")),
        }
        return {action: truth for action, truth in needed.items() if truth is not False}

    def _carries(self, what: str) -> Truth:
        """Whether the caller's session hands something on along the chain."""
        if not self.call.hides_attributes:
            return False
        return Atom(
            subject=f"the caller's session carries {what}",
            text=f"the caller's session carries {what}",
            opposite=f"the caller's session carries no {what.removeprefix('a ')}",
            part=CARRIED,
            settle="the event in CloudTrail that created it, or --assume session=plain",
            kind="fact",
        )

    @property
    def required_actions(self) -> tuple[str, ...]:
        """The actions that certainly must be allowed."""
        return tuple(action for action, truth in self.required.items() if truth is True)

    @property
    def caller_is_service(self) -> bool:
        """Whether an AWS service calls as itself."""
        return isinstance(self.call.caller, ServiceCaller)
