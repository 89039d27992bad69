"""What the rules work on: the roles of a world, whose their accounts are, and who can become them.

Everything that several rules ask is answered once.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Literal

import msgspec

from assumable import arn
from assumable.audit.finding import Confidence, Finding, Mend, Rule, Severity
from assumable.engine.rules import action_matches
from assumable.findings import evidence
from assumable.findings.finding import Evidence
from assumable.model.policy import Effect, Policy, PrincipalEntry, Statement
from assumable.model.world import Account, Organization, Role, Unknown, World
from assumable.org.towards import Towards
from assumable.org.universe import Members
from assumable.org.whocan import Everyone, Passing

ASSUME_ROLE = "sts:AssumeRole"
WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
SAML = "sts:AssumeRoleWithSAML"
Side = Literal["own", "outside", "unknown"]


class Subject(msgspec.Struct, frozen=True):
    """One role that is judged, with the trust policy that was read of it."""

    role: Role
    trust: Policy

    @property
    def partition(self) -> str:
        """The partition of the role, and so of everybody who can assume it."""
        parts = arn.parse(self.role.arn)
        return parts.partition if parts is not None else "aws"

    def somebody(self, entry: PrincipalEntry, kind: str) -> str:
        """The user or role that a principal names, of a whole account any; empty for all others."""
        if is_whole_account(entry):
            return f"arn:{self.partition}:iam::{account_named(entry)}:{kind}/somebody"
        parts = arn.parse(entry.value)
        named = entry.kind == "AWS" and parts is not None and parts.kind in ("user", "role")
        return entry.value if named else ""

    def allowing(self, action: str) -> Iterator[Statement]:
        """The statements that allow an action, to whomever."""
        for statement in self.trust.statements:
            if statement.effect is Effect.ALLOW and action_matches(statement, action):
                yield statement

    def evidence(self, pointer: str, statement: Statement) -> Evidence:
        """The place of an element of a statement, in the file that it was read from."""
        return evidence.at(self.trust, pointer, statement=statement.index)

    def finding(
        self,
        rule: Rule,
        *,
        severity: Severity,
        title: str,
        explanation: str,
        evidence: tuple[Evidence, ...],
        facts: tuple[str, ...] = (),
        variant: str = "",
        confidence: Confidence = "certain",
        mend: Mend | None = None,
        decide: str = "",
    ) -> Finding:
        """What a rule has found about the role."""
        return Finding(
            code=rule.code,
            rule=rule.slug,
            variant=variant,
            severity=severity,
            confidence=confidence,
            role=self.role.arn,
            account=self.role.account,
            title=title,
            explanation=explanation,
            evidence=evidence,
            mend=mend,
            decide=decide,
            facts=facts,
        )

    def alone(self, statement: Statement) -> "Subject":
        """The role as if this were the only statement that allows anything."""
        kept = tuple(s for s in self.trust.statements if s == statement or s.effect is Effect.DENY)
        return self.with_trust(msgspec.structs.replace(self.trust, statements=kept))

    def with_trust(self, trust: Policy) -> "Subject":
        """The role with another trust policy."""
        return Subject(msgspec.structs.replace(self.role, trust=trust), trust)


class Ground:
    """A world made ready to be judged."""

    def __init__(self, world: World, now: datetime) -> None:
        """Nothing is asked before a rule needs it."""
        self.world, self.now = world, now
        self._passing: dict[str, tuple[Passing, ...]] = {}

    @cached_property
    def everyone(self) -> Everyone:
        """The index of who may assume what."""
        return Everyone(self.world, self.now)

    def passing(self, role: Role) -> tuple[Passing, ...]:
        """Who can assume a role, decided once; by their numbers in `everyone.universe`."""
        found = self._passing.get(role.arn)
        if found is None:
            found = self._passing[role.arn] = self.everyone.passing(role)
        return found

    def surely(self, role: Role) -> Members:
        """Who can assume a role without any condition."""
        return next((found for text, found in self.passing(role) if not text), Members())

    @cached_property
    def towards_administrators(self) -> Towards:
        """The ways from role to role to those that may do everything."""
        number = self.everyone.universe.number
        roles = {number[role.arn]: role for role in self.roles}
        them = Members(roles)
        targets = map(number.__getitem__, self.administrators)
        return Towards(targets, lambda role: self.surely(roles[role]) & them)

    @cached_property
    def roles(self) -> tuple[Role, ...]:
        """Every role, by ARN."""
        found = (each for each in self.world.principals() if isinstance(each, Role))
        return tuple(sorted(found, key=lambda role: role.arn))

    @cached_property
    def subjects(self) -> tuple[Subject, ...]:
        """The roles that are judged: those that somebody can edit, as far as they were read."""
        return tuple(
            Subject(role, role.trust)
            for role in self.roles
            if not is_managed(role) and isinstance(role.trust, Policy) and role.trust.fatal is None
        )

    @cached_property
    def by_unique_id(self) -> Mapping[str, str]:
        """The ARNs of the living by the ids that stand for them."""
        return {p.unique_id: p.arn for p in self.world.principals() if p.unique_id}

    @cached_property
    def administrators(self) -> Mapping[str, Role]:
        """The roles that may do everything, by ARN."""
        return {role.arn: role for role in self.roles if is_administrator(role)}

    def audiences(self, role: Role, provider: str) -> tuple[str, ...] | None:
        """Which audiences a provider of the role's account accepts; None where it is not known."""
        home = self.world.accounts.get(role.account)
        known = home.providers.get(provider) if isinstance(home, Account) else None
        return known.client_ids if known is not None else None

    def organization_of(self, account: str) -> Organization | None:
        """The organization of an account; None where there is none, or it is not known."""
        found = self.world.organization_of(account)
        return found if isinstance(found, Organization) else None

    def side_of(self, other: str, account: str) -> Side:
        """Whose an account is, seen from another one: of the same organization, or an outsider's.

        Without an organization the accounts that were read together count as one's own.
        """
        found = self.world.organization_of(account)
        if other == account:
            return "own"
        if isinstance(found, Organization):
            return "own" if found.has_member(other) else "outside"
        if isinstance(self.world.accounts.get(other), Account):
            return "own"
        return "unknown" if isinstance(found, Unknown) else "outside"


