"""Which policies play a part in a call, layer by layer (FACTS 1.2); the same for every action."""

from collections.abc import Hashable, Iterable, Iterator

import msgspec

from assumable.engine.facts import CALLERS_KEPT, ROLES_KEPT, CallerSide, Facts, Lookups, RoleSide
from assumable.engine.gates import GateName
from assumable.engine.remembered import Remembered
from assumable.engine.rules import Listed, Rule, RuleSet
from assumable.engine.truth import Truth
from assumable.model.policy import Policy
from assumable.model.world import Organization, PolicyOrUnknown, Principal, Unknown, World

ORGANIZATION = "organization"
"""The assumption that SCPs and RCPs which could not be read allow the call."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The policies of one layer, or of one level of the organization, that must not refuse."""

    gate: GateName
    account: str = ""
    level: str = ""
    policies: tuple[PolicyOrUnknown, ...] = ()
    rules: RuleSet | None = None
    """None when the layer plays no part, or lets everything through."""
    not_applicable: str = ""
    summary: str = ""

    @property
    def only_denies(self) -> bool:
        """RCPFullAWSAccess is always attached, so an RCP can only deny (R1.9)."""
        return self.gate is GateName.RCP


class Live(msgspec.Struct, frozen=True):
    """What could refuse one action on one side of a call."""

    denies: tuple[Rule, ...]
    """Every Deny statement about the action; a policy attached at several levels counts once."""
    may_deny: tuple[Truth, ...]
    """Whether policies that were not read deny."""
    needed: tuple[tuple[GateName, Listed], ...]
    """The layers that must allow and do not always do so."""


class Parts:
    """The parts on one side of a call, and for each action what could refuse it there."""

    __slots__ = ("_live", "all")

    def __init__(self, parts: Iterable[Part]) -> None:
        """What matters for an action is found out when it is first asked for."""
        self.all = tuple(parts)
        self._live: dict[str, Live] = {}

    def live(self, action: str) -> Live:
        """What could refuse the action."""
        found = self._live.get(action)
        if found is None:
            found = self._live[action] = self._found(action)
        return found

    def _found(self, action: str) -> Live:
        judged = [(part, part.rules.about(action)) for part in self.all if part.rules]
        denies = {id(rule.statement): rule for _, listed in judged for rule in listed.denies}
        return Live(
            denies=tuple(denies.values()),
            may_deny=tuple(truth for _, listed in judged for truth in listed.may_deny),
            needed=tuple(
                (part.gate, listed)
                for part, listed in judged
                if not (part.only_denies or listed.always)
            ),
        )


