"""The ticket for the administrator who can act: one section for each account of the best plan.

Of the sender's side a section shows what its reader needs to decide and to check: who calls, which
action, which role. An external ID appears only where the reader's own policy has it, or the change
itself accepts it. `full` adds everything else.
"""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from assumable import arn
from assumable.diagnose import Diagnosis
from assumable.engine.evaluate import Verdict
from assumable.engine.gates import Outcome
from assumable.findings.blast import BlastRadius
from assumable.findings.finding import CALLER, Evidence, Finding, Fix
from assumable.findings.views import CallView
from assumable.formats.writing import pretty
from assumable.model.policy import Policy
from assumable.model.world import Role, World
from assumable.plan import Plan
from assumable.render import hypotheses, sections
from assumable.render.changes import (
    Change,
    back,
    changes_of,
    diff,
    forward,
    masked,
    policies_of,
    text_of,
)
from assumable.render.markup import cell, code, fenced, prose
from assumable.render.snippets import cloudformation, terraform
from assumable.source import Document

_TELLS_VALUES = ("trust-condition", "saml-attribute", "rcp", "scp", "vpc-endpoint-policy")
"""Causes whose explanation quotes what the call carries: the sender's network, tags and the like.

The evidence says as much of the policy, and the change shows the value where it is needed.
"""
_REFUSES = {Outcome.IMPLICIT_DENY: "nothing in it allows it", Outcome.EXPLICIT_DENY: "denies it"}
_ID = re.compile(r"[0-9]{12}")
_NO_ROLE = "no role that could be found out"
"""Where the client's set-up leads to no request."""


class _Work(NamedTuple):
    """What one administrator has to do, and why."""

    owner: str
    findings: tuple[Finding, ...]
    fixes: tuple[Fix, ...]


def render(diagnosis: Diagnosis, world: World, *, full: bool = False) -> str:
    """The ticket in Markdown; of a call that is not denied a short report."""
    lines = list(_lines(diagnosis, world, full=full))
    return "\n".join(lines).rstrip("\n") + "\n"


def _lines(diagnosis: Diagnosis, world: World, *, full: bool) -> Iterator[str]:
    if diagnosis.verdict is not Verdict.DENIED:
        yield from _report(diagnosis)
    else:
        works = list(_works(diagnosis, full=full))
        for number, work in enumerate(works):
            if number:
                yield from ("", "---", "")
            yield from _Ticket(diagnosis, world, full=full).section(work, len(works))
        if not works:
            yield from _own_matter(diagnosis)
    if full:
        yield from _everything(diagnosis)


def _works(diagnosis: Diagnosis, *, full: bool) -> Iterator[_Work]:
    """The owners of what the best plan edits; without a plan those of the findings."""
    named = diagnosis.plans[0].fixes if diagnosis.plans else ()
    fixes = [fix for fix in diagnosis.fixes if fix.id in named and not fix.is_request_only]
    blocking = [finding for finding in diagnosis.findings if finding.blocking]
    owners = dict.fromkeys(fix.owner for fix in fixes)
    if not diagnosis.plans:
        owners = dict.fromkeys(f.owner for f in blocking if f.owner != CALLER)
    for owner in owners:
        theirs = [fix for fix in fixes if fix.owner == owner]
        ids = {fix.id for fix in theirs}
        findings = [
            f for f in blocking
            if full or f.owner == owner or ids & {fix.id for fix in f.fixes}
        ]  # fmt: skip
        yield _Work(owner, tuple(findings), tuple(theirs))


def _whose(owner: str) -> str:
    return f"account {owner}" if _ID.fullmatch(owner) else owner or "the management account"


