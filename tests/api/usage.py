"""The public API as a user's program has it: mypy holds it to what docs/api.md promises."""

from datetime import UTC, datetime
from pathlib import Path
from typing import assert_type

import assumable
import assumable.boto3
from assumable import Diagnosis, InputError, UnreadableError, Verdict, hook


def of_a_scenario(file: Path) -> Diagnosis:
    """A path, a text, or what was parsed."""
    assert_type(assumable.why(scenario=str(file)), Diagnosis)
    assumable.why(scenario={"scenario": 1}, expect="denied", like="arn:aws:iam::1:role/x")
    return assumable.why(scenario=file, assume={"organization": "open"})


def of_files(folder: Path) -> Diagnosis:
    """Dumps of accounts, and loose policies."""
    assumable.why(
        trust_policy=folder / "trust.json",
        caller_policies=["mine.json", {"Version": "2012-10-17", "Statement": []}],
        caller="arn:aws:iam::111111111111:user/deployer",
        role_arn="arn:aws:iam::222222222222:role/Deploy",
    )
    return assumable.why(
        snapshot=folder,
        older_snapshots=[folder],
        caller="arn:aws:iam::111111111111:user/deployer",
        role_arn="arn:aws:iam::222222222222:role/Deploy",
        role_session_name="ci",
        duration_seconds=900,
        tags={"team": "web"},
        transitive_tag_keys=["team"],
        policy={"Version": "2012-10-17", "Statement": []},
        policy_arns=["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        via=["arn:aws:iam::111111111111:role/CI"],
        time=datetime.now(UTC),
    )


def of_aws(token: str) -> Verdict | None:
    """AWS itself."""
    try:
        found = assumable.why(
            role_arn="arn:aws:iam::222222222222:role/Deploy",
            web_identity_token=token,
            role_profile="auditor",
            region="eu-central-1",
        )
    except UnreadableError as error:
        assert_type(error.exit_code, int)
        return None
    except InputError as error:
        assert_type((error.message, error.where, error.help_text), tuple[str, str, str])
        return None
    for finding in found.findings:
        assert_type((finding.code, finding.cause, finding.blocking), tuple[str, str, bool])
    for plan in found.plans:
        assert_type(plan.fixes, tuple[str, ...])
        assert_type(plan.proved, bool)
    return found.verdict


def refused_by_mypy() -> None:
    """What a program shall not get away with; an unused `ignore` is an error."""
    assumable.why(scenario="x.yaml", role_arn="x")  # type: ignore[call-overload]
    assumable.why("x.yaml")  # type: ignore[call-overload]
    assumable.why(role_arn="x", duration_seconds="900")  # type: ignore[call-overload]
    assumable.why(role_arn="x", rolesessionname="x")  # type: ignore[call-overload]
    assumable.why(scenario="x.yaml", expect="maybe")  # type: ignore[call-overload]


def hooked() -> None:
    """On, and off again."""
    hook.install(snapshot="dumps", budget=1.5, role_profile="auditor")
    assert_type(hook.uninstall(), None)
