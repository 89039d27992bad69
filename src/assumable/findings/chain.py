"""Findings of a chain: each says which hop fails, and as whom that hop was made."""

from collections.abc import Iterable

import msgspec

from assumable import arn
from assumable.engine.chain import Chain
from assumable.engine.evaluate import Decision, Verdict
from assumable.engine.truth import describe
from assumable.findings.apart import apart_fixes
from assumable.findings.finding import Finding, Fix
from assumable.findings.headline import headline
from assumable.findings.inherited import fixes_before, named_earlier
from assumable.findings.registry import findings_of
from assumable.model.route import route_of


def number_of(chain: Chain, place: int) -> int:
    """The number by which people call a hop: from 1, or 0 where there is no chain."""
    return 0 if chain.is_plain else place + 1


def findings_of_chain(chain: Chain) -> tuple[Finding, ...]:
    """Every fault of every hop, hop by hop."""
    found: list[Finding] = []
    for place, decision in enumerate(chain.decisions):
        theirs = findings_of(decision)
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
    passed_over = route_of(client, chain.call.time).passed_over
    aside = ", but the client does not ask: keys of the environment come first"
    return _headline(chain) + (aside if passed_over else "")


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