def _report(diagnosis: Diagnosis) -> Iterator[str]:
    """A call that passes, or may pass, is no matter for a ticket."""
    call = diagnosis.call
    yield f"# {diagnosis.verdict.upper()}: {code(call.caller)} and {code(call.role_arn)}"
    yield ""
    yield f"{_sentence(call)}: {prose(diagnosis.headline)}."
    told = [f"{each.label}{each.text}".rstrip() for each in sections.expectation(diagnosis)]
    if diagnosis.cuts or diagnosis.grants:
        yield from ("", *fenced("\n".join(told).strip("\n"), "text"))
    elif diagnosis.verdict is Verdict.ALLOWED and diagnosis.error is None:
        yield "Nothing has to be changed."
    elif diagnosis.residual:
        yield ""
        yield f"It is allowed if {prose(diagnosis.residual)}."
    for unknown in diagnosis.unknowns:
        settle = f" ({prose(unknown.settle)} would settle it)" if unknown.settle else ""
        yield f"- not known: {prose(unknown.what)}{settle}"
    yield from _behind_it(diagnosis)
    yield from _best_plan(diagnosis)


def _behind_it(diagnosis: Diagnosis) -> Iterator[str]:
    """What may be behind a refusal, laid out as on a terminal."""
    told = [f"{each.label}{each.text}".rstrip() for each in hypotheses.lines(diagnosis)]
    if told:
        yield from ("", *fenced("\n".join(told).strip("\n"), "text"))


def _own_matter(diagnosis: Diagnosis) -> Iterator[str]:
    """Only the request has to change: there is nobody to ask."""
    yield f"# Nothing to ask of an administrator: {code(diagnosis.call.role_arn or _NO_ROLE)}"
    yield ""
    yield f"{_sentence(diagnosis.call)} is denied, and it is the caller who can mend it."
    for finding in diagnosis.findings:
        if finding.blocking:
            yield f"- **{finding.code} {finding.cause}**: {prose(finding.explanation)}"
    yield from _best_plan(diagnosis)


def _best_plan(diagnosis: Diagnosis) -> Iterator[str]:
    """What to change, and the commands that do it."""
    if diagnosis.plans:
        fixes = {fix.id: fix for fix in diagnosis.fixes}
        yield ""
        for name in diagnosis.plans[0].fixes:
            yield f"- {prose(fixes[name].title)} ({sections.who(fixes[name])})"
        yield from ("", *fenced("\n".join(diagnosis.plans[0].commands), "sh"))


def _sentence(call: CallView) -> str:
    what = ", ".join(code(action) for action in call.actions) or code(f"sts:{call.api}")
    return f"The call {what} by {code(call.caller)} for {code(call.role_arn or _NO_ROLE)}"