class Prepared:
    """A world made ready for many calls: each policy is compiled once, each lookup made once."""

    def __init__(self, world: World, like: "Prepared | None" = None) -> None:
        """Nothing is compiled before it is needed, or again that `like` shares with this world."""
        self.world, self.lookups = world, Lookups(world)
        self._rules: Remembered[tuple[int, ...], tuple[tuple[PolicyOrUnknown, ...], RuleSet]]
        self._rules = Remembered(CALLERS_KEPT) if like is None else like._rules  # noqa: SLF001
        self._of_caller = Remembered[Hashable, Parts](CALLERS_KEPT)
        self._of_role = Remembered[RoleSide, Parts](ROLES_KEPT)
        self._trusts = Remembered[RoleSide, RuleSet | None](ROLES_KEPT)

    def rules(self, policies: tuple[PolicyOrUnknown, ...]) -> RuleSet:
        """Policies of the world made ready, once; they are kept, so their ids stay theirs."""
        key = tuple(map(id, policies))
        found = self._rules.get(key)
        if found is None:
            found = self._rules[key] = (policies, RuleSet(policies))
        return found[1]

    def trust(self, facts: Facts) -> RuleSet | None:
        """The role's trust policy; None when there is none to read."""
        side = facts.role_side
        if side not in self._trusts:
            trust = facts.trust
            self._trusts[side] = RuleSet((trust,)) if isinstance(trust, Policy) else None
        return self._trusts[side]

    def caller_parts(self, facts: Facts) -> Parts:
        """SCPs, boundary and identity policies: what is always there for this caller."""
        if facts.call.assumptions:  # they change which layers count, and are rare
            return Parts(self._caller_parts(facts))
        key = _kind_of(facts.caller_side)
        found = self._of_caller.get(key)
        if found is None:
            found = self._of_caller[key] = Parts(self._caller_parts(facts))
        return found

    def scps(self, facts: Facts) -> Parts:
        """Those of the caller's side that all users, or all roles, of an account share."""
        return Parts(self._scps(facts))

    def own_parts(self, principal: Principal) -> Parts:
        """The rest of that side: boundary and identity policies of a user or role that is known."""
        account, boundary = principal.account, principal.boundary
        own = self._part(GateName.IDENTITY, account, principal.policies)
        if boundary is None:
            return Parts((own,))
        return Parts((self._part(GateName.BOUNDARY, account, (boundary,)), own))

    def role_parts(self, facts: Facts) -> Parts:
        """RCPs: what is always there for this role, unless a service-linked role calls."""
        if facts.call.assumptions or facts.caller_side.is_service_linked is not False:
            return Parts(self._rcps(facts))
        found = self._of_role.get(facts.role_side)
        if found is None:
            found = self._of_role[facts.role_side] = Parts(self._rcps(facts))
        return found

    def request_parts(self, facts: Facts) -> Parts:
        """Endpoint and session policies: what this request brings."""
        if facts.call.network.vpc_endpoint is None and not facts.session.policies:
            return _NOTHING_BROUGHT
        return Parts((self._endpoint(facts), self._session(facts)))

    def _part(
        self, gate: GateName, account: str, policies: tuple[PolicyOrUnknown, ...], level: str = ""
    ) -> Part:
        rules = self.rules(policies)
        return Part(gate=gate, account=account, level=level, policies=policies, rules=rules)

    def _caller_parts(self, facts: Facts) -> Iterator[Part]:
        yield from self._scps(facts)
        yield self._boundary(facts)
        yield self._identity(facts)

    def _identity(self, facts: Facts) -> Part:
        """The caller's own policies and those of its groups."""
        gate, account = GateName.IDENTITY, facts.caller_account
        if not facts.has_identity_side:
            why = "this kind of caller has no policies of its own"
            return Part(gate=gate, not_applicable=why)
        if facts.principal is None:
            return Part(gate=gate, not_applicable="the caller does not exist")
        return self._part(gate, account, facts.identity_policies)

    def _boundary(self, facts: Facts) -> Part:
        """The caller's permissions boundary; that of the target role plays no part (FACTS 1.2)."""
        gate, account = GateName.BOUNDARY, facts.caller_account
        if facts.boundary is None:
            return Part(gate=gate, not_applicable="the caller has no permissions boundary")
        return self._part(gate, account, (facts.boundary,))

    def _session(self, facts: Facts) -> Part:
        """The policies that the caller's own session was limited to when it was made."""
        gate, policies = GateName.SESSION_POLICY, facts.session.policies
        if not policies:
            return _NO_SESSION_POLICY
        account = facts.caller_account
        return Part(gate=gate, account=account, policies=policies, rules=RuleSet(policies))

    def _endpoint(self, facts: Facts) -> Part:
        """The policy of the VPC endpoint: a cap, never a grant (R1.30).

        A service calls from a network of its own (R5.11), also when it starts a chain.
        """
        if facts.call.network.vpc_endpoint is None or facts.caller_is_service:
            return _NO_ENDPOINT
        gate, endpoint = GateName.VPC_ENDPOINT, facts.endpoint
        if isinstance(endpoint, Unknown):
            return Part(gate=gate, policies=(endpoint,), rules=RuleSet((endpoint,)))
        if endpoint is None or endpoint.policy is None:
            account = endpoint.account if endpoint else ""
            return Part(gate=gate, account=account, summary="the endpoint has the default policy")
        return self._part(gate, endpoint.account, (endpoint.policy,))

    def _scps(self, facts: Facts) -> Iterator[Part]:
        """Every level from the root to the caller's account must allow (R1.7)."""
        org, account = facts.caller_organization, facts.caller_account
        if not facts.caller_side.is_signed and facts.takes("U-19"):
            org, account = facts.role_organization, facts.role_account
        elif not facts.has_identity_side and facts.principal_arn is None:
            why = "SCPs do not apply to this kind of caller"
            yield Part(gate=GateName.SCP, account=account, not_applicable=why)
            return
        yield from self._levels(facts, GateName.SCP, org, account)

    def _rcps(self, facts: Facts) -> Iterator[Part]:
        """Every level from the root to the role's account; only a deny can stop a call (R1.9)."""
        org, account = facts.role_organization, facts.role_account
        if facts.call.api == "AssumeRoot" and not facts.takes("U-3"):
            why = "RCPs are not known to reach AssumeRoot"
            yield Part(gate=GateName.RCP, account=account, not_applicable=why)
            return
        yield from self._levels(facts, GateName.RCP, org, account)

    def _levels(
        self, facts: Facts, gate: GateName, org: Organization | Unknown | None, account: str
    ) -> Iterator[Part]:
        skipped = _exempt(facts, org, account, gate)
        if skipped or org is None:
            yield Part(gate=gate, account=account, not_applicable=skipped)
            return
        if isinstance(org, Unknown):
            yield self._unread(facts, gate, account, org)
            return
        if facts.caller_side.is_service_linked is None:
            yield _binding_or_not(facts, gate, account)
            return
        attached = org.scps if gate is GateName.SCP else org.rcps
        if isinstance(attached, Unknown):
            yield self._unread(facts, gate, account, attached)
        elif attached is not None:
            for node in org.path_to(account):
                yield self._part(gate, org.management_account, attached.get(node.id, ()), node.id)

    def _unread(self, facts: Facts, gate: GateName, account: str, part: Unknown) -> Part:
        """Policies of an organization that could not be read."""
        if facts.call.assumptions.get(ORGANIZATION):
            why = "not read, and assumed to allow"
            return Part(gate=gate, account=account, not_applicable=why)
        what = "the caller's SCPs" if gate is GateName.SCP else "the RCPs of the role's account"
        policies = (Unknown(what, part.settle),)
        return Part(gate=gate, account=account, policies=policies, rules=RuleSet(policies))


