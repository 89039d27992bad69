"""How a claim misses what a trust policy asks of it, and what the condition would have to say."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from assumable.engine.context import RequestContext
from assumable.engine.evaluate import Decision
from assumable.engine.keys.federation import is_mapped
from assumable.engine.keys.providers import keys_of
from assumable.globs import has_wildcard, matches
from assumable.model.assertion import texts
from assumable.model.call import Call, Present, WebIdentityCaller
from assumable.model.policy import Condition

_GITHUB = "token.actions."
_NOW = datetime.max.replace(tzinfo=UTC)
"""When every rule that is known holds."""
_SUBJECT = re.compile(r"repo:(?P<owner>[^/@:]+)(?P<oid>@\d+)?/(?P<name>[^:@]+)(?P<rid>@\d+)?:.*")
_IDS = re.compile(r"@(?:\d+|\*)(?=[/:])")
_EXPLANATIONS = {
    "other-issuer": "a key of another issuer; those of this token start with `{issuer}:`",
    "not-a-key": "which STS does not take from this provider's tokens, so it is never there",
    "not-yet-a-key": "which STS takes from this provider's tokens only since February 2026 "
    "(R5.14a), so at the time of this call it was not there",
    "azp": "but the token has an authorized party (azp), and STS takes that for aud: `{got}`; the "
    "aud claim itself is the key oaud",
    "aud-sub": "which is what another claim of the token has: this one is `{got}`",
    "wildcard-in-equals": "with a wildcard under an operator that takes it literally: `{got}` "
    "would match under StringLike",
    "case": "which differs from `{got}` only in letter case",
    "immutable-sub": "written without the numeric ids that GitHub puts into the subject of "
    "repositories created, renamed or transferred since 2026-07-15; in this token it is `{got}`",
    "mutable-sub": "written with the numeric ids of owner and repository, which the subject of "
    "this repository does not have, or has others: `{got}`",
    "environment-sub": "but a job that uses an environment has the environment in its subject "
    "instead of the ref: `{got}`",
    "no-environment-sub": "but the job uses no such environment, its subject is `{got}`",
    "pull-request-sub": "but a workflow that a pull request starts has no ref in its subject: "
    "`{got}`",
    "custom-sub": "but the subject of this repository was customized and has another form: `{got}`",
}
_VARIANTS = {
    "not-yet-a-key": "not-a-key",
    "mutable-sub": "immutable-sub",
    "no-environment-sub": "environment-sub",
}


class Miss(msgspec.Struct, frozen=True, kw_only=True):
    """Why a condition on a claim does not hold."""

    variant: str
    explanation: str
    got: str = ""
    accept: str = ""
    """The value that the condition would have to accept as well."""
    rename: str = ""
    """The key that the condition should test instead."""


def miss(decision: Decision, context: RequestContext, condition: Condition) -> Miss:
    """What sets the claim apart from what is asked of it."""
    got = _value(context, condition.key)
    text = got[0] if got else ""
    kind = _kind(decision, condition, text)
    rename = _renamed(decision, condition, kind)
    default = "and the token has `{got}`" if got else "and the token has none"
    explanation = _EXPLANATIONS.get(kind, default)
    if kind == "not-yet-a-key" and decision.call.issuer.startswith(_GITHUB):
        explanation += "; a sub that is customised to carry it guards the role without that key"
    return Miss(
        variant=_VARIANTS.get(kind, kind),
        explanation=explanation.format(got=", ".join(got), issuer=decision.call.issuer),
        got=text,
        accept=_accepted(condition, text) if kind == "immutable-sub" else text,
        rename=rename,
    )


def is_key_today(call: Call, claim: str) -> bool:
    """Whether STS takes a claim from the provider's tokens by now, whenever the call was made."""
    return claim.lower() in keys_of(call.issuer, _NOW)


def _value(context: RequestContext, key: str) -> tuple[str, ...]:
    value = context.get(key)
    return value.values if isinstance(value, Present) else ()


