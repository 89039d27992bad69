"""Whom a text means: one principal, or a line that says why none or which."""

import pytest

from assumable.errors import InputError
from assumable.org.naming import principal_named, role_named
from tests.worlds import A, B

DEPLOYER = f"arn:aws:iam::{A}:user/ops/deploy"
ROLES = (
    f"arn:aws:iam::{A}:role/deploy",
    f"arn:aws:iam::{A}:role/pre-deploy",
    f"arn:aws:iam::{A}:role/service/Audit",
    f"arn:aws:iam::{B}:role/service/Audit",
)
NAMES = (
    f"arn:aws:iam::{A}:role/only-in-a",
    *ROLES,
    DEPLOYER,
    f"arn:aws:iam::{B}:role/only-in-b",
    f"arn:aws:iam::{B}:user/rosa",
)


def meant(text: str) -> str:
    return NAMES[principal_named(text, NAMES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DEPLOYER, DEPLOYER),
        ("rosa", f"arn:aws:iam::{B}:user/rosa"),
        ("user/rosa", f"arn:aws:iam::{B}:user/rosa"),
        ("ops/deploy", DEPLOYER),
        ("user/ops/deploy", DEPLOYER),
        ("role/deploy", f"arn:aws:iam::{A}:role/deploy"),
        (f"{A}:role/deploy", f"arn:aws:iam::{A}:role/deploy"),
        ("pre-deploy", f"arn:aws:iam::{A}:role/pre-deploy"),
        # A session shows no path, and its account counts.
        (f"arn:aws:sts::{A}:assumed-role/deploy/s", f"arn:aws:iam::{A}:role/deploy"),
        (f"arn:aws:sts::{B}:assumed-role/Audit/s", f"arn:aws:iam::{B}:role/service/Audit"),
    ],
)
def test_a_text_means_one_principal(text: str, expected: str) -> None:
    assert meant(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Audit", "2 users and roles are called `Audit`"),
        ("service/Audit", "2 users and roles are called `service/Audit`"),
        ("", "there is no user or role ``"),
        ("role/rosa", "there is no user or role `role/rosa`"),
        (f"arn:aws:sts::{B}:assumed-role/deploy/s", "there is no user or role `arn:aws:sts"),
        (f"arn:aws:sts::{A}:assumed-role/loy/s", "there is no user or role `arn:aws:sts"),
        (f"arn:aws:iam::{B}:role/deploy", "there is no user or role `arn:aws:iam"),
    ],
)
def test_a_text_that_means_nobody_or_several(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        meant(text)
    assert str(caught.value).startswith(said)


def test_a_role_is_named_where_a_user_has_the_same_name() -> None:
    names = (f"arn:aws:iam::{A}:user/CI", f"arn:aws:iam::{B}:role/CI")
    assert role_named("CI", names) == 1
    with pytest.raises(InputError, match="2 users and roles are called `CI`"):
        principal_named("CI", names)


def test_a_user_is_no_role() -> None:
    with pytest.raises(InputError, match="is a user, and only roles are assumed"):
        role_named(DEPLOYER, NAMES)
    with pytest.raises(InputError, match="there is no role `user/deploy`"):
        role_named("user/deploy", NAMES)


def test_who_is_meant_perhaps_is_told() -> None:
    with pytest.raises(InputError, match=f"known: arn:aws:iam::{A}:role/pre-deploy"):
        role_named("predeploy", NAMES)
    with pytest.raises(InputError, match="its ARN"):
        role_named("rosas", NAMES)  # a user is no answer to that


def test_of_many_with_one_name_three_are_told() -> None:
    names = [f"arn:aws:iam::{n:012}:role/Audit" for n in range(5)]
    with pytest.raises(InputError) as caught:
        role_named("Audit", names)
    assert str(caught.value).count("arn:aws:iam::") == 3
    assert str(caught.value).startswith("5 roles are called `Audit`")
