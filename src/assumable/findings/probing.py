"""Which real calls tell the remaining hypotheses apart, in which order, and what each answer says.

A refused call may have several causes, so that what a variant lifts is not ruled out when the
variant is refused as well; what would have stopped it too is ruled out when it passes.
"""

import collections
import json
from collections.abc import Collection, Iterator
from typing import Any, Literal

import msgspec

from assumable import arn
from assumable.engine.regions import another_region
from assumable.findings.hypotheses import Hypothesis
from assumable.findings.weighing import Bearing, Odds, bearing_of
from assumable.formats.message import parse_message
from assumable.model.call import DEFAULT_DURATION, SECRET_PARAMETERS, Call, ServiceCaller
from assumable.model.probe import ProbeReply, ProbeRequest, Send

MOST = 5
"""Calls that are made at most."""
SHORTEST = 900
DENY_ALL = json.dumps({
    "Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
}, separators=(",", ":"))  # fmt: skip
"""The session policy of every probe: credentials that AWS issues can do nothing."""
_TAGS = ("Tags", "TransitiveTagKeys")
_REPLACED = ("SerialNumber", "TokenCode", "Policy", "PolicyArns", "DurationSeconds")
_LEAST_SPLIT = 0.01
_CHANCES = ("propagation", "client-config")
# What stops a call whatever its tags, its source identity and its Region are. Conditions, denies
# and the other layers may speak of just these.
_FIRM = frozenset((
    "role-not-found", "trust-principal", "trust-action", "service-principal", "identity-provider",
    "region", "duration", "credentials", "caller-not-found",
))  # fmt: skip


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A call that can be made, as a variant of the one that is asked about."""

    id: str
    what: str
    request: ProbeRequest
    lifts: frozenset[str] = frozenset()
    """The causes that this variant avoids."""
    is_whole: bool = False
    """Whether it is the call itself, its duration and its session policy aside."""
    hides_code: bool = False
    """Whether the call has an MFA code that this variant does not spend."""

    def would_answer(self, cause: str) -> str:
        """The kind of answer that the cause alone would bring; an empty cause is none."""
        if not cause or cause in self.lifts or cause in _CHANCES:
            return "passed"
        own = ("duration", "region", "identity-provider", "session-tags", "source-identity")
        return cause if cause in own else "denied"


class ProbeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A probe that was made or would be made, without anything secret."""

    id: str
    what: str
    api: str
    region: str
    sent: dict[str, Any]
    answer: Literal["planned", "passed", "refused", "failed"]
    """`failed` when AWS did not answer, which says nothing."""
    code: str = ""
    status: int = 0
    message: str = ""
    rules_out: tuple[str, ...] = ()
    less_likely: tuple[str, ...] = ()
    points_to: tuple[str, ...] = ()


class _Variants:
    """Makes the variants of a call."""

    def __init__(self, call: Call) -> None:
        """A code is spent by its own probe alone, and every session policy is ours."""
        self.call, self.hides_code = call, call.presents_mfa
        self.kept = {k: v for k, v in call.parameters.items() if k not in _REPLACED}

    def make(self, name: str, what: str, *lifts: str, seconds: int = 0, region: str = "") -> Probe:
        """The call without what `lifts` name, for 900 s unless said otherwise."""
        dropped = _dropped(lifts)
        kept = {name: value for name, value in self.kept.items() if name not in dropped}
        ours = {"DurationSeconds": seconds or SHORTEST, "Policy": DENY_ALL}
        return Probe(
            id=name,
            what=what,
            request=ProbeRequest(api=self.call.api, parameters={**kept, **ours}, region=region),
            lifts=frozenset(lifts if seconds else (*lifts, "duration")),
            is_whole=not lifts and not self.hides_code,
            hides_code=self.hides_code,
        )

    def with_code(self) -> Probe:
        """The call with its MFA code, which can be used once."""
        whole = self.make("mfa", "with its MFA code")
        device = {"SerialNumber": self.call.parameters["SerialNumber"]}
        parameters = {**whole.request.parameters, **device}
        request = msgspec.structs.replace(
            whole.request, parameters=parameters, with_code=True
        )  # fmt: skip
        return msgspec.structs.replace(whole, request=request, is_whole=True, hides_code=False)


def candidates(call: Call, causes: Collection[str]) -> Iterator[Probe]:
    """The probes that this call has, those nearest to it first; services make theirs themselves."""
    if call.api == "AssumeRoot" or isinstance(call.caller, ServiceCaller):
        return
    of = _Variants(call)
    if of.hides_code and set(causes) == {"mfa"}:
        yield of.with_code()  # it is the only question, and nothing else answers it
        return
    has_tags = call.is_signed and any(of.kept.get(name) for name in _TAGS)
    has_source = call.is_signed and bool(of.kept.get("SourceIdentity"))
    yield of.make("call", f"the call itself, for {SHORTEST} s")
    if "duration" in causes:
        seconds = int(call.parameters.get("DurationSeconds") or DEFAULT_DURATION)
        what = f"the call itself, for the {seconds} s asked"
        yield of.make("duration", what, seconds=seconds)
    if has_tags:
        yield of.make("no-tags", "without its tags", "session-tags")
    if has_source:
        yield of.make("no-source-identity", "without its source identity", "source-identity")
    if has_tags and has_source:
        both = ("session-tags", "source-identity")
        yield of.make("plain", "without tags and source identity", *both)
    role = arn.parse(call.role_arn)
    other = another_region(role.partition if role else "aws", call.network.serving_region)
    if "region" in causes and other is not None:
        yield of.make("region", f"at the endpoint of {other}", "region", region=other)


