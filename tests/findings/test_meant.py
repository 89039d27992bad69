"""What is said where the trust policy visibly expects other credentials than those that called."""

import pytest

from tests.findings.test_plain_words import first
from tests.findings.test_services import by_role
from tests.worlds import B, diagnosed, trust


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("AS101/fires-credentials-of-the-node", "with the credentials of the node"),
        ("AS101/fires-token-of-the-first-role", "it lets role/role-1 in with sts:AssumeRole"),
        ("AS901/fires-default-service-account", "look at its serviceAccountName before"),
        ("AS901/fires-service-account", "the pod may run under the wrong service account"),
        ("AS901/fires-not-yet-a-key", "only since February 2026 (R5.14a)"),
        ("AS901/fires-not-yet-a-key", "a sub that is customised to carry it"),
    ],
)
def test_the_likely_cause_is_named(name: str, words: str) -> None:
    """Beside what would let the call in as it was made."""
    assert words in first(name).explanation


@pytest.mark.parametrize("name", ["AS901/fires-namespace", "AS901/fires-other-branch"])
def test_another_namespace_or_repository_is_not_another_service_account(name: str) -> None:
    """Only the name of the service account says that the pod has none, or the wrong one."""
    assert "serviceAccountName" not in first(name).explanation


def test_what_came_to_be_a_key_is_not_said_never_to_hold() -> None:
    """It could not hold then."""
    assert first("AS901/fires-not-yet-a-key").fixes[0].title.endswith("could not hold then")
    assert first("AS901/fires-not-a-key").fixes[0].title.endswith("can never hold")


def test_tokens_of_other_providers_are_not_those_of_pods() -> None:
    """A role that calls where a workflow is let in."""
    provider = f"arn:aws:iam::{B}:oidc-provider/gitlab.com"
    trusted = trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity")
    diagnosis = diagnosed(by_role(trusted, trust({"Service": "ec2.amazonaws.com"})))
    explanation = diagnosis.findings[0].explanation
    assert "it lets in tokens of oidc-provider/gitlab.com" in explanation
    assert "node" not in explanation