def is_managed(role: Role) -> bool:
    """Whether an AWS service wrote the trust policy and nobody else can edit it (R1.23, R2.13)."""
    return role.is_service_linked or role.is_identity_center


def is_administrator(role: Role) -> bool:
    """Whether a policy of the role lets it do everything, and no boundary takes that away."""
    boundary = role.boundary
    if boundary is not None and not (isinstance(boundary, Policy) and _grants_all(boundary)):
        return False
    return any(isinstance(policy, Policy) and _grants_all(policy) for policy in role.policies)


def _grants_all(policy: Policy) -> bool:
    return any(
        statement.effect is Effect.ALLOW
        and not (statement.not_action or statement.not_resource or statement.conditions)
        and not {"*", "*:*"}.isdisjoint(statement.actions)
        and "*" in (statement.resources or ())
        for statement in policy.statements
    )


def is_everyone(entry: PrincipalEntry) -> bool:
    """Whether a principal is every caller."""
    return entry.kind == "*" or (entry.kind == "AWS" and entry.value == "*")


def account_named(entry: PrincipalEntry) -> str:
    """The account of an `AWS` principal, or which it is; empty for any other."""
    if entry.kind != "AWS":
        return ""
    found = entry.value if arn.ACCOUNT_ID.fullmatch(entry.value) else arn.account_of(entry.value)
    return found if arn.ACCOUNT_ID.fullmatch(found) else ""


def issuer_named(entry: PrincipalEntry) -> str:
    """The issuer of a registered provider of tokens; empty for any other principal."""
    return entry.value.partition(":oidc-provider/")[2]


def is_whole_account(entry: PrincipalEntry) -> bool:
    """Whether a principal stands for all principals of an account."""
    whole = entry.value.endswith(":root") or bool(arn.ACCOUNT_ID.fullmatch(entry.value))
    return entry.kind == "AWS" and whole