def _kind_of(side: CallerSide) -> Hashable:
    """What decides which layers a caller has; equal for callers that share all their policies.

    The parts keep what the ids are of.
    """
    if not side.is_signed or side.is_service_linked is None:
        return side
    return (
        side.account, side.has_identity_side, side.is_service_linked, side.principal is None,
        side.principal_arn is None, id(side.identity_policies), id(side.boundary),
    )  # fmt: skip


def _binding_or_not(facts: Facts, gate: GateName, account: str) -> Part:
    """Policies of an organization that a service-linked role, as the caller's may be, ignores."""
    what = "the caller's SCPs" if gate is GateName.SCP else "the RCPs of the role's account"
    role = f"iam:GetRole on {facts.call.caller.arn.split('/')[1]}"
    policies = (Unknown(f"{what}, which bind no service-linked role,", role),)
    return Part(gate=gate, account=account, policies=policies, rules=RuleSet(policies))


_NO_SESSION_POLICY = Part(
    gate=GateName.SESSION_POLICY, not_applicable="the caller's session has no session policy"
)
_NO_ENDPOINT = Part(
    gate=GateName.VPC_ENDPOINT, not_applicable="the request goes through no VPC endpoint"
)
_NOTHING_BROUGHT = Parts((_NO_ENDPOINT, _NO_SESSION_POLICY))


def _exempt(facts: Facts, org: Organization | Unknown | None, account: str, gate: GateName) -> str:
    """Why an organization's policies of one kind play no part here; empty when they do."""
    scps = gate is GateName.SCP
    kind, whose = ("SCPs", "the caller's") if scps else ("RCPs", "the role's")
    if org is None:
        return f"{whose} account is in no organization"
    if isinstance(org, Unknown):
        return ""
    if account == org.management_account:
        return f"{kind} do not apply to the management account"
    if not scps and ":role/aws-service-role/" in facts.role_arn:
        return "RCPs do not apply to service-linked roles"
    if facts.caller_side.is_service_linked:
        who = "service-linked roles" if scps else "calls by service-linked roles"
        return f"{kind} do not apply to {who}"
    if (org.scps if scps else org.rcps) is None:
        return f"the organization has no {kind} switched on"
    return ""
