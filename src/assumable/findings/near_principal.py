"""Near misses of principals: what makes the one that is named differ from the caller."""

import difflib
import re

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.findings import deleted, identity_center
from assumable.findings.near import digits
from assumable.findings.report import exact_principal
from assumable.findings.slips import told
from assumable.globs import matches

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
