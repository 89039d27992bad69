"""Plans: the smallest sets of fixes after which the call passes, each proved by deciding again."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from assumable.engine.chain import Chain, decide_chain
from assumable.engine.context import RequestContext
from assumable.engine.evaluate import Decision, Verdict
from assumable.engine.truth import Atom, Truth, atoms
from assumable.findings import commands
from assumable.findings.apply import apply, edits_by_target, find_policy
from assumable.findings.blast import BlastRadius, who_gains
from assumable.findings.chain import (
    chain_headline,
    chain_residual,
    findings_of_chain,
    open_fixes,
)
from assumable.findings.finding import Finding, Fix, Target
from assumable.findings.fix import diff_of, patched
from assumable.findings.guards import keeps_guards
from assumable.findings.naming import Names
from assumable.findings.quotas import ConflictError, needed_first
from assumable.findings.scenario_patch import scenario_patch
from assumable.model.call import Call
from assumable.model.policy import Layer
from assumable.model.world import Unknown, World

MAX_PLANS = 3
MAX_TRIES = 200
MAX_ROUNDS = 3
MAX_SINGLES = 10
MAX_FIXES = 25
"""Nobody carries out more at once: what has that many faults was never meant to pass."""
_TARGETS = ("/RoleArn", "/TargetPrincipal")
"""The parameters that say what is asked for."""


class _Repair(NamedTuple):
    """Fixes, and the call decided again with all of them applied."""

    fixes: tuple[Fix, ...]
    after: Chain


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A proved set of fixes."""

    fixes: tuple[str, ...]
    """The ids of its fixes, request-only ones first."""
    owners: dict[str, tuple[str, ...]]
    """Whose part each of them is: `you`, or an account, and the ids."""
    proved: bool
    verdict_after: Verdict
    headline_after: str
    """The verdict after it in words."""
    residual_after: str
    blast_radius: BlastRadius
    commands: tuple[str, ...]
    """Everything to run: the policy edits merged per document, then the call, hop by hop."""
    calls: int
    """How many of them, the last ones, are the caller's, each with the credentials that the one
    before gives: one for each hop, and before them that for new credentials where there is one."""
    first: tuple[str, ...] = ()
    """What must be seen to before the commands: quotas that all edits of a document go beyond, and
    versions of a managed policy that have to go."""
    scenario_patch: tuple[dict[str, Any], ...] = ()
    diffs: dict[str, str] = {}  # msgspec copies an empty default
    """Of fixes that edit one document: what each changes once those before it are in, by id."""


def plans_for(
    chain: Chain, findings: Sequence[Finding], names: Names
) -> tuple[tuple[Plan, ...], tuple[Fix, ...]]:
    """The best plans, best first, and every fix they use that no finding carries yet.

    One of them leaves the request as it is, where there is such a one: who passes tags needs them.
    """
    found: dict[frozenset[str], tuple[Plan, tuple[Fix, ...]]] = {}
    for fixes in itertools.islice(_candidates(findings), MAX_TRIES):
        _add(found, chain, fixes, names)
        if len(found) == MAX_PLANS:
            break
    policies_only = _of_policies(findings)
    changed = [any(fix.is_request_only for fix in fixes) for _, fixes in found.values()]
    if found and policies_only and all(changed) and _add(found, chain, policies_only, names):
        surplus = list(found)[MAX_PLANS - 1 : -1]
        for key in surplus:
            del found[key]
    known = {fix.id for finding in findings for fix in finding.fixes}
    used = (fix for _, fixes in found.values() for fix in fixes)
    extra = {fix.id: fix for fix in used if fix.id not in known}
    return tuple(plan for plan, _ in found.values()), tuple(extra.values())


def plans_for_open(chain: Chain, names: Names) -> tuple[tuple[Plan, ...], tuple[Fix, ...]]:
    """The plan for a conditional call after which nothing turns on what AWS leaves open."""
    fixes = tuple(map(names.named, open_fixes(chain)))
    after = _decided_with(chain, fixes) if fixes else None
    if after is None or after.verdict is not Verdict.ALLOWED or not _keeps_guards(chain, after):
        return (), ()
    try:
        return (_plan(chain, _Repair(fixes, after)),), fixes
    except ConflictError:
        return (), ()


def _add(
    found: dict[frozenset[str], tuple[Plan, tuple[Fix, ...]]],
    chain: Chain,
    fixes: tuple[Fix, ...],
    names: Names,
) -> bool:
    """Add the smallest proved part of some fixes, unless a plan that was found is within it."""
    proved = _completed(chain, fixes)
    if proved is None:
        return False
    smallest = _shrunk(chain, proved)
    named = {fix.id: fix for fix in map(names.named, smallest.fixes)}
    smallest = _Repair(tuple(named.values()), smallest.after)
    key = frozenset(fix.id for fix in smallest.fixes)
    if any(key >= other for other in found):
        return False
    try:
        found[key] = _plan(chain, smallest), smallest.fixes
    except ConflictError:
        return False  # a plan that cannot be written down is no plan
    return True


