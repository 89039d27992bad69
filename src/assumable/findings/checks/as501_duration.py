"""AS501: the session that is asked for is longer than the role or the chain allows."""

from collections.abc import Iterator

from assumable.engine import limits
from assumable.engine.evaluate import Decision
from assumable.findings.blame import Blame
from assumable.findings.finding import Cause, Finding, Fix, Row
from assumable.findings.fix import change_call, raise_max_duration
from assumable.findings.report import finding, role_name
from assumable.model.call import UserCaller
from assumable.model.world import Role, Unknown

CAUSE = Cause("AS501", "duration", Row.DURATION, "the session duration is not allowed")


def check(decision: Decision, blame: Blame) -> Finding:
    """The finding, with the longest duration that would pass."""
    variant = blame.fault.variant if blame.fault else ""
    asked = decision.call.parameters.get("DurationSeconds")
    role = decision.facts.role
    maximum = role.max_session_duration if isinstance(role, Role) else None
    least, most = limits.duration_range(decision.call)
    explanations = {
        "role-maximum": f"{asked} s exceeds the MaxSessionDuration of {role_name(decision)}, "
        "which is "
        f"{maximum} s",
        "chaining": f"{asked} s exceeds 3600 s, the limit for {_chained(decision)}, whatever the "
        "role's own maximum is",
        "range": f"{asked} s is not within {least} to {most} s, the range that AWS accepts",
    }
    return finding(
        CAUSE,
        blame,
        explanations[variant],
        facts=("R4.1", "R9.6"),
        fixes=tuple(_fixes(decision, variant)),
        title=f"a session of {asked} s is not allowed"
        + (", 3600 s is" if variant == "chaining" else ""),
    )


def _chained(decision: Decision) -> str:
    if isinstance(decision.call.caller, UserCaller):
        return "a call with temporary credentials of GetSessionToken"
    return "a call with the credentials of another role's session"


def _fixes(decision: Decision, variant: str) -> Iterator[Fix]:
    limit = limits.duration_limit(decision.facts)
    longest = limits.CHAINING_LIMIT if isinstance(limit, Unknown) else limit
    asked = decision.call.parameters.get("DurationSeconds")
    seconds = limits.MIN_DURATION if _is_short(asked) else longest  # AssumeRoot's most as well
    yield change_call(
        decision.call, "duration/change", f"ask for {seconds} s", {"DurationSeconds": seconds}
    )
    role, wanted = decision.facts.role, limits.duration_of(decision.call)
    can_raise = (
        isinstance(role, Role) and not role.is_identity_center and not role.is_service_linked
    )
    if variant == "role-maximum" and can_raise and not decision.call.is_chained and wanted:
        assert isinstance(role, Role)  # noqa: S101  # `can_raise` has looked
        yield raise_max_duration(
            role,
            wanted,
            "duration/raise-maximum",
            f"raise the MaxSessionDuration of {role.name} to {wanted} s",
        )


def _is_short(asked: object) -> bool:
    seconds = limits.integer(asked)
    return seconds is not None and seconds < limits.MIN_DURATION
