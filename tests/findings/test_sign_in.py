"""What is said to those who sign in through a provider: who can mend it, and what exactly."""

from assumable.findings.finding import Finding
from tests.findings.test_plain_words import asked


def found_in(name: str) -> dict[str, Finding]:
    """The findings of a scenario file by cause."""
    return {finding.cause: finding for finding in asked(name).findings}


def test_a_provider_that_is_not_there_is_no_provider_to_trust() -> None:
    """The one that is registered and trusted is named instead, for the identity provider."""
    found = found_in("AS902/fires-provider-of-the-assertion")
    assert (
        "the assertion names okta, the account has OktaSSO, which the role trusts: correct the "
        "role value at the identity provider"
    ) in found["identity-provider"].explanation
    assert found["identity-provider"].owner == "111111111111"
    assert not found["trust-principal"].fixes
    [fix] = asked("AS902/fires-provider-of-the-assertion").fixes
    assert fix.safety == "display"
    assert fix.title.endswith(":role/Admin,arn:aws:iam::111111111111:saml-provider/OktaSSO")


def test_nobody_edits_the_trust_policy_of_a_role_of_identity_center() -> None:
    """R2.13: the service manages it."""
    found = found_in("AS902/fires-own-provider-for-a-reserved-role")
    assert not asked("AS902/fires-own-provider-for-a-reserved-role").fixes
    assert "IAM Identity Center alone edits" in found["trust-principal"].explanation
    assert "R2.13" in found["trust-principal"].facts


def test_the_letters_that_sts_does_not_take_are_shown() -> None:
    """With the value; its owner is not the caller, who asserts nothing."""
    finding = found_in("AS903/fires-letters-of-a-session-name")["saml-attribute"]
    assert "`Saugata Ghosh (IT)` has ` `, `(`, `)`" in finding.explanation
    assert finding.owner == "111111111111"


def test_a_key_of_another_issuer_is_not_called_another_value() -> None:
    """The values may well be the same."""
    found = found_in("AS901/fires-key-of-another-cluster")
    assert found["web-identity-claim"].title.endswith("is on a key of another issuer")
