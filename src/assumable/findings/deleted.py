"""Principals that a trust policy shows by an id: whose it is, or was (R2.4, R2.5)."""

from assumable import arn
from assumable.engine.evaluate import Decision
from assumable.findings import identity_center
from assumable.findings.finding import Edit
from assumable.findings.report import exact_principal
from assumable.model.policy import Policy
from assumable.model.world import Former, Principal
from assumable.source import value_at

_KINDS = {"AIDA": "user", "AROA": "role"}


def owner_of(decision: Decision, unique_id: str) -> str:
    """The living principal that has an id, as people call it; empty when nobody known has it."""
    if not arn.UNIQUE_ID.fullmatch(unique_id):
        return ""
    for principal in decision.facts.world.principals():
        if principal.unique_id == unique_id:
            return _shown(principal.arn)
    return ""


def name_of(decision: Decision, value: str) -> str:
    """The ARN that a principal had where only its id is left; any other principal as it is."""
    former = decision.facts.world.former.get(value)
    return former.arn if former else value


def was_caller(decision: Decision, unique_id: str) -> bool:
    """Whether the id is that of a principal which had the caller's name."""
    former = decision.facts.world.former.get(unique_id)
    return former is not None and _is_caller(decision, former)


def explained(decision: Decision, unique_id: str) -> str:
    """Whose an id was that stands where an ARN was, and what became of that; empty if unknown."""
    former = decision.facts.world.former.get(unique_id)
    if former is None:
        return ""
    told = f", as the snapshot {former.told_by} shows" if former.told_by else ""
    return f"`{unique_id}` was {_shown(former.arn)}{told}; {_became(decision, former)}"


def _became(decision: Decision, former: Former) -> str:
    """What there is today under the name, and whether that is the caller."""
    again = "it was deleted and created again"
    if _is_caller(decision, former):
        new = _new_id(decision.facts.principal)
        of_caller = f"the new one, the caller, has the id {new}" if new else "that is the caller"
        return f"{again}: {of_caller}, and the ARN must take the place of the id"
    world, mine = decision.facts.world, exact_principal(decision) or ""
    if identity_center.are_of_one_set(_name(former.arn), _name(mine)):
        return f"it was deleted, and the caller is {identity_center.difference(former.arn, mine)}"
    known = (world.user if ":user/" in former.arn else world.role)(former.arn)
    if not isinstance(known, Principal):
        return "it was deleted, and it was not the caller"
    new = _new_id(known)
    return f"{again}{f': the new one has the id {new}' if new else ''}; it is not the caller"


def kind_of(decision: Decision, unique_id: str) -> str:
    """What an id alone says, to go after an explanation."""
    caller, kind = decision.facts.principal, _KINDS.get(unique_id[:4], "")
    own = _new_id(caller)
    if not own:
        return f"; it was a {kind}" if kind else ""
    return f"; it was a {kind}, and the caller has {own}" if kind else f"; the caller has {own}"


def without_ids(policy: Policy, pointer: str, principal: str, *, instead_of: str = "") -> Edit:
    """The edit that names a principal in a list and takes the ids that are left out of it.

    IAM saves no policy that names a deleted principal (R2.8). Empty where nothing is left over.
    """
    present = value_at(policy.document, pointer)
    values = present if isinstance(present, list) else [present]
    kept = [v for v in values if v == instead_of or not arn.UNIQUE_ID.fullmatch(str(v))]
    if len(kept) == len(values):
        return ()
    named = [principal if value == instead_of else value for value in kept]
    return ({"op": "replace", "path": pointer, "value": list(dict.fromkeys([*named, principal]))},)


def _is_caller(decision: Decision, former: Former) -> bool:
    """By account, kind and name: names are unique whatever the path."""
    theirs, mine = arn.parse(former.arn), arn.parse(exact_principal(decision) or "")
    if theirs is None or mine is None:
        return False
    return (theirs.account, theirs.kind, theirs.name) == (mine.account, mine.kind, mine.name)


def _new_id(principal: object) -> str:
    known = principal.unique_id if isinstance(principal, Principal) else None
    return known or ""


def _name(principal: str) -> str:
    return principal.rpartition("/")[2]


def _shown(principal: str) -> str:
    return f"{arn.display_name(principal)} of account {arn.account_of(principal)}"