def _of_policies(findings: Sequence[Finding]) -> tuple[Fix, ...]:
    """The preferred edit of a policy for each fault; nothing where one has none."""
    first = [
        next((f for f in finding.fixes if f.safety != "display" and not f.is_request_only), None)
        for finding in findings
        if finding.blocking
    ]
    return (
        ()
        if None in first or len(first) > MAX_FIXES
        else tuple({fix.id: fix for fix in first if fix}.values())
    )


def _candidates(findings: Sequence[Finding]) -> Iterator[tuple[Fix, ...]]:
    """One fix for each fault, cheapest sets first.

    Before them what one edit of the request would do: a slip of it shows as several faults, whose
    own fixes may contradict each other.
    """
    options = [
        [(cost, fix) for cost, fix in enumerate(finding.fixes) if fix.safety != "display"]
        for finding in findings
        if finding.blocking
    ]
    options = [several for several in options if several]  # another fault's fix may mend it too
    if not 0 < len(options) <= MAX_FIXES:
        return
    renamed = [fix for several in options for _, fix in several if _asks_for_another_role(fix)]
    if renamed:
        yield (renamed[0],)  # what else is wrong shows once the right role is asked for
    if len(options) > 1:
        best = (min(several, key=lambda choice: _cost(choice[1], choice[0])) for several in options)
        singles = (fix for _, fix in best if fix.is_request_only and fix not in renamed[:1])
        yield from ((fix,) for fix in itertools.islice(singles, MAX_SINGLES))
    choices = sorted(
        itertools.islice(itertools.product(*options), MAX_TRIES * 10),
        key=lambda chosen: sum(_cost(fix, cost) for cost, fix in chosen),
    )
    for chosen in choices:
        unique = {fix.id: fix for _, fix in chosen}
        yield tuple(unique.values())


def _asks_for_another_role(fix: Fix) -> bool:
    return fix.is_request_only and any(op["path"] in _TARGETS for op in fix.edit)


def _cost(fix: Fix, position: int) -> int:
    """Request-only before policy edits; then the order in which the check prefers them."""
    return position + (0 if fix.is_request_only else 10)


def _completed(chain: Chain, fixes: tuple[Fix, ...]) -> _Repair | None:
    """The fixes, with what the next rounds still ask for, once nothing denies any more."""
    chosen = list(fixes)
    for _ in range(MAX_ROUNDS):
        after = _decided_with(chain, chosen)
        if after is None:
            return None
        if _is_proof(chain, after):
            return _Repair(tuple(chosen), after)
        further = [
            next(
                (f for f in finding.fixes if f.safety != "display" and not _undoes(f, chosen)), None
            )
            for finding in findings_of_chain(after)
            if finding.blocking
        ]
        further = further or list(open_fixes(after))
        if not further or None in further:
            return None
        chosen.extend(fix for fix in further if fix is not None)
    return None


def _undoes(fix: Fix, chosen: Sequence[Fix]) -> bool:
    """Whether a fix leaves out what another one sends."""
    sent = {(each.target, op["path"]) for each in chosen for op in each.edit if op["op"] == "add"}
    return any(op["op"] == "remove" and (fix.target, op["path"]) in sent for op in fix.edit)


def _decided_with(chain: Chain, fixes: Sequence[Fix]) -> Chain | None:
    """Every hop decided again with the fixes applied; None when they conflict."""
    try:
        return decide_chain(*apply(fixes, chain.world, chain.call))
    except ConflictError:
        return None


def _is_proof(before: Chain, after: Chain) -> bool:
    """No gate denies, no guard is lost, and what stays open was open before (DESIGN section 2)."""
    if not _keeps_guards(before, after):
        return False
    if after.verdict is Verdict.ALLOWED:
        return True
    if after.verdict is Verdict.DENIED or any(any(hop.blocking()) for hop in after.decisions):
        return False
    truths: list[Truth] = []
    for hop in before.decisions:
        truths += [*(gate.passes for gate in hop.gates), *hop.facts.required.values()]
    open_before = {atom.subject for truth in truths for atom in atoms(truth)}
    same = before.world is after.world
    return all(
        atom.subject in open_before or _was_open(atom, was, same_world=same)
        for was, hop in itertools.zip_longest(before.decisions, after.decisions)
        for atom in (() if hop is None else atoms(hop.passes))
    )


def _was_open(atom: Atom, before: Decision | None, *, same_world: bool) -> bool:
    """Whether nobody had said something, though no gate came as far as asking for it.

    A hop whose role nobody could tell was not looked at, and what only an edit of the request asks
    of the world was not known there either: another provider may be as little read as the first.
    A statement that was ruled out by another element may turn on a key that nobody said once that
    is mended; a key that only the fix makes unknown, or a policy that only the fix brings in, is
    no proof.
    """
    if same_world and (before is None or not before.is_judged or atom.kind == "fact"):
        return True
    if before is None or atom.kind != "condition":
        return False
    contexts = (
        RequestContext(before.facts, action, layer)
        for action in before.facts.required
        for layer in (Layer.TRUST, Layer.IDENTITY)
    )
    return any(isinstance(context.get(atom.subject), Unknown) for context in contexts)


