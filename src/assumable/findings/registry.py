"""The checks, one explicit tuple, and the road from a decision to its findings."""

from collections.abc import Callable

import msgspec

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame, blames
from assumable.findings.checks import (
    as001_parameter,
    as002_role_not_found,
    as003_caller_not_found,
    as004_credentials,
    as005_root_caller,
    as006_partition,
    as007_region,
    as008_client_config,
    as009_propagation,
    as101_trust_principal,
    as102_trust_action,
    as103_trust_condition,
    as104_trust_explicit_deny,
    as201_identity_permission,
    as202_identity_explicit_deny,
    as301_external_id,
    as401_mfa,
    as501_duration,
    as601_scp,
    as602_rcp,
    as701_permissions_boundary,
    as702_session_policy,
    as703_vpc_endpoint_policy,
    as801_session_tags,
    as802_source_identity,
    as901_web_identity_claim,
    as902_identity_provider,
    as903_saml_attribute,
    as904_service_principal,
)
from assumable.findings.finding import Cause, Finding
from assumable.findings.report import without_managed

CHECKS = (
    as001_parameter,
    as002_role_not_found,
    as003_caller_not_found,
    as004_credentials,
    as005_root_caller,
    as006_partition,
    as007_region,
    as008_client_config,
    as009_propagation,
    as101_trust_principal,
    as102_trust_action,
    as103_trust_condition,
    as104_trust_explicit_deny,
    as201_identity_permission,
    as202_identity_explicit_deny,
    as301_external_id,
    as401_mfa,
    as501_duration,
    as601_scp,
    as602_rcp,
    as701_permissions_boundary,
    as702_session_policy,
    as703_vpc_endpoint_policy,
    as801_session_tags,
    as802_source_identity,
    as901_web_identity_claim,
    as902_identity_provider,
    as903_saml_attribute,
    as904_service_principal,
)
Check = Callable[[Decision, Blame], Finding]
CAUSES: dict[str, Cause] = {check.CAUSE.slug: check.CAUSE for check in CHECKS}
_BY_SLUG: dict[str, Check] = {check.CAUSE.slug: check.check for check in CHECKS}


def findings_of(decision: Decision) -> tuple[Finding, ...]:
    """Every fault of a denied call, and what deserves a note whatever the verdict, in order."""
    noted = (
        *as008_client_config.suspects(decision),
        *as009_propagation.suspects(decision),
        *as401_mfa.suspects(decision),
    )
    found = [
        _offered(decision, _BY_SLUG[blame.cause](decision, blame))
        for blame in (*blames(decision), *noted)
    ]
    return tuple(sorted(found, key=_place))


def _place(finding: Finding) -> tuple[bool, bool, int]:
    """Blocking ones come first, then what may be why though nothing blocks, each by its row."""
    return not finding.blocking, finding.cause != as009_propagation.CAUSE.slug, finding.row


def _offered(decision: Decision, found: Finding) -> Finding:
    """The finding with the fixes that can be made; no policy can let in whom nobody knows."""
    if decision.call.caller.arn == arn.NOBODY:
        mine = tuple(fix for fix in found.fixes if fix.is_request_only)
        return msgspec.structs.replace(found, fixes=mine)
    return without_managed(found, decision.facts.role)
