"""AS001: AWS refuses a parameter of the call."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from assumable import arn
from assumable.engine.assume_root import task_policies
from assumable.engine.evaluate import Decision
from assumable.engine.limits import CHAINING_LIMIT
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_call
from assumable.findings.report import finding
from assumable.model.world import Role

CAUSE = Cause("AS001", "parameter", Row.TRUST, "a parameter of the call is not valid")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_+=,.@-]+")
_LONGEST_NAME = 64
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, in AWS's own words."""
    assert blame.fault is not None  # noqa: S101  # the cause comes from a fault
    name = blame.fault.parameter
    explanation = f"AWS refuses {name} before it looks at any policy: {blame.fault.told}"
    if blame.fault.status is None:
        message = blame.fault.told.replace(":\n", ": ", 1)  # botocore's own has two lines
        explanation = f"the client refuses {name} and sends nothing: {message}"
    title = f"{name} is not valid"
    if blame.variant in _TARGETS:
        title = f"account {decision.call.role_account} {_TARGETS[blame.variant]}"
        explanation = (
            f"{title}; AssumeRoot is for the root users of active member accounts in the "
            "organization of the caller"
        )
    row = Row.DURATION if name == "DurationSeconds" else Row.TRUST
    fixes = tuple(_fixes(decision, name))
    if blame.variant == "swapped":
        explanation = f"PrincipalArn and RoleArn are swapped: AWS answers {blame.fault.told}"
        swap = {"RoleArn": decision.call.identity_provider, name: decision.call.role_arn}
        title = "swap RoleArn and PrincipalArn"
        fixes = (change_call(decision.call, "parameter/swap-arns", title, swap),)
    return finding(CAUSE, blame, explanation, row=row, title=title, fixes=fixes)


_TARGETS = {
    "management-account": "is the management account",
    "account-suspended": "is closed, suspended or not activated",
    "not-a-member": "is no member of the caller's organization",
}
"""Root users that no AssumeRoot can ask for (R1.27)."""


def _fixes(decision: Decision, name: str) -> Iterator[Fix]:
    """What can be sent in its place; nothing where that would give the session other rights."""
    mend = _MENDS.get(name)
    given = decision.call.parameters.get(name)
    value = mend(decision, given) if mend is not None else given
    if value == given:
        return
    shown = value["arn"] if isinstance(value, dict) else value
    title = f"send no {name}" if value is None else f"send {name} as {shown}"
    yield change_call(decision.call, f"parameter/{name}", title, {name: value})


def _role_arn(decision: Decision, given: Any) -> Any:
    """The text without the space around it, or the ARN of the one role that has this name."""
    text = str(given).strip() if given is not None else ""
    if arn.parse_role(text) is not None:
        return text
    name = text.rpartition("/")[2]
    known = decision.facts.world.principals()
    named = [role.arn for role in known if isinstance(role, Role) and role.name == name]
    return named[0] if len(named) == 1 else given


def _name(_decision: Decision, given: Any) -> str:
    """The nearest name with the characters and the length that AWS takes."""
    cleaned = _NOT_IN_NAMES.sub("-", str(given)).strip("-")
    return (cleaned if len(cleaned) > 1 else f"session-{cleaned}".rstrip("-"))[:_LONGEST_NAME]


def _source_identity(decision: Decision, given: Any) -> str | None:
    """The one of the caller's session stays anyway (R9.4): passing none hands it on."""
    inherited = decision.call.session.source_identity
    return None if inherited is not None else _name(decision, given)


def _transitive(decision: Decision, given: Any) -> Any:
    """The keys that are tags of the request."""
    if not isinstance(given, list):
        return given
    sent = {key.lower() for key in decision.call.tags}
    return [key for key in given if str(key).lower() in sent]


def _tags(decision: Decision, given: Any) -> Any:
    """The tags without those that the session hands on already (R9.1)."""
    if not isinstance(given, list):
        return given
    inherited = {key.lower() for key in decision.call.session.transitive_tag_keys}
    keys = (str(tag.get("Key")).lower() if isinstance(tag, dict) else "" for tag in given)
    return [tag for tag, key in zip(given, keys, strict=True) if key not in inherited]


def _number(_decision: Decision, _given: Any) -> int:
    return CHAINING_LIMIT  # an hour, which every role and every chain allows


def _external_id(_decision: Decision, given: Any) -> str | None:
    """The ID without the space around it; none where it cannot be one, so that none is required."""
    text = str(given).strip()
    return text if _EXTERNAL_ID.fullmatch(text) else None


def _account_id(_decision: Decision, given: Any) -> Any:
    """The account ID without the dashes or the space that people write into it."""
    digits = re.sub(r"[\s-]", "", str(given))
    return digits if arn.ACCOUNT_ID.fullmatch(digits) else given


def _task_policy(decision: Decision, given: Any) -> Any:
    """The task policy of the same name; another one would be for another task."""
    name = decision.call.task_policy_arn.rpartition("/")[2].strip().lower()
    known = task_policies(decision.call)
    meant = [text for task, text in known.items() if task.lower() == name]
    return {"arn": meant[0]} if meant else given


_MENDS: dict[str, Callable[[Decision, Any], Any]] = {
    "RoleArn": _role_arn,
    "TargetPrincipal": _account_id,
    "TaskPolicyArn": _task_policy,
    "RoleSessionName": _name,
    "ExternalId": _external_id,
    "SourceIdentity": _source_identity,
    "TransitiveTagKeys": _transitive,
    "Tags": _tags,
    "DurationSeconds": _number,
    "MinimumSessionTokenSize": lambda _decision, _given: None,
}
