"""Near misses of actions: misspelt, or the action of another kind of caller."""

from collections.abc import Iterator

import msgspec

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.gates import Gate, GateName
from assumable.engine.match import StatementTrace
from assumable.findings.blame import Blame
from assumable.findings.finding import Fix
from assumable.findings.fix import change_policy
from assumable.findings.slips import ratio, told
from assumable.globs import has_wildcard
from assumable.model.policy import Effect, Statement
from assumable.model.world import Principal, Role
from assumable.source import value_at

_ACTIONS = frozenset(name.lower() for name in (
    "sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoot",
    "sts:DecodeAuthorizationMessage", "sts:GetAccessKeyInfo", "sts:GetCallerIdentity",
    "sts:GetDelegatedAccessToken", "sts:GetFederationToken", "sts:GetServiceBearerToken",
    "sts:GetSessionToken", "sts:GetWebIdentityToken", "sts:SetContext", "sts:SetSourceIdentity",
    "sts:TagGetWebIdentityToken", "sts:TagSession",
))  # fmt: skip
"""Every action of STS.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
"""
_TOKEN, _SAML, _SIGNED = (
    "sts:assumerolewithwebidentity", "sts:assumerolewithsaml", "sts:assumerole",
)  # fmt: skip
_SIMILAR = 0.8


class Slip(msgspec.Struct, frozen=True):
    """A listed action that was meant to be the one that the call needs."""

    written: str
    pointer: str
    words: str


def slip_in(statement: Statement, action: str) -> Slip | None:
    """The listed action that serves nobody and stands where the needed one should."""
    if statement.not_action or action not in _CASED:
        return None
    for place, written in enumerate(statement.actions):
        words = _misspelt(written, action) or _of_other_callers(statement, written, action)
        if words:
            return Slip(written, f"{statement.pointer}/Action/{place}", words)
    return None


_CASED = frozenset((
    "sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoot",
    "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext",
))  # fmt: skip


def _misspelt(written: str, action: str) -> str:
    name, wanted = written.lower(), action.lower()
    if name in _ACTIONS or has_wildcard(name):
        return ""
    if name.rpartition(":")[2] != wanted.rpartition(":")[2] and ratio(name, wanted) < _SIMILAR:
        return ""
    slip = told(written, action)
    return f"`{written}` is no action of STS" + (f": {slip}" if slip else "")


def _of_other_callers(statement: Statement, written: str, action: str) -> str:
    """Whether an action belongs to callers of whom the statement names none (R1.21)."""
    kinds, name = {entry.kind for entry in statement.principals or ()}, written.lower()
    if not kinds or "*" in kinds or action.lower() not in (_TOKEN, _SAML, _SIGNED):
        return ""
    if name == _SIGNED and kinds == {"Federated"}:
        return (
            f"`{written}` is for signed calls of users, roles and services; with a token or an "
            f"assertion the call is {action}"
        )
    if kinds == {"Federated"} and name in (_TOKEN, _SAML) and name != action.lower():
        saml = {":saml-provider/" in entry.value for entry in statement.principals or ()}
        bearers, other = ("assertions", "tokens") if name == _SAML else ("tokens", "assertions")
        if saml == {name == _TOKEN}:
            return f"`{written}` is for {bearers}; who has {other} calls {action}"
    if name in (_TOKEN, _SAML) and "Federated" not in kinds:
        return (
            f"`{written}` is for the tokens and assertions of an identity provider; users, roles "
            f"and services call {action}"
        )
    return ""


def corrected(trace: StatementTrace, slip: Slip, action: str, *, opens: str) -> Iterator[Fix]:
    """The action put right in its place."""
    listed = value_at(trace.policy.document, f"{trace.statement.pointer}/Action")
    place = slip.pointer if isinstance(listed, list) else f"{trace.statement.pointer}/Action"
    yield change_policy(
        trace.policy,
        f"correct-action/{action.partition(':')[2]}",
        f"correct {slip.written} to {action} in {trace.statement.label}",
        ({"op": "replace", "path": place, "value": action},),
        opens=opens,
    )


def misspelt_permission(gate: Gate) -> tuple[StatementTrace, Slip] | None:
    """A statement of the caller's policies that would allow the call but for its action."""
    for trace in gate.traces():
        only = [element.element for element in trace.failing] == ["Action"]
        slip = slip_in(trace.statement, gate.action) if only else None
        if slip is not None and trace.statement.effect is Effect.ALLOW:
            return trace, slip
    return None


def permission_slips(decision: Decision, blame: Blame) -> Iterator[Fix]:
    """Correct the action or the role in the caller's own inline policy, where nobody else uses it.

    A role that does not exist serves nobody: the right one takes its place.
    """
    principal = decision.facts.principal
    if blame.gate.gate is not GateName.IDENTITY or not isinstance(principal, Principal):
        return
    if isinstance(principal, Role) and principal.is_identity_center:
        return
    opens = f"{decision.call.caller.arn.rpartition(':')[2]}, for this role only"
    misspelt = misspelt_permission(blame.gate)
    if misspelt is not None and _is_own(misspelt[0], principal):
        yield from corrected(*misspelt, blame.action, opens=opens)
    trace = blame.trace
    if trace is None or not _is_own(trace, principal) or trace.statement.not_resource:
        return
    if [element.element for element in trace.failing] != ["Resource"]:
        return
    yield from _right_role(decision, trace, opens)


def _is_own(trace: StatementTrace, principal: Principal) -> bool:
    return trace.policy.name.owner == principal.arn and not trace.policy.name.arn


def _stands_for(decision: Decision, written: str, wanted: str) -> bool:
    """Whether a Resource that names nothing was meant to name the role."""
    if has_wildcard(written) or "${" in written:
        return False
    theirs, mine = arn.parse(written), arn.parse(wanted)
    if theirs is not None and mine is not None and theirs.kind == "assumed-role":
        return theirs.account == mine.account and theirs.resource.split("/")[1:2] == [mine.name]
    missing = decision.facts.world.role(written) is None
    return missing and ratio(written, wanted) >= _SIMILAR


def _right_role(decision: Decision, trace: StatementTrace, opens: str) -> Iterator[Fix]:
    wanted, pointer = decision.call.role_arn, f"{trace.statement.pointer}/Resource"
    if trace.statement.not_action or not _ACTIONS.issuperset(
        map(str.lower, trace.statement.actions)
    ):
        return  # its other actions would be granted on this role as well
    present = value_at(trace.policy.document, pointer)
    for place, written in enumerate(trace.statement.resources or ()):
        if _stands_for(decision, written, wanted):
            path = f"{pointer}/{place}" if isinstance(present, list) else pointer
            yield change_policy(
                trace.policy,
                "identity-permission/correct-the-role",
                f"correct {written} to {wanted} in {trace.statement.label}",
                ({"op": "replace", "path": path, "value": wanted},),
                opens=opens,
            )
            return
