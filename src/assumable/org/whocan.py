"""Who can assume a role: candidates from the index, each decided by the engine."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from assumable import arn
from assumable.engine.evaluate import decide
from assumable.engine.layers import Prepared
from assumable.engine.truth import Truth, describe
from assumable.errors import InputError
from assumable.model.call import Call, Caller, Mfa, Network, RoleCaller, UserCaller, Value
from assumable.model.policy import Policy
from assumable.model.world import Principal, Role, Unknown, World
from assumable.org.grants import Grants
from assumable.org.trusts import Other, named_by, others_in
from assumable.org.universe import Members, Universe, numbers

_SENT: Mapping[str, Value] = {
    "sts:externalid": Unknown("the external ID that is sent", "--external-id"),
    "sts:rolesessionname": Unknown("the session's name", "--role-session-name", present=True),
}
"""What whoever calls can choose: an answer holds under the condition that they do."""
_MFA = Mfa(Unknown("whether the caller signs in with MFA", "--serial-number and --token-code"))


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Principals who can assume a role under one condition."""

    condition: str
    """In words; empty where there is none."""
    principals: tuple[str, ...]


class WhoCan(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody who can assume a role, as far as the world is known."""

    role: str
    ways: tuple[Way, ...]
    """Without a condition first, then by how many there are."""
    others: tuple[Other, ...] = ()
    """Whom nobody can list: services, bearers of tokens, accounts that were not read."""
    candidates: int = 0
    """How many principals the engine decided about."""
    known: int = 0
    """How many principals there are."""
    not_known: str = ""
    """Why nothing certain can be said; empty where the trust policy was read."""


class Everyone:
    """A world made ready to be asked about many roles."""

    def __init__(self, world: World, now: datetime) -> None:
        """Index what the principals' own policies permit; nothing is compiled before it counts."""
        self.world, self._now = world, now
        self.universe = Universe(world)
        self._grants = Grants(self.universe)
        self._prepared = Prepared(world)

    def role(self, text: str) -> Role:
        """The role of an ARN, or of a name that only one role has; InputError otherwise."""
        exact = self.world.role(text) if arn.parse_role(text) is not None else None
        if isinstance(exact, Role):
            return exact
        roles = (found for found in self.universe.principals if isinstance(found, Role))
        alike = [found for found in roles if found.name == text.rpartition("/")[2]]
        if len(alike) == 1 and arn.parse(text) is None:
            return alike[0]
        known = ", ".join(found.arn for found in alike[:3])
        raise InputError(
            f"there is no role `{text}`" if len(alike) < 2 or arn.parse(text)  # noqa: PLR2004
            else f"{len(alike)} roles are called `{text}`",
            "", f"known: {known}" if known else "its ARN, as `aws iam get-role` prints it",
        )  # fmt: skip

    def principal(self, text: str) -> Principal:
        """The user or role of an ARN, of a session the role; InputError when there is none."""
        parts = arn.parse(text)
        if parts is not None and parts.resource != "root":  # which stands for a whole account
            for number in numbers(self.universe.named(text)):
                return self.universe.principals[number]
        raise InputError(f"there is no user or role `{text}`", "", "its ARN, as IAM shows it")

    def who(self, role: Role) -> WhoCan:
        """Who can assume the role."""
        if not isinstance(role.trust, Policy):
            why = f"{role.trust.what} was not read"
            return WhoCan(role=role.arn, ways=(), known=len(self.universe.principals),
                          not_known=why)  # fmt: skip
        candidates = self.candidates(role, role.trust)
        found: dict[str, list[str]] = {}
        for number in numbers(candidates):
            principal = self.universe.principals[number]
            passes = self.passes(principal, role)
            if passes is not False:
                condition = "" if passes is True else describe(passes)
                found.setdefault(condition, []).append(principal.arn)
        ways = (Way(condition=text, principals=tuple(who)) for text, who in found.items())
        return WhoCan(
            role=role.arn,
            ways=tuple(sorted(ways, key=lambda way: (way.condition != "", -len(way.principals)))),
            others=tuple(others_in(role.trust, self.universe)),
            candidates=candidates.bit_count(),
            known=len(self.universe.principals),
        )

    def candidates(self, role: Role, trust: Policy) -> Members:
        """INVARIANT: whoever can assume the role is among them."""
        named = named_by(trust, self.universe)
        home = self.universe.of_account(role.account)
        granted = self._grants.for_role(role.arn)
        # R1.22: once a role needed nothing to assume itself; the engine knows for whom that holds.
        own = 1 << self.universe.number[role.arn]
        return (named.themselves & (home | granted)) | (named.by_account & granted) | own

    def passes(self, principal: Principal, role: Role) -> Truth:
        """Whether a principal can assume the role, by a plain call; under which condition."""
        return decide(self._prepared, plain_call(principal, role.arn, self._now)).passes


def plain_call(principal: Principal, role_arn: str, now: datetime) -> Call:
    """The call of a principal that passes nothing but a session name, and perhaps an external ID.

    Where it is made from, whether with MFA, and what is sent is left open.
    """
    return Call(
        api="AssumeRole",
        caller=_caller(principal),
        parameters={"RoleArn": role_arn, "RoleSessionName": "session"},
        network=Network(assumed=True),
        time=now,
        overrides=_SENT,
    )


def _caller(principal: Principal) -> Caller:
    """A user with whatever keys, or some session of a role that passed no attributes."""
    if not isinstance(principal, Role):
        return UserCaller(arn=principal.arn, mfa=_MFA)
    return RoleCaller(arn=arn.session_of(principal.arn, "session"), is_named=False)