class _Ticket:
    """Writes the sections of one diagnosis."""

    def __init__(self, diagnosis: Diagnosis, world: World, *, full: bool) -> None:
        self.diagnosis, self.world, self.full = diagnosis, world, full
        self.plan: Plan | None = diagnosis.plans[0] if diagnosis.plans else None

    def section(self, work: _Work, owners: int) -> Iterator[str]:
        """Everything for one owner, to be sent on its own."""
        caller, role = self._caller(work), self._role(work)
        yield f"# Let {code(arn.display_name(caller))} assume {code(arn.display_name(role))}"
        yield ""
        yield f"For the administrator of {_whose(work.owner)}."
        yield ""
        yield "## What was found"
        yield ""
        yield f"- caller: {code(caller)}"
        yield f"- action: {', '.join(map(code, self._view(work).actions))}"
        yield f"- role: {code(role)}"
        yield f"- verdict: denied{self._refusing(work)}"
        for finding in work.findings:
            yield from self._finding(finding, work)
        yield ""
        changes = list(changes_of(work.fixes, self.world))
        for number, (change, fixes) in enumerate(changes, 1):
            label = f"The change ({number} of {len(changes)})" if len(changes) > 1 else "The change"
            yield from (f"## {label}", "", *self._change(change, fixes))
        if not changes:
            codes = ", ".join(f"`assumable explain {f.code}`" for f in work.findings)
            yield from ("## The change", "", f"None that could be proved; see {codes}.", "")
            return
        yield from self._closing(work, [change for change, _ in changes], owners)

    def _caller(self, work: _Work) -> str:
        """The principal who calls: a role rather than one session of it, unless `full`."""
        shown = self._view(work).caller
        return shown if self.full else self._principal(shown)

    def _principal(self, caller: str) -> str:
        """The role behind a session; any other caller is its own principal."""
        parts = arn.parse(caller)
        if parts is None or parts.kind != "assumed-role":
            return caller
        name = parts.resource.split("/")[1]
        known = self.world.role_named(parts.account, name, parts.partition)
        plain = f"arn:{parts.partition}:iam::{parts.account}:role/{name}"
        return known.arn if isinstance(known, Role) else plain

    def _role(self, work: _Work) -> str:
        return self._view(work).role_arn

    def _view(self, work: _Work) -> CallView:
        """The call that this owner is concerned with: of a chain its one hop, or all of it."""
        hops = {finding.hop for finding in work.findings}
        if len(hops) == 1 and not self.full and self.diagnosis.hops:
            return self.diagnosis.hops[hops.pop() - 1].call
        return self.diagnosis.call

    def _refusing(self, work: _Work) -> str:
        """Which gates of this account refuse, as far as they count."""
        refusing = [
            gate for gate in self.diagnosis.gates
            if gate.counts and gate.outcome in _REFUSES
            and (self.full or gate.account in (work.owner, ""))
        ]  # fmt: skip
        named = dict.fromkeys(f"{gate.gate} ({_REFUSES[gate.outcome]})" for gate in refusing)
        return f", by: {', '.join(named)}" if named else ""

    def _finding(self, finding: Finding, work: _Work) -> Iterator[str]:
        several = len({each.hop for each in work.findings}) > 1
        hop = f"hop {finding.hop}: " if several and not self.full else ""
        yield f"- **{finding.code} {finding.cause}**: {hop}{prose(self._told(finding.title))}"
        if self.full or finding.cause not in _TELLS_VALUES:
            yield f"  {prose(self._told(finding.explanation))}"
        for evidence in finding.evidence:
            yield from self._evidence(evidence, work)

    def _told(self, text: str) -> str:
        """What a finding says, with roles in place of their sessions."""
        if self.full:
            return text
        text = re.sub(r"^hop \d+ of \d+, made as [^:]*: ", "", text)
        for view in (self.diagnosis.call, *(hop.call for hop in self.diagnosis.hops)):
            text = text.replace(
                arn.display_name(view.caller), arn.display_name(self._principal(view.caller))
            )
        return text

    def _evidence(self, evidence: Evidence, work: _Work) -> Iterator[str]:
        """The place in the reader's own policy, laid out as its console shows it."""
        policy = self._policy(evidence.policy, work)
        if policy is None:
            return
        document = Document(evidence.policy, pretty(policy.document))
        span = document.locate(evidence.pointer)
        if span is None:
            return
        line = document.lines[span.line - 1]
        end = span.end_column if span.end_line == span.line else len(line) + 1
        marked = " " * (span.column - 1) + "─" * max(1, end - span.column)
        where = f"{evidence.policy}, {evidence.pointer or 'the whole document'}"
        yield ""
        yield f"  {prose(where)}"
        for text in fenced(f"{line}\n{marked}", "text"):
            yield f"  {text}"

    def _policy(self, name: str, work: _Work) -> Policy | None:
        """The policy of that name, the caller's or the role's before those of others."""
        found = [
            policy for policy in policies_of(self.world)
            if policy.name.name == name and (self.full or policy.name.account == work.owner)
        ]  # fmt: skip
        near = (self._caller(work), self._role(work))
        return min(found, key=lambda policy: policy.name.owner not in near, default=None)

    def _change(self, change: Change, fixes: Sequence[Fix]) -> Iterator[str]:
        for fix in fixes:
            title = fix.title if self.full else re.sub(r"^hop \d+: ", "", fix.title)
            yield f"- {prose(title)} ({sections.safety(fix)})"
        if change.first:
            yield from ("", f"Before that: {prose(change.first)}.")
        yield ""
        edits = diff(change) or "\n".join(fix.diff for fix in fixes if fix.diff)
        if edits:
            yield from (*fenced(edits, "diff"), "")
        command = "\n".join(forward(change) or [text for fix in fixes for text in fix.commands])
        yield from ("With the `aws` command:", "", *fenced(command, "sh"), "")
        if change.after is None:
            return
        for language, syntax, text in (
            ("Terraform", "hcl", terraform(change)),
            ("CloudFormation", "yaml", cloudformation(change)),
        ):
            if text:
                lead = f"In {language} (only what changes; merge it into your resource):"
                yield from (lead, "", *fenced(text, syntax), "")

    def _closing(self, work: _Work, changes: Sequence[Change], owners: int) -> Iterator[str]:
        """Who gains access, how to verify, how to roll back."""
        assert self.plan is not None  # noqa: S101  # there are changes
        yield from ("## Who gains access", "")
        opened = dict.fromkeys(prose(fix.opens) for fix in work.fixes)
        yield from (f"- the change opens it to {text}" for text in opened)
        yield f"- besides the caller: {_gained(self.plan.blast_radius, work.owner, full=self.full)}"
        yield from ("", "## How to verify", "")
        others = owners > 1 or len(work.fixes) < len(self.plan.fixes)
        if others:
            yield "The call passes once the parts of the plan that others make are in as well."
        own = [text_of(change.before) + text_of(change.after) for change in changes]
        calls = self.plan.commands[-self.plan.calls :]
        shown = calls if self.full else [masked(text, own, self.world) for text in calls]
        each = "these calls, each with the credentials of the one before"
        values = sections.own_values(shown)
        own_values = f", with its own {values}" if values else ""
        yield f"The caller makes {each if len(shown) > 1 else 'this call'}{own_values}:"
        yield from ("", *fenced("\n".join(shown), "sh"), "")
        yield "and asks again, with the call's own flags:"
        yield from ("", *fenced(" ".join(self._again(shown[-1])), "sh"), "")
        outcome = self.plan.verdict_after.upper()
        yield f"Decided again with the whole plan applied, the answer is {outcome}."
        if self.plan.residual_after and self.full:
            yield f"It is allowed if {prose(self.plan.residual_after)}."
        yield from ("", "## How to roll back", "")
        for change in changes:
            yield from (*fenced("\n".join(back(change)), "sh"), "")

    def _again(self, shown: str) -> Iterator[str]:
        """The words of the command that asks the whole question about the `shown` call once more.

        The session's name is among them where that call shows it as well.
        """
        yield "assumable why"
        call = self.diagnosis.call
        if self.full:
            yield f"--caller {shlex.quote(call.caller)}"
        yield from (f"--via {shlex.quote(hop.call.role_arn)}" for hop in self.diagnosis.hops[:-1])
        yield f"--role-arn {shlex.quote(call.role_arn)}"
        named = f"--role-session-name {shlex.quote(str(call.parameters.get('RoleSessionName')))}"
        if f" {named} " in f"{shown} ":
            yield named


