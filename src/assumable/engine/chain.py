"""Chains of roles: each hop is a plain call, made by the session that the hop before creates.

FACTS section 9;
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
"""

import itertools
from collections.abc import Mapping
from datetime import timedelta

import msgspec

from assumable import arn
from assumable.engine import services
from assumable.engine.evaluate import Decision, Verdict, decide
from assumable.engine.limits import duration_of
from assumable.model.call import Call, Hop, Network, RoleCaller, ServiceCaller, Session, Value
from assumable.model.route import route_of
from assumable.model.routed import hops_of
from assumable.model.world import Account, PolicyOrUnknown, Role, Unknown, World

# What the input states of these is true of every request of the chain (FACTS 5.5); any other key
# describes the first caller or its request.
_OF_EVERY_HOP = frozenset((
    "aws:sourceip", "aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce", "aws:vpcsourceip",
    "aws:viaawsservice", "aws:requestedregion", "aws:currenttime", "aws:epochtime",
    "aws:securetransport", "aws:useragent", "aws:referer",
))  # fmt: skip


class Chain(msgspec.Struct, frozen=True):
    """A call decided hop by hop, each as if the hops before it had succeeded.

    A plain call is a chain of one hop.
    """

    world: World
    call: Call
    decisions: tuple[Decision, ...]
    """Of the hops in order; they end early where a hop asks for something that is no role."""

    @property
    def is_plain(self) -> bool:
        """Whether there is no chain, but one call."""
        return not self.call.chain

    @property
    def length(self) -> int:
        """How many hops were asked for."""
        return len(self.call.chain) + 1

    @property
    def verdict(self) -> Verdict:
        """That of all hops together."""
        verdicts = {decision.verdict for decision in self.decisions}
        for verdict in (Verdict.DENIED, Verdict.CONDITIONAL):
            if verdict in verdicts:
                return verdict
        return Verdict.ALLOWED

    @property
    def shown(self) -> int:
        """The place of the hop to look at: the first one that decides the verdict, else the last.

        It counts from 0.
        """
        last = len(self.decisions) - 1
        if self.verdict is Verdict.ALLOWED:
            return last
        return next(n for n, d in enumerate(self.decisions) if d.verdict is self.verdict)

    @property
    def is_cut_short(self) -> bool:
        """Whether hops were not looked at, since one before them asks for no role."""
        return len(self.decisions) < self.length


def decide_chain(world: World, call: Call) -> Chain:
    """Decide every hop of a call."""
    decisions: list[Decision] = []
    around = world
    for hop in hops(call):
        decisions.append(decide(around, hop))
        around = _with_role(around, hop)
    return Chain(world, call, tuple(decisions))


def hops(call: Call) -> tuple[Call, ...]:
    """Each hop as a plain call; none follows a hop whose RoleArn names no role."""
    requested = [*call.chain, Hop(parameters=call.parameters)]
    networks = _networks(call)
    made = msgspec.structs.replace(
        call, parameters=requested[0].parameters, chain=(), network=networks[0]
    )
    found = [made]
    for (before, hop), network in zip(itertools.pairwise(requested), networks[1:], strict=True):
        caller = session_of(made, before.policies)
        if caller is None:
            break
        made = msgspec.structs.replace(
            made,
            api="AssumeRole",
            caller=caller,
            parameters=hop.parameters,
            network=network,
            overrides=_lasting(call.overrides),
            mfa_code_is_wrong=False,
            client=made.client and msgspec.structs.replace(made.client, hop=made.client.hop + 1),
        )
        found.append(made)
    return tuple(found)


def _networks(call: Call) -> list[Network]:
    """How each hop reaches STS: the one machine that makes them all goes one way with them.

    But `--endpoint-url` of a command is for its own call: the SDK asks for the roles of the profile
    without it (docs/live.md).
    """
    if call.before is None or call.client is None:
        return [call.network] * (len(call.chain) + 1)
    of_profile = len(hops_of(call.client, route_of(call.client, call.time)))
    rest = len(call.chain) + 1 - of_profile
    return [call.before] * of_profile + [call.network] * rest


def _lasting(overrides: Mapping[str, Value]) -> dict[str, Value]:
    """The stated keys that later hops share; what is unknown of one stays unknown of all."""
    return {
        key: value
        for key, value in overrides.items()
        if key in _OF_EVERY_HOP or isinstance(value, Unknown)
    }


def session_of(call: Call, policies: tuple[PolicyOrUnknown, ...]) -> RoleCaller | None:
    """The session that a call creates; it carries no MFA (R5.4). None when it asks for no role."""
    if arn.parse_role(call.role_arn) is None:
        return None
    name = call.session_name
    is_service = isinstance(call.caller, ServiceCaller)
    seconds = None if is_service else duration_of(call)  # R4.5: services manage their sessions
    inherited = _inherited_tags(call.session)
    lowered = {key.lower() for key in inherited}
    passed: dict[str, str | Unknown] = {**services.unsaid_tags(call), **call.tags}
    own = {key: value for key, value in passed.items() if key.lower() not in lowered}
    session = Session(
        policies=policies,
        tags={**own, **inherited},
        transitive_tag_keys=tuple(
            dict.fromkeys(
                (
                    *call.session.transitive_tag_keys,
                    *call.transitive_tag_keys,
                    *services.own_tags(call),
                )
            )
        ),
        source_identity=(
            call.session.source_identity
            or services.unsaid_source_identity(call)
            or call.source_identity
        ),
        made_by=call,
        issued_at=call.time,
        expires_at=call.time + timedelta(seconds=seconds) if seconds else None,
        complete=not call.hides_attributes,
    )
    return RoleCaller(
        arn=arn.session_of(call.role_arn, name or "?"), session=session, is_named=bool(name)
    )


def _inherited_tags(session: Session) -> dict[str, str | Unknown]:
    """The transitive tags of a session: they win over what is passed and stay so (R9.1)."""
    keys = {key.lower() for key in session.transitive_tag_keys}
    return {key: value for key, value in session.tags.items() if key.lower() in keys}


def _with_role(world: World, call: Call) -> World:
    """The world in which the call has succeeded: its role exists, whatever its policies say.

    Nothing but its ARN is known of a role that is missing; the hop that asks for it says so.
    """
    wanted = arn.parse_role(call.role_arn)
    if wanted is None:
        return world
    account = world.account(wanted.account)
    known = world.role_named(wanted.account, wanted.name, wanted.partition)
    if known is not None or not isinstance(account, Account):
        return world
    unread = Unknown(f"what {arn.display_name(call.role_arn)} may do", "a role of that name")
    role = Role(
        arn=call.role_arn, trust=unread, policies=(unread,), boundary=unread, tags=unread
    )  # fmt: skip
    changed = msgspec.structs.replace(account, roles={**account.roles, role.arn: role})
    return msgspec.structs.replace(world, accounts={**world.accounts, account.id: changed})
