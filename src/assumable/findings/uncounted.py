"""Who gains a call beside the principals that can be listed: tokens, sign-ins, other sessions."""

from collections.abc import Iterator, Sequence

import msgspec

from assumable import arn
from assumable.engine.chain import Chain
from assumable.engine.evaluate import Decision
from assumable.engine.operators import OPERATORS
from assumable.findings.finding import Fix
from assumable.findings.guards import content_of
from assumable.globs import has_wildcard
from assumable.model.assertion import scalar
from assumable.model.call import RoleCaller, SamlCaller, WebIdentityCaller
from assumable.model.policy import Condition, Effect, Layer, Policy, Statement

_POLICIES = ("policy", "principal", "provider", "organization")
_SUBJECT = ":sub"


def uncounted(before: Chain, fixes: Sequence[Fix], after: Chain) -> str:
    """Who is not among the principals that were tried, though the edits may concern them.

    Sessions of one role count as one principal: policies rarely tell one from another.
    """
    edited = [fix for fix in fixes if fix.target.kind in _POLICIES]
    if not edited:
        return ""
    hops = list(zip(before.decisions, after.decisions, strict=False))
    found = [words for old, new in hops for words in _of_bearer(old, new, edited)]
    roles = dict.fromkeys(name for old, _ in hops for name in _role_of_session(old))
    if roles:
        limited = all(fix.target.layer is Layer.SESSION for fix in edited)
        how = " that is made with that session policy" if limited else ""
        found.append(f"every other session of {' and of '.join(roles)}{how}")
    return " and ".join(dict.fromkeys(found))


def _role_of_session(decision: Decision) -> Iterator[str]:
    exact = decision.facts.principal_arn
    if isinstance(decision.call.caller, RoleCaller) and isinstance(exact, str):
        yield arn.display_name(exact)


def _of_bearer(before: Decision, after: Decision, edited: Sequence[Fix]) -> Iterator[str]:
    caller = before.call.caller
    if not isinstance(caller, WebIdentityCaller | SamlCaller):
        return
    what = "sign-ins" if isinstance(caller, SamlCaller) else "tokens"
    classes = list(dict.fromkeys(_classes(before, after)))
    if classes:
        yield " and ".join(classes)
    elif any(map(_concerns_others, edited)):
        yield f"perhaps other {what}, which nobody can list"


def _concerns_others(fix: Fix) -> bool:
    """Whether bearers of other tokens meet what was edited, whatever the trust policy says.

    A provider that is new is met by those alone whom the trust policy names.
    """
    if fix.target.kind == "provider":
        return any(op["path"] for op in fix.edit)
    return fix.target.layer is not Layer.TRUST


def _classes(before: Decision, after: Decision) -> Iterator[str]:
    """The tokens that each new or edited Allow for a provider lets in and no Allow did before."""
    old, new = before.facts.trust, after.facts.trust
    if not isinstance(old, Policy) or not isinstance(new, Policy):
        return
    known = {content_of(statement) for statement in old.statements}
    places = {statement.pointer: statement for statement in old.statements}
    for statement in new.statements:
        if statement.effect is Effect.ALLOW and content_of(statement) not in known:
            yield from _class_of(before, statement, places.get(statement.pointer))


def _class_of(decision: Decision, new: Statement, old: Statement | None) -> Iterator[str]:
    providers = [e.value for e in new.principals or () if e.kind in ("Federated", "*")]
    if not providers:
        return
    names = (arn.display_name(one) if one != "*" else "any provider" for one in providers)
    by_token = isinstance(decision.call.caller, WebIdentityCaller)
    whose = f"every {'token' if by_token else 'sign-in'} of {' or '.join(names)}"
    subjects = [condition for condition in new.conditions if _tells(condition)]
    if not subjects:
        yield f"{whose} that meets the statement's conditions"
        return
    before = old.conditions if old is not None and _rest(old) == _rest(new) else ()
    known = {value for c in before if _tells(c) for value in c.values}
    for condition in subjects:
        added = [value for value in condition.values if value not in known]
        takes_patterns = "like" in condition.base
        open_to = [v for v in added if takes_patterns and has_wildcard(v)] or [
            value for value in added if value != _subject(decision)
        ]
        if open_to:
            listed = " or ".join(f"`{value}`" for value in open_to)
            yield f"{whose} whose sub is {'like ' if takes_patterns else ''}{listed}"


def _tells(condition: Condition) -> bool:
    positive = condition.base in OPERATORS and not OPERATORS[condition.base].negated
    return condition.key.lower().endswith(_SUBJECT) and positive and condition.base != "null"


def _rest(statement: Statement) -> str:
    """What a statement says beside the subjects that it lists."""
    left = tuple(c for c in statement.conditions if not _tells(c))
    return content_of(msgspec.structs.replace(statement, conditions=left))


def _subject(decision: Decision) -> str:
    caller = decision.call.caller
    return scalar(caller.claims.get("sub")) or "" if isinstance(caller, WebIdentityCaller) else ""
