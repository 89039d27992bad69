"""Near misses of principals: what makes the one that is named differ from the caller."""

import difflib
import re

import msgspec

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.findings import deleted, identity_center
from assumable.findings.near import digits
from assumable.findings.report import caller_name, exact_principal
from assumable.findings.slips import told
from assumable.globs import matches
from assumable.model.policy import (
    Effect,
    Policy,
    PrincipalEntry,
    Statement,
    principal_complaint,
)

# The nearest principal is the one with the most telling difference: first in this order.
VARIANTS = (
    "wildcard", "case", "partition", "path", "type", "session-name", "identity-center", "account",
    "near-name", "deleted-principal", "other-principal",
)  # fmt: skip
NEVER_MATCH = ("wildcard", "case", "partition", "path", "deleted-principal", "identity-center")
_SIMILAR = 0.8
_GENERATED = re.compile(
    r"botocore-session-\d+|\d{9,}|i-[0-9a-f]{8,}|[0-9a-f]{12,}"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    re.IGNORECASE,
)
"""What tools make up for every session anew: times, ids and random numbers (R7.12)."""
_ACCOUNT = re.compile(r"[0-9][0-9 -]{8,16}[0-9]")
"""What was meant as an account id, well written or not."""


class Nearest(msgspec.Struct, frozen=True):
    """The principal that comes closest to naming the caller."""

    variant: str
    entry: PrincipalEntry
    statement: Statement

    def is_dead(self, decision: Decision) -> bool:
        """Whether replacing the principal takes nothing from anyone."""
        if self.variant in NEVER_MATCH:
            return True
        if self.variant == "other-principal":
            return False
        world, value = decision.facts.world, self.entry.value
        if principal_complaint("AWS", value):
            return True
        known: object = world.user(value) if ":user/" in value else world.role(value)
        return known is None and (":user/" in value or ":role/" in value)


def nearest_principal(decision: Decision, trust: Policy) -> Nearest | None:
    """The principal of an Allow that is most telling; None where it names none of the kind."""
    wanted = exact_principal(decision)
    if wanted is None:
        return None
    found = [
        Nearest(variant_of(entry.value, wanted, decision.call.caller.arn), entry, statement)
        for statement in trust.statements
        if statement.effect is Effect.ALLOW
        for entry in statement.principals or ()
        if entry.kind == "AWS"
    ]

    def rank(nearest: Nearest) -> tuple[bool, int, float]:
        value = nearest.entry.value
        similar = difflib.SequenceMatcher(None, deleted.name_of(decision, value), wanted).ratio()
        is_own = deleted.was_caller(decision, value)
        return not is_own, VARIANTS.index(nearest.variant), -similar

    return min(found, key=rank, default=None)


_EXPLANATIONS = {
    "self": "a role may assume itself only if its own trust policy names it, like any other caller "
    "(since September 2022, save for a few older roles: U-21); the caller already is a session of "
    "this role, whose credentials serve as well",
    "missing": "it names no AWS principal at all",
    "wildcard": "`{got}` has a wildcard inside a principal ARN, which never matches; only a bare "
    "`*` with a condition on aws:PrincipalArn can stand for several principals",
    "case": "it names `{got}`, which differs only in letter case; ARNs are case-sensitive",
    "partition": "it names the same principal in another partition: `{got}`",
    "path": "it names `{got}`, which differs only in the path; a role's ARN has its path, the ARN "
    "of a session has none",
    "type": "it names `{got}`: the same name, but another kind of principal",
    "session-name": "it names one session, `{got}`; this session has another name",
    "generated-name": "it names one session, `{got}`; names like that of this one are made up anew "
    "for every session, so the role has to be named, or the name of the session fixed",
    "identity-center": "it names `{got}`",
    "account": "it names `{got}`, the same principal of another account",
    "near-name": "it names `{got}`, which is close but not the caller",
    "deleted-principal": "`{got}` is the unique id of a principal that was deleted; one that was "
    "created again under the same name gets another id, so the ARN must take the place of the id",
    "other-principal": "the closest principal it names is `{got}`",
}


def explained(decision: Decision, variant: str, nearest: Nearest | None) -> str:
    """What the trust policy names in the caller's place."""
    got = nearest.entry.value if nearest else ""
    differs = what_differs(decision, nearest.variant, got) if nearest else ""
    session = caller_name(decision).rpartition("/")[2]
    generated = variant == "session-name" and is_generated(session)
    said = "generated-name" if generated else variant
    return _EXPLANATIONS[said].format(got=got) + differs


