"""What is said to those who sign in through a provider: who can mend it, and what exactly."""

from datetime import UTC, datetime
from pathlib import Path

from assumable.diagnose import Diagnosis, diagnose
from assumable.findings.finding import Finding
from assumable.formats.scenario import read_scenario

SCENARIOS = Path(__file__).parent.parent / "scenarios"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def asked(name: str) -> tuple[Diagnosis, dict[str, Finding]]:
    """The diagnosis of a scenario file, and its findings by cause."""
    diagnosis = diagnose(*read_scenario(SCENARIOS / name, now=NOW))
    return diagnosis, {finding.cause: finding for finding in diagnosis.findings}


def test_a_provider_that_is_not_there_is_no_provider_to_trust() -> None:
    """The one that is registered and trusted is named instead, for the identity provider."""
    diagnosis, found = asked("AS902/fires-provider-of-the-assertion.yaml")
    assert (
        "the assertion names okta, the account has OktaSSO, which the role trusts: correct the "
        "role value at the identity provider"
    ) in found["identity-provider"].explanation
    assert found["identity-provider"].owner == "111111111111"
    assert not found["trust-principal"].fixes
    [fix] = diagnosis.fixes
    assert fix.safety == "display"
    assert fix.title.endswith(":role/Admin,arn:aws:iam::111111111111:saml-provider/OktaSSO")


def test_nobody_edits_the_trust_policy_of_a_role_of_identity_center() -> None:
    """R2.13: the service manages it."""
    diagnosis, found = asked("AS902/fires-own-provider-for-a-reserved-role.yaml")
    assert not diagnosis.fixes
    assert "IAM Identity Center alone edits" in found["trust-principal"].explanation
    assert "R2.13" in found["trust-principal"].facts


def test_the_letters_that_sts_does_not_take_are_shown() -> None:
    """With the value; its owner is not the caller, who asserts nothing."""
    _, found = asked("AS903/fires-letters-of-a-session-name.yaml")
    finding = found["saml-attribute"]
    assert "`Saugata Ghosh (IT)` has ` `, `(`, `)`" in finding.explanation
    assert finding.owner == "111111111111"


def test_a_key_of_another_issuer_is_not_called_another_value() -> None:
    """The values may well be the same."""
    _, found = asked("AS901/fires-key-of-another-cluster.yaml")
    assert found["web-identity-claim"].title.endswith("is on a key of another issuer")
