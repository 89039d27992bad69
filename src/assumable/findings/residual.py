"""What is left to do or to say: `allowed if …`, sorted by who can see to it."""

from collections.abc import Sequence

import msgspec

from assumable import arn
from assumable.engine.chain import Chain, decide_chain
from assumable.engine.evaluate import Verdict
from assumable.engine.truth import And, Atom, Formula, Or, Truth, atoms, describe, implied
from assumable.findings import commands
from assumable.findings.chain import number_of
from assumable.findings.finding import CALLER, Fix
from assumable.model.call import Call, UserCaller

_SUPPLIED = frozenset((
    "sts:externalid", "sts:rolesessionname", "sts:sourceidentity", "sts:transitivetagkeys",
    "sts:taskpolicyarn", "sts:requestcontextproviders", "aws:tagkeys", "aws:sourceip",
    "aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce", "aws:vpcsourceip", "aws:currenttime",
    "aws:epochtime", "aws:requestedregion", "aws:securetransport", "aws:useragent", "aws:referer",
    "aws:multifactorauthpresent", "aws:multifactorauthage", "aws:tokenissuetime",
))  # fmt: skip
"""The keys whose values the caller chooses with the request, its network or its credentials."""
_SUPPLIED_PREFIXES = ("aws:requesttag/", "sts:requestcontext/")
_OF_OTHERS = ("aws:", "sts:", "iam:", "ec2:", "ssm:", "lambda:", "identitystore:")
_MFA = "aws:multifactorauth"


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that has to hold for the call to be allowed."""

    what: str
    settle: tuple[str, ...] = ()
    """What would settle or bring it about: an input, a permission to read, or a command."""
    owner: str = ""
    """Whose it is: `you`, or the account whose administrator acts; empty where it is not known."""
    hop: int = 0
    """The hop of a chain, from 1; 0 without a chain."""


class Residual(msgspec.Struct, frozen=True):
    """All that has to hold, sorted by who can see to it."""

    caller: tuple[Requirement, ...] = ()
    others: tuple[Requirement, ...] = ()
    commands: tuple[str, ...] = ()
    """The calls as they work once all of it holds, hop by hop."""


def residual_of(chain: Chain) -> Residual:
    """For a conditional call: what it depends on; else nothing but the calls themselves."""
    mine: list[Requirement] = []
    others: list[Requirement] = []
    if chain.verdict is Verdict.CONDITIONAL:
        for place, decision in enumerate(chain.decisions):
            found = [
                _requirement(part, number_of(chain, place)) for part in _conjuncts(decision.passes)
            ]
            left_out = implied(each.what for each in found)
            for wanted in (each for each in found if each.what not in left_out):
                (mine if wanted.owner == CALLER else others).append(wanted)
    return Residual(tuple(mine), tuple(others), _commands(chain))


def residual_of_fixes(fixes: Sequence[Fix], after: str, working: tuple[str, ...]) -> Residual:
    """For a denied call: the edits of a plan, whose they are, and what is open after them."""
    found = [
        Requirement(what=fix.title, settle=fix.commands, owner=fix.owner, hop=fix.hop)
        for fix in fixes
    ]
    left = [Requirement(what=after)] if after else []
    return Residual(
        tuple(each for each in found if each.owner == CALLER),
        tuple(each for each in (*found, *left) if each.owner != CALLER),
        working,
    )


def _conjuncts(value: Truth) -> tuple[Formula, ...]:
    if isinstance(value, bool):
        return ()
    return value.parts if isinstance(value, And) else (value,)


def _requirement(part: Formula, hop: int) -> Requirement:
    settle = dict.fromkeys(atom.settle for atom in atoms(part) if atom.settle)
    alternatives = part.parts if isinstance(part, Or) else (part,)
    is_mine = any(all(map(_is_supplied, atoms(each))) for each in alternatives)
    return Requirement(
        what=describe(part), settle=tuple(settle), owner=CALLER if is_mine else "", hop=hop
    )


def _is_supplied(atom: Atom) -> bool:
    """Whether the caller can choose the value: of the request, the network, a token, MFA."""
    key = atom.subject
    if atom.kind != "condition":
        return False
    if key in _SUPPLIED or key.startswith(_SUPPLIED_PREFIXES):
        return True
    return ":" in key and not key.startswith(_OF_OTHERS)  # a claim of a token or assertion


def _commands(chain: Chain) -> tuple[str, ...]:
    """The calls to make, with a proof of MFA where that is what they depend on."""
    proven = _with_proof(chain)
    return tuple(commands.calls([hop.call for hop in (proven or chain).decisions]))


def _with_proof(chain: Chain) -> Chain | None:
    """The first hop sent with an MFA code; None where that settles nothing."""
    call, first = chain.call, chain.decisions[0]
    asked = {atom for atom in atoms(first.passes) if atom.subject.startswith(_MFA)}
    is_users = isinstance(call.caller, UserCaller) and call.api == "AssumeRole"
    if not asked or not is_users or call.presents_mfa:
        return None
    after = decide_chain(chain.world, _sending_proof(call))
    still = set(atoms(after.decisions[0].passes))
    return after if after.verdict is not Verdict.DENIED and not asked & still else None


def _sending_proof(call: Call) -> Call:
    parts = arn.parse(call.caller.arn)
    partition, name = (parts.partition, parts.name) if parts else ("aws", "")
    proof = {
        "SerialNumber": f"arn:{partition}:iam::{call.caller_account}:mfa/{name}",
        "TokenCode": commands.TOKEN_CODE,
    }
    if call.chain:
        first = call.chain[0]
        sent = msgspec.structs.replace(first, parameters={**first.parameters, **proof})
        return msgspec.structs.replace(call, chain=(sent, *call.chain[1:]))
    return msgspec.structs.replace(call, parameters={**call.parameters, **proof})