def _dropped(lifts: Collection[str]) -> tuple[str, ...]:
    tags = _TAGS if "session-tags" in lifts else ()
    return (*tags, "SourceIdentity") if "source-identity" in lifts else tags


def choose(odds: Odds, probes: Collection[Probe]) -> Probe | None:
    """The probe whose answers split what is left best; None when none splits it."""
    best = max(probes, key=lambda probe: round(_split(odds, probe), 6), default=None)
    return best if best is not None and _split(odds, best) > _LEAST_SPLIT else None


def _split(odds: Odds, probe: Probe) -> float:
    """How likely two draws from what is left are to bring different answers (Gini)."""
    by_answer: dict[str, float] = collections.defaultdict(float)
    by_answer[probe.would_answer("")] += odds.passing
    for cause, weight in odds.weights.items():
        by_answer[probe.would_answer(cause)] += weight
    total = sum(by_answer.values())
    return 1 - sum((weight / total) ** 2 for weight in by_answer.values()) if total else 0.0


def telling(call: Call, odds: Odds) -> tuple[Hypothesis, ...]:
    """The hypotheses, each with the probe whose answer differs most from that of the others."""
    probes = [] if odds.is_settled else list(candidates(call, odds.weights))
    return tuple(
        msgspec.structs.replace(each, probe=_teller(probes, each.cause, odds))
        for each in odds.hypotheses
    )


def _teller(probes: Collection[Probe], cause: str, odds: Odds) -> str:
    """The first probe to which no other cause would answer alike; empty where there is none."""
    others = [other for other in odds.weights if other != cause]
    for probe in probes:
        mine = probe.would_answer(cause)
        if all(probe.would_answer(other) != mine for other in others):
            return probe.id
    return ""


def bearing_of_reply(probe: Probe, reply: ProbeReply, causes: Collection[str]) -> Bearing:
    """What the answer to a probe says about the causes."""
    if reply.passed:
        return _passed(probe, causes)
    message = parse_message(f"({reply.code}) {reply.message}") if reply.code else None
    if message is None or not message.code:
        return Bearing()
    said = bearing_of(message, causes)
    lifted = [cause for cause in causes if cause in probe.lifts]
    if probe.hides_code:  # it may be the code that it misses: what a variant lifts is no news
        lifted = []
    return msgspec.structs.replace(
        said,
        rules_out=tuple(cause for cause in said.rules_out if cause not in probe.lifts),
        less_likely=tuple(dict.fromkeys((*said.less_likely, *lifted))),
        refused=True if probe.is_whole and said.refused else None,
    )


def _passed(probe: Probe, causes: Collection[str]) -> Bearing:
    """What would have stopped the variant does not stop the call."""
    stopping = [cause for cause in causes if cause not in probe.lifts]
    if probe.is_whole:
        lifted = any(cause in probe.lifts for cause in causes)
        return Bearing(rules_out=tuple(stopping), refused=None if lifted else False)
    return Bearing(
        rules_out=tuple(cause for cause in stopping if cause in _FIRM),
        less_likely=tuple(cause for cause in stopping if cause not in _FIRM),
        points_to=tuple(c for c in causes if c in probe.lifts and c != "duration"),
    )


def run(call: Call, odds: Odds, send: Send | None) -> tuple[ProbeRecord, ...]:
    """Make the calls that tell most, one after the other, and take each answer into account.

    Without `send` nothing is made: these are the calls that would be, were each refused without
    a reason.
    """
    records: list[ProbeRecord] = []
    done: set[str] = set()
    while len(records) < MOST and not odds.is_settled:
        left = [probe for probe in candidates(call, odds.weights) if probe.id not in done]
        probe = choose(odds, left)
        if probe is None:
            break
        done.add(probe.id)
        reply = _UNEXPLAINED if send is None else send(probe.request)
        bearing = bearing_of_reply(probe, reply, tuple(odds.weights))
        odds.take(bearing)
        records.append(_record(call, probe, None if send is None else reply, bearing))
        if not (reply.passed or reply.code):
            break  # nobody answers: another try is no cheaper than this one
    return tuple(records)


_UNEXPLAINED = ProbeReply(code="AccessDenied", status=403)


def _record(call: Call, probe: Probe, reply: ProbeReply | None, bearing: Bearing) -> ProbeRecord:
    request = probe.request
    shown = {k: v for k, v in request.parameters.items() if k not in SECRET_PARAMETERS}
    record = ProbeRecord(
        id=probe.id, what=probe.what, api=request.api, sent=shown, answer="planned",
        region=request.region or call.network.serving_region or "",
    )  # fmt: skip
    if reply is None:
        return record
    refused: Literal["refused", "failed"] = "refused" if reply.code else "failed"
    return msgspec.structs.replace(
        record,
        answer="passed" if reply.passed else refused,
        code=reply.code,
        status=reply.status,
        message=reply.message,
        rules_out=bearing.rules_out,
        less_likely=bearing.less_likely,
        points_to=(*bearing.confirms, *bearing.points_to),
    )