def _gained(radius: BlastRadius, owner: str, *, full: bool) -> str:
    """Who else a plan lets in; principals of other accounts are counted, not named."""
    return "; ".join(filter(None, (prose(radius.uncounted), _counted(radius, owner, full=full))))


def _counted(radius: BlastRadius, owner: str, *, full: bool) -> str:
    if radius.count:
        shown = [p for p in radius.principals if full or arn.account_of(p) == owner]
        named = f": {', '.join(map(code, shown))}" if shown else ""
        return f"{radius.count} more{named}"
    if radius.complete:
        return "nobody else"
    return f"nobody else among the {radius.known} other principals known"


def _everything(diagnosis: Diagnosis) -> Iterator[str]:
    """The sender's own view, which is not for others to see."""
    yield from (
        "",
        "## Everything that was decided",
        "",
        f"- caller: {code(diagnosis.call.caller)}",
    )
    for name, value in diagnosis.call.parameters.items():
        yield f"- {name}: {code(value if isinstance(value, str) else json.dumps(value))}"
    yield from ("", "| check | status | summary |")
    yield "|---|---|---|"
    for row in diagnosis.checklist:
        yield f"| {row.check} | {row.status} | {cell(row.summary)} |"
    for finding in diagnosis.findings:
        kind = "" if finding.blocking else " (a note)"
        yield ""
        yield f"**{finding.code} {finding.cause}**{kind}: {prose(finding.explanation)}"
    for number, plan in enumerate(diagnosis.plans, 1):
        yield from ("", f"Plan {number}, {plan.verdict_after} once applied:", "")
        yield from fenced("\n".join(plan.commands), "sh")
    for note in diagnosis.notes:
        yield from ("", f"Note: {prose(note)}")
