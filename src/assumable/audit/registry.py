"""The rules, one explicit tuple, and the road from a world to its findings."""

from collections.abc import Callable, Iterator
from datetime import datetime

from assumable.audit.finding import Audit, Finding, Rule
from assumable.audit.ground import Ground, Subject, is_managed
from assumable.audit.rules import (
    as1001_public_trust,
    as1002_open_guard,
    as1003_third_party,
    as1004_service_source,
    as1005_open_subject,
    as1006_audience,
    as1007_deleted_principal,
    as1008_dead_statement,
    as1009_dead_deny,
    as1010_unreachable_mfa,
    as1011_account_trust,
    as1012_chain_to_administrator,
)
from assumable.model.policy import Policy
from assumable.model.world import Unknown, World

CHECKS = (
    as1001_public_trust,
    as1002_open_guard,
    as1003_third_party,
    as1004_service_source,
    as1005_open_subject,
    as1006_audience,
    as1007_deleted_principal,
    as1008_dead_statement,
    as1009_dead_deny,
    as1010_unreachable_mfa,
    as1011_account_trust,
    as1012_chain_to_administrator,
)
Check = Callable[[Ground, Subject], Iterator[Finding]]
RULES: dict[str, Rule] = {check.RULE.slug: check.RULE for check in CHECKS}


def audit(world: World, now: datetime) -> Audit:
    """Every trust policy of a world held against every rule, the most dangerous findings first."""
    ground = Ground(world, now)
    found = [
        finding
        for subject in ground.subjects
        for check in CHECKS
        for finding in check.check(ground, subject)
    ]
    return Audit(
        findings=tuple(sorted(found, key=lambda finding: finding.order)),
        roles=len(ground.subjects),
        managed=sum(map(is_managed, ground.roles)),
        not_read=tuple(_not_read(ground)),
    )


def _not_read(ground: Ground) -> Iterator[str]:
    for account in ground.world.accounts.values():
        if isinstance(account, Unknown):
            yield account.what
    for role in ground.roles:
        if not is_managed(role):
            if isinstance(role.trust, Unknown):
                yield role.trust.what
            elif isinstance(role.trust, Policy) and role.trust.fatal is not None:
                yield f"the trust policy of {role.arn}: {role.trust.fatal.message}"