def variant_of(value: str, wanted: str, caller_arn: str) -> str:
    """What makes a named principal differ from the caller."""
    if arn.UNIQUE_ID.fullmatch(value):
        return "deleted-principal"
    if "*" in value or "?" in value:
        hit = matches(value, wanted) or matches(value, caller_arn)
        return "wildcard" if hit else "other-principal"
    if value.lower() in (wanted.lower(), caller_arn.lower()):
        return "case"
    theirs, mine = arn.parse(value), arn.parse(wanted)
    if value.strip() in (wanted, caller_arn):
        return "near-name"
    if theirs is None or mine is None:
        of_account = mine is not None and _ACCOUNT.fullmatch(value)
        near = mine is not None and _similar(value.replace("-", ""), mine.account)
        return "account" if of_account and near else "near-name" if near else "other-principal"
    return _variant_of_parts(theirs, mine)


def is_generated(session_name: str) -> bool:
    """Whether the name of a session looks made up, so that the next one has another."""
    made_up = (piece.end() - piece.start() for piece in _GENERATED.finditer(session_name))
    return any(2 * length >= len(session_name) for length in made_up)


def _variant_of_parts(theirs: arn.Arn, mine: arn.Arn) -> str:
    their_name = identity_center.role_of(str(theirs))
    same_account = theirs.account == mine.account
    same_kind = theirs.kind == mine.kind
    if same_account and same_kind and theirs.resource == mine.resource:
        return "partition" if theirs.partition != mine.partition else "type"  # sts for iam
    of_one_set = identity_center.are_of_one_set(their_name, mine.name)
    is_own_session = theirs.kind == "assumed-role" and their_name == mine.name
    if same_account and of_one_set and not is_own_session:
        return "identity-center"
    if same_account and their_name == mine.name:
        if theirs.kind == "assumed-role" and mine.kind == "role":
            has_path = theirs.resource.count("/") > 2  # noqa: PLR2004  # role and session only
            return "path" if has_path else "session-name"
        return "path" if same_kind else "type"
    if not same_account and same_kind and theirs.resource == mine.resource:
        return "account"
    if theirs.kind == "root" and same_account:
        return "partition" if theirs.partition != mine.partition else "other-principal"
    if theirs.kind == "root":
        return "account" if _similar(theirs.account, mine.account) else "other-principal"
    of_session = theirs.kind == "assumed-role" and mine.kind == "role"
    near = same_account and (same_kind or of_session) and _similar(their_name, mine.name)
    return "near-name" if near else "other-principal"


def _similar(left: str, right: str) -> bool:
    return difflib.SequenceMatcher(None, left, right).ratio() >= _SIMILAR


def what_differs(decision: Decision, variant: str, got: str) -> str:
    """The difference between a principal and the caller in words, to go after the explanation."""
    exact = exact_principal(decision)
    if variant == "deleted-principal":
        return deleted.kind_of(decision, got)
    if exact is None or variant in ("wildcard", "case", "partition", "session-name"):
        return ""
    if variant == "identity-center":
        return f", {identity_center.difference(got, exact)}"
    if variant == "path":
        return f"; the caller is {arn.display_name(exact)}" if ":role/" in got else ""
    if variant == "type":
        theirs = arn.parse(got)
        kind, service = (theirs.kind, theirs.service) if theirs else ("", "")
        if kind in ("group", "instance-profile"):
            return "; a group or an instance profile cannot be a principal"
        wrong = service == "sts" and kind in ("user", "role")
        return "; the ARNs of users and roles are under `iam`, not `sts`" if wrong else ""
    slip = digits(got, exact) if variant == "account" else _slip(got, exact, decision)
    return f": {slip}" if slip else ""


def _slip(got: str, exact: str, decision: Decision) -> str:
    """What is misspelt; of ARNs of one account in the part that names the principal."""
    mine = decision.call.caller.arn if ":assumed-role/" in got else exact
    theirs, own = arn.parse(got), arn.parse(mine)
    if theirs is None or own is None or got.strip() == mine:
        return told(got, mine)
    return told(theirs.resource, own.resource)


def provider_differs(value: str, used: str) -> str:
    """What is misspelt in the ARN of an identity provider."""
    if value.lower() == used.lower():
        return ", which differs only in letter case"
    slip = digits(value, used) or told(value, used)
    return f" ({slip})" if slip else ""
