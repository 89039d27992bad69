"""Findings of a chain: each says which hop fails, and as whom that hop was made."""

from collections.abc import Iterable

import msgspec

from assumable import arn
from assumable.engine.chain import Chain
from assumable.engine.evaluate import Decision, Verdict
from assumable.engine.truth import describe
from assumable.findings.apart import apart_fixes
from assumable.findings.checks import as009_propagation
from assumable.findings.finding import Finding, Fix
from assumable.findings.headline import headline
from assumable.findings.inherited import fixes_before, named_earlier
from assumable.findings.registry import findings_of
from assumable.model.route import route_of
from assumable.model.routed import keys_win


def number_of(chain: Chain, place: int) -> int:
    """The number by which people call a hop: from 1, or 0 where there is no chain."""
    return 0 if chain.is_plain else place + 1


def findings_of_chain(chain: Chain) -> tuple[Finding, ...]:
    """Every fault of every hop, hop by hop.

    What was changed a moment ago explains nothing where a hop is denied in any case.
    """
    found: list[Finding] = []
    is_denied = chain.verdict is Verdict.DENIED
    for place, decision in enumerate(chain.decisions):
        late = as009_propagation.CAUSE.slug if is_denied else ""
        theirs = tuple(each for each in findings_of(decision) if each.cause != late)
        if not chain.is_plain:
            number = number_of(chain, place)
            as_whom = f"hop {number} of {chain.length}, {made_as(decision)}"
            earlier = [hop.call for hop in chain.decisions[:place]]
            theirs = tuple(
                _of_hop(
                    finding,
                    number,
                    f"{as_whom}: {finding.explanation}{named_earlier(finding, decision, earlier)}",
                    fixes_before(finding, decision, earlier),
                )
                for finding in theirs
            )
        found.extend(theirs)
    return tuple(found)


def joined(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings for people: what reads the same and one fix mends is told once.

    Plans are made before, since they take a fix for each place.
    """
    found: list[Finding] = []
    for each in findings:
        alike = (place for place, other in enumerate(found) if _is_alike(other, each))
        place = next(alike, None)
        if place is None:
            found.append(each)
        else:
            found[place] = _one_of(found[place], each)
    return tuple(found)


def _is_alike(first: Finding, second: Finding) -> bool:
    left, right = (
        (f.code, f.variant, f.title, f.owner, f.hop, f.row, f.blocking, f.certainty)
        for f in (first, second)
    )
    shares = any(fix in second.fixes for fix in first.fixes)
    return left == right and (shares or not (first.fixes or second.fixes))


def _one_of(first: Finding, second: Finding) -> Finding:
    """Both as one: every place, both explanations, and the fixes that mend both before others."""
    more = second.explanation
    if second.hop:
        more = more.partition(": ")[2]  # which hop it is about was said
    both = [fix for fix in first.fixes if fix in second.fixes]
    fixes = {fix.id: fix for fix in (*both, *first.fixes, *second.fixes)}
    return msgspec.structs.replace(
        first,
        explanation=f"{first.explanation}; and {more}",
        also_fails=tuple(dict.fromkeys((*first.also_fails, *second.also_fails))),
        evidence=(
            *first.evidence,
            *(each for each in second.evidence if each not in first.evidence),
        ),
        fixes=tuple(fixes.values()),
        facts=tuple(dict.fromkeys((*first.facts, *second.facts))),
    )


def open_fixes(chain: Chain) -> tuple[Fix, ...]:
    """What makes a call pass that AWS's documentation leaves open, hop by hop."""
    return tuple(
        fix if chain.is_plain else _fix_of_hop(fix, number_of(chain, place))
        for place, decision in enumerate(chain.decisions)
        for fix in apart_fixes(decision)
    )


def made_as(decision: Decision) -> str:
    """Who makes a hop, in words."""
    caller = decision.call.caller.arn
    return f"made as {'nobody' if caller == arn.NOBODY else arn.display_name(caller)}"


def _of_hop(
    finding: Finding, number: int, explanation: str, before: Iterable[tuple[int, Fix]]
) -> Finding:
    return msgspec.structs.replace(
        finding,
        hop=number,
        explanation=explanation,
        fixes=(
            *(_fix_of_hop(fix, number) for fix in finding.fixes),
            *(_fix_of_hop(fix, earlier) for earlier, fix in before),
        ),
    )


def _fix_of_hop(fix: Fix, number: int) -> Fix:
    """The same fix under an id of its own: another hop may need one like it."""
    target = fix.target
    if target.kind in ("call", "network"):
        target = msgspec.structs.replace(target, hop=number)
    return msgspec.structs.replace(
        fix, id=f"{fix.id}/hop-{number}", title=f"hop {number}: {fix.title}", hop=number,
        target=target,
    )  # fmt: skip


def chain_headline(chain: Chain) -> str:
    """The verdict in words, with the hops that it depends on, and whether they are made at all."""
    client = chain.call.client
    if client is None or client.asked is not None:
        return _headline(chain)
    route = route_of(client, chain.call.time)
    aside = ", but the client does not ask: keys of the environment come first"
    is_aside = bool(route.passed_over) and not keys_win(client, route)  # which is a finding
    return _headline(chain) + (aside if is_aside else "")


def _headline(chain: Chain) -> str:
    if chain.is_plain:
        return headline(chain.decisions[0])
    if chain.verdict is not Verdict.CONDITIONAL:
        return chain.verdict
    return "; ".join(
        f"hop {number_of(chain, place)}: {headline(decision)}"
        for place, decision in enumerate(chain.decisions)
        if decision.verdict is Verdict.CONDITIONAL
    )


def chain_residual(chain: Chain) -> str:
    """Under which conditions a conditional call is allowed, in words; else empty.

    The hops are told apart: the same key may have another value in each request.
    """
    found = [
        (number_of(chain, place), describe(decision.passes))
        for place, decision in enumerate(chain.decisions)
        if chain.verdict is Verdict.CONDITIONAL and decision.verdict is Verdict.CONDITIONAL
    ]
    if chain.is_plain:
        return "".join(text for _, text in found)
    return "; ".join(f"hop {number}: {text}" for number, text in found)