def _kind(decision: Decision, condition: Condition, text: str) -> str:
    prefix, _, claim = condition.key.rpartition(":")
    if prefix.lower() != decision.call.issuer.lower():
        return "other-issuer"
    if not is_mapped(decision.call, condition.key):
        return "not-yet-a-key" if is_key_today(decision.call, claim) else "not-a-key"
    wanted = condition.values
    if claim.lower() in ("aud", "sub"):
        swapped = _swapped(_claims(decision), claim.lower(), wanted)
        if swapped:
            return swapped
    exact = "like" not in condition.base
    if exact and any(has_wildcard(value) and matches(value, text) for value in wanted):
        return "wildcard-in-equals"
    if text and any(matches(value, text, ignore_case=True) for value in wanted):
        return "case"
    return _subject_kind(text, wanted) or claim


def _claims(decision: Decision) -> Mapping[str, Any]:
    caller = decision.call.caller
    return caller.claims if isinstance(caller, WebIdentityCaller) else {}


def _swapped(claims: Mapping[str, Any], claim: str, wanted: tuple[str, ...]) -> str:
    """`aud` where `sub` was meant or the other way round, or an `aud` that `azp` hides (R5.13)."""
    other = {"aud": "sub", "sub": "aud"}[claim]
    if claim == "aud" and "azp" in claims and _any_matches(wanted, texts(claims.get("aud"))):
        return "azp"
    return "aud-sub" if _any_matches(wanted, texts(claims.get(other))) else ""


def _any_matches(wanted: tuple[str, ...], got: tuple[str, ...]) -> bool:
    plain = [value for value in wanted if value.strip("*")]
    return any(matches(value, text) for value in plain for text in got)


def _subject_kind(text: str, wanted: tuple[str, ...]) -> str:
    """The forms of GitHub's subject that are mistaken for each other (R5.14, R5.15)."""
    plain = _IDS.sub("", text)
    if text.startswith("repo:") and any(matches(_IDS.sub("", value), plain) for value in wanted):
        return "mutable-sub" if any(_IDS.search(value) for value in wanted) else "immutable-sub"
    repositories = any(value.startswith("repo:") for value in wanted)
    if not repositories:
        return ""
    if not text.startswith("repo:"):
        return "custom-sub" if text else ""
    if ":environment:" in text:
        return "environment-sub" if any(":environment:" not in value for value in wanted) else ""
    if text.endswith(":pull_request") and any(":ref:" in value for value in wanted):
        return "pull-request-sub"
    return "no-environment-sub" if all(":environment:" in value for value in wanted) else ""


def _accepted(condition: Condition, text: str) -> str:
    """The pattern that was meant with the ids put in, where patterns are taken; else the text."""
    subject = _SUBJECT.fullmatch(text)
    if subject is None or "like" not in condition.base:
        return text
    owner, name = subject["owner"], subject["name"]
    owner_id, name_id = subject["oid"] or "", subject["rid"] or ""
    for value in condition.values:
        by_owner = value.replace(f"repo:{owner}/", f"repo:{owner}{owner_id}/", 1)
        by_both = by_owner.replace(f"/{name}:", f"/{name}{name_id}:", 1)
        for pattern in (by_both, by_owner):
            if matches(pattern, text):
                return pattern
    return text


def _renamed(decision: Decision, condition: Condition, kind: str) -> str:
    """The key that was meant: of the token's own issuer, or the other claim."""
    prefix, _, claim = condition.key.rpartition(":")
    if kind == "other-issuer":
        key = f"{decision.call.issuer}:{claim}"
        return key if is_mapped(decision.call, key) else ""
    if kind == "azp":
        return f"{prefix}:oaud"
    if kind == "aud-sub" and claim.lower() == "aud":  # the other way the subject would go untested
        return f"{prefix}:sub"
    return ""
