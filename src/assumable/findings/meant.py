"""Other credentials than those that called: what the trust policy visibly expects."""

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.engine.rules import action_matches
from assumable.globs import matches
from assumable.model.call import RoleCaller
from assumable.model.policy import Effect, Policy

_WITH_WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
_ASSUME_ROLE = "sts:AssumeRole"
_CLUSTER = "oidc.eks."
_SERVICE_ACCOUNT = "system:serviceaccount:"
_DEFAULT = "default"
_SUBJECT_PARTS = 4
"""Of `system:serviceaccount:NAMESPACE:NAME`."""


def expects_token(decision: Decision, trust: Policy) -> str:
    """That a role called where the trust policy lets tokens in, to go after a `;`; else empty."""
    if not isinstance(decision.call.caller, RoleCaller):
        return ""
    named = _named(trust, "Federated", _WITH_WEB_IDENTITY)
    if not named:
        return ""
    provider = arn.display_name(named[0])
    if _CLUSTER in named[0]:
        return (
            f"; it lets in service accounts through {provider}: the call was probably made with "
            "the credentials of the node, not with the service account's token"
        )
    return (
        f"; it lets in tokens of {provider} with {_WITH_WEB_IDENTITY}: the call was probably made "
        "with other credentials than such a token's"
    )


def expects_role(trust: Policy) -> str:
    """That a token called where the trust policy names a role, to go after a `;`; else empty."""
    roles = [value for value in _named(trust, "AWS", _ASSUME_ROLE) if ":role/" in value]
    if not roles:
        return ""
    return (
        f"; it lets {arn.display_name(roles[0])} in with {_ASSUME_ROLE}: the token probably is for "
        "that role, whose session then assumes this one (role chaining)"
    )


def about_pod(wanted: tuple[str, ...], got: str) -> str:
    """That a pod may run under another service account than was meant; else empty."""
    mine = got.split(":")
    if not got.startswith(_SERVICE_ACCOUNT) or len(mine) != _SUBJECT_PARTS:
        return ""
    asked = [value.split(":") for value in wanted if value.startswith(_SERVICE_ACCOUNT)]
    if not asked or any(len(one) != _SUBJECT_PARTS or matches(one[3], mine[3]) for one in asked):
        return ""
    why = "the pod may run under the wrong service account"
    if mine[3] == _DEFAULT:
        why = f"a pod that names no service account runs under `{_DEFAULT}`"
    return f"; {why}: look at its serviceAccountName before the trust policy is widened"


def _named(trust: Policy, kind: str, action: str) -> list[str]:
    """The principals of a kind that an Allow names for exactly this action."""
    return [
        entry.value
        for statement in trust.statements
        if statement.effect is Effect.ALLOW and action_matches(statement, action)
        for entry in statement.principals or ()
        if entry.kind == kind and not (statement.not_principal or statement.not_action)
    ]