def _keeps_guards(before: Chain, after: Chain) -> bool:
    """Whether every hop is guarded as before; hops that were not looked at stay as they are."""
    if len(before.decisions) != len(after.decisions) and before.world is not after.world:
        return False
    return all(map(keeps_guards, before.decisions, after.decisions))


def _shrunk(chain: Chain, proved: _Repair) -> _Repair:
    """The set without any fix that the proof does not need."""
    kept = proved
    for fix in sorted(proved.fixes, key=lambda fix: fix.is_request_only):
        without = tuple(other for other in kept.fixes if other is not fix)
        after = _decided_with(chain, without) if without else None
        if after is not None and _is_proof(chain, after):
            kept = _Repair(without, after)
    return kept


def _plan(chain: Chain, proved: _Repair) -> Plan:
    ordered = tuple(sorted(proved.fixes, key=lambda fix: not fix.is_request_only))
    after = proved.after
    calls = _calls(ordered, after)
    edits = edit_commands(ordered, after.world, after.call)
    return Plan(
        fixes=tuple(fix.id for fix in ordered),
        owners=_owners(ordered),
        proved=True,
        verdict_after=after.verdict,
        headline_after=chain_headline(after),
        residual_after=chain_residual(after),
        blast_radius=who_gains(chain, ordered, after),
        commands=(*(edit for edit in edits if edit not in calls), *calls),
        calls=len(calls),
        first=needed_for(ordered, chain.world, after.world),
        scenario_patch=scenario_patch(ordered, chain.world, chain.call),
        diffs=_diffs(ordered, chain),
    )


def _diffs(fixes: Sequence[Fix], chain: Chain) -> dict[str, str]:
    """Each edit of a document that has several, held against what those before it made of it."""
    found: dict[str, str] = {}
    together: dict[Target, list[Fix]] = {}
    for fix in fixes:
        if fix.target.kind == "policy":
            together.setdefault(fix.target, []).append(fix)
    for target, several in together.items():
        policy = find_policy(chain.world, target, chain.call) if len(several) > 1 else None
        if policy is None:
            continue
        before = policy.document
        for number, fix in enumerate(several, 1):
            after = patched(policy.document, edits_by_target(several[:number])[target])
            found[fix.id] = diff_of(before, after, target.name)
            before = after
    return found


def _owners(fixes: Sequence[Fix]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for fix in fixes:
        found[fix.owner] = (*found.get(fix.owner, ()), fix.id)
    return found


def _calls(fixes: Sequence[Fix], after: Chain) -> tuple[str, ...]:
    """What the caller runs, once the edits of others are in."""
    calls = commands.calls([hop.call for hop in after.decisions])
    region = after.call.network.region
    if region and any(fix.target.kind == "network" for fix in fixes):
        calls = [commands.in_region(call, region) for call in calls]
    first = dict.fromkeys(fix.commands[0] for fix in fixes if fix.target.kind == "credentials")
    return (*first, *calls)


def needed_for(fixes: Sequence[Fix], before: World, after: World) -> tuple[str, ...]:
    """What must be done before all edits of each document can be saved."""
    targets = dict.fromkeys(fix.target for fix in fixes if fix.target.kind == "policy")
    pairs = [(find_policy(before, target), find_policy(after, target)) for target in targets]
    found = [needed_first(old, new.document) for old, new in pairs if old and new]
    return tuple(filter(None, found))


def edit_commands(fixes: Sequence[Fix], world: World, call: Call) -> tuple[str, ...]:
    """What administrators run: all edits of one document as one command, as it stands after."""
    found: dict[Target | str, str] = {}
    for fix in fixes:
        if fix.target.kind == "client":
            found.update({command: command for command in fix.commands})
        if fix.target.kind == "policy":
            policy = find_policy(world, fix.target, call)
            if policy is not None:
                found[fix.target] = commands.put_policy(fix.target, policy.document)
        elif not fix.is_request_only:
            found[fix.target] = fix.commands[0]
    return tuple(found.values())


def why_unproved(chain: Chain, findings: Sequence[Finding]) -> str:
    """What is in the way once every fault has its preferred fix, in words; empty without fixes."""
    blocking = [finding for finding in findings if finding.blocking]
    first = [next((f for f in each.fixes if f.safety != "display"), None) for each in blocking]
    chosen = tuple({fix.id: fix for fix in first if fix is not None}.values())
    if not chosen:
        return ""
    after = _decided_with(chain, chosen)
    if after is None:
        return "they cannot be applied together, or AWS would not take what they make"
    if after.verdict is Verdict.CONDITIONAL:
        return f"with all of them the call is allowed if {chain_residual(after)}"
    left = [f"{f.code} {f.cause}" for f in findings_of_chain(after) if f.blocking]
    if left:
        return f"with all of them {' and '.join(dict.fromkeys(left))} would still deny the call"
    return "with all of them it would pass, but around a guard that a policy asks for"
