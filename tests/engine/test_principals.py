"""The forms in which a principal element names a caller, and what is open about them."""

from typing import Any

import msgspec
import pytest

from assumable.engine.facts import Facts, Lookups
from assumable.engine.forms import Form, names_of, names_of_bearer
from assumable.engine.principals import match, names
from assumable.engine.truth import Atom, Truth, atoms, describe, negate, settle
from assumable.model.call import RoleCaller, RootCaller, ServiceCaller, UserCaller
from assumable.model.policy import Layer, PolicyName, PrincipalEntry, Statement, parse_policy
from assumable.model.world import Unknown
from assumable.source import Document, Location
from tests.rules.worlds import (
    CI,
    GITHUB,
    SESSION,
    call_by,
    call_by_assertion,
    call_by_service,
    call_by_token,
)
from tests.worlds import DEPLOYER, A, B, parsed, trust

ROOT = f"arn:aws:iam::{A}:root"
ELSE = "333333333333"


def facts_of(scenario: dict[str, Any], **caller: Any) -> Facts:
    """What is known of the call of a scenario, whose caller may be changed."""
    world, call = parsed(scenario)
    if caller:
        changed = msgspec.structs.replace(call.caller, **caller)
        call = msgspec.structs.replace(call, caller=changed)
    return Facts(Lookups(world), call)


def statement(principal: Any, element: str = "Principal", effect: str = "Allow") -> Statement:
    """A statement of an endpoint policy, which may have either element."""
    body = {"Effect": effect, element: principal, "Action": "sts:*", "Resource": "*"}
    policy = parse_policy(
        {"Version": "2012-10-17", "Statement": [body]},
        PolicyName(Layer.VPC_ENDPOINT, "p"),
        Location(Document("p", "null")),
    )
    return policy.statements[0]


def matched(kind: Any, value: str, facts: Facts) -> tuple[Form, Truth]:
    """Whether one entry is the caller, and how."""
    return match(PrincipalEntry(kind=kind, value=value, pointer=""), facts)


USER, ROLE_SESSION = facts_of(call_by(DEPLOYER)), facts_of(call_by(SESSION))
NOBODY = (Form.STRONG, False)


@pytest.mark.rule("R1.16", "R2.1")
@pytest.mark.parametrize(
    ("facts", "principal", "forms"),
    [
        (USER, {"AWS": DEPLOYER}, {Form.STRONG}),
        (USER, {"AWS": A}, {Form.ACCOUNT}),
        (USER, {"AWS": ROOT}, {Form.ACCOUNT}),
        (USER, {"AWS": [ELSE, A, DEPLOYER]}, {Form.ACCOUNT, Form.STRONG}),
        (USER, "*", {Form.STRONG}),
        (USER, {"AWS": "*"}, {Form.STRONG}),
        (USER, {"AWS": ELSE}, set()),
        (USER, {"Service": "ec2.amazonaws.com"}, set()),
        (USER, {"AWS": CI}, set()),
        (ROLE_SESSION, {"AWS": CI}, {Form.ROLE}),
        (ROLE_SESSION, {"AWS": SESSION}, {Form.STRONG}),
        (ROLE_SESSION, {"AWS": [CI, SESSION, A]}, {Form.ROLE, Form.STRONG, Form.ACCOUNT}),
        (ROLE_SESSION, {"AWS": f"arn:aws:iam::{A}:role/CI"}, set()),
    ],
)
def test_the_forms_that_name_a_caller(facts: Facts, principal: Any, forms: set[Form]) -> None:
    """R1.12 to R1.16: user, session and everyone are strong; then the role; then the account."""
    assert names(statement(principal), facts) == dict.fromkeys(forms, True)


def test_a_statement_without_a_principal_names_its_owner() -> None:
    """Identity policies have no Principal element."""
    nobody = msgspec.structs.replace(statement("*"), principals=None)
    assert names(nobody, USER) == {Form.STRONG: True}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("AWS", DEPLOYER, (Form.STRONG, True)),
        ("AWS", A, (Form.ACCOUNT, True)),
        ("*", "*", (Form.STRONG, True)),
        ("AWS", ELSE, NOBODY),
        ("AWS", f"arn:aws:iam::{A}:user/*", NOBODY),
        ("Service", "ec2.amazonaws.com", NOBODY),
        ("Federated", f"arn:aws:iam::{B}:saml-provider/Corp", NOBODY),
    ],
)
def test_one_entry(kind: str, value: str, expected: tuple[Form, Truth]) -> None:
    """As explanations ask for it."""
    assert matched(kind, value, USER) == expected


def test_the_names_of_a_caller() -> None:
    """Root has its account's names alone, a service that of everyone, an unknown path hides one."""
    everyone = ((("*", "*"), Form.STRONG), (("AWS", "*"), Form.STRONG))
    account = (
        *everyone,
        (("AWS", A), Form.ACCOUNT),
        (("AWS", ROOT), Form.ACCOUNT),
    )
    assert names_of(RootCaller(arn=ROOT), A, "aws", ROOT) == account
    user = (*account, (("AWS", DEPLOYER), Form.STRONG))
    assert names_of(UserCaller(arn=DEPLOYER), A, "aws", DEPLOYER) == user
    session = (*account, (("AWS", SESSION), Form.STRONG))
    caller = RoleCaller(arn=SESSION)
    assert names_of(caller, A, "aws", CI) == (*session, (("AWS", CI), Form.ROLE))
    assert names_of(caller, A, "aws", Unknown("the path")) == session
    assert names_of(ServiceCaller(principal="ec2.amazonaws.com"), "", "aws", None) == everyone
    china = f"arn:aws-cn:iam::{A}:root"
    assert (("AWS", china), Form.ACCOUNT) in names_of(UserCaller(arn="x"), A, "aws-cn", "x")


@pytest.mark.rule("U-20", "C-2")
def test_the_names_of_a_bearer() -> None:
    """Each reading of the open items opens one form of everyone."""
    everyone, principals = (("*", "*"), Form.STRONG), (("AWS", "*"), Form.STRONG)
    assert names_of_bearer(everyone=True, every_principal=False) == (everyone,)
    assert names_of_bearer(everyone=False, every_principal=True) == (principals,)
    assert names_of_bearer(everyone=True, every_principal=True) == (everyone, principals)
    assert names_of_bearer(everyone=False, every_principal=False) == ()


# --- services and providers ---------------------------------------------------------------------


@pytest.mark.rule("R2.9")
def test_a_service_is_named_by_its_own_name_only() -> None:
    """One of several is enough; an AWS principal of that name is no service."""
    facts = facts_of(call_by_service("ec2.amazonaws.com"))
    assert matched("Service", "ec2.amazonaws.com", facts) == (Form.STRONG, True)
    assert matched("Service", "lambda.amazonaws.com", facts) == NOBODY
    both = statement({"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]})
    assert names(both, facts) == {Form.STRONG: True}
    mixed = statement({"Service": ["lambda.amazonaws.com"], "AWS": A})
    assert names(mixed, facts) == {Form.STRONG: False}
    either_star = statement({"Service": ["lambda.amazonaws.com"], "AWS": "*"})
    assert names(either_star, facts) == {Form.STRONG: True}  # C-2 is about unsigned callers alone
    # Everyone may also be said beside a service that does not match.
    everyone = msgspec.structs.replace(
        mixed, principals=(*(mixed.principals or ()), *(statement("*").principals or ()))
    )
    assert names(everyone, facts) == {Form.STRONG: True}


def test_a_provider_is_named_by_its_arn_in_the_account_of_the_role() -> None:
    """R2.1 and the table of section 2.1: the provider must be in the role's account."""
    facts = facts_of(call_by_token({}))
    own = f"arn:aws:iam::{B}:oidc-provider/{GITHUB}"
    assert matched("Federated", own, facts) == (Form.STRONG, True)
    for other in (
        f"arn:aws:iam::{A}:oidc-provider/{GITHUB}",
        f"arn:aws-cn:iam::{B}:oidc-provider/{GITHUB}",
        f"arn:aws:iam::{B}:oidc-provider/gitlab.com",
        f"arn:aws:iam::{B}:saml-provider/{GITHUB}",
        "accounts.google.com",
        "cognito-identity.amazonaws.com",
    ):
        assert matched("Federated", other, facts) == NOBODY
        assert names(statement({"Federated": [other, own]}), facts) == {Form.STRONG: True}
    assert matched("Federated", own, USER) == NOBODY
    everyone = statement({"Federated": [f"arn:aws:iam::{B}:oidc-provider/gitlab.com"]})
    both = msgspec.structs.replace(
        everyone, principals=(*(everyone.principals or ()), *(statement("*").principals or ()))
    )
    assert names(both, facts) == {Form.STRONG: True}


def test_a_built_in_provider_is_named_by_its_issuer() -> None:
    """Google has no ARN."""
    facts = facts_of(call_by_token({"iss": "https://accounts.google.com"}))
    assert matched("Federated", "accounts.google.com", facts) == (Form.STRONG, True)
    assert matched("Federated", "graph.facebook.com", facts) == NOBODY


def test_a_saml_provider_is_named_by_its_arn() -> None:
    """The call names the provider itself."""
    facts = facts_of(call_by_assertion({}))
    corp = f"arn:aws:iam::{B}:saml-provider/Corp"
    assert matched("Federated", corp, facts) == (Form.STRONG, True)
    assert matched("Federated", f"{corp}2", facts) == NOBODY


# --- names that are not known -------------------------------------------------------------------


def test_a_session_whose_name_nobody_said_may_be_the_one_that_is_named() -> None:
    """The question names the session that the policy wants."""
    facts = facts_of(call_by(SESSION), is_named=False, arn=f"{SESSION}?")
    form, truth = matched("AWS", SESSION, facts)
    assert form is Form.STRONG
    assert isinstance(truth, Atom)
    assert truth.subject == SESSION
    assert describe(truth) == "the session of CI is named build"
    assert truth.opposite == "the session of CI is not named build"
    assert truth.part == "the name of the session of CI"
    assert truth.settle == "RoleSessionName of the hop that creates it"
    assert truth.kind == "fact"
    other = f"arn:aws:sts::{A}:assumed-role/Other/build"
    assert matched("AWS", other, facts) == NOBODY
    assert matched("AWS", f"arn:aws:sts::{A}:assumed-role/CI/*", facts) == NOBODY
    assert names(statement({"AWS": [other, SESSION]}), facts)[Form.STRONG] == truth
    assert names(statement({"AWS": [SESSION, "*"]}), facts)[Form.STRONG] is True
    assert names(statement({"AWS": CI}), facts) == {Form.ROLE: True, Form.STRONG: False}
    named = facts_of(call_by(SESSION), arn=f"{SESSION}?")
    assert matched("AWS", SESSION, named) == NOBODY


def unread() -> Facts:
    """A session of a role whose account was not read: the role's path is not known."""
    return facts_of({**call_by(SESSION), "unknown": [f"account:{A}"]})


@pytest.mark.rule("R2.3")
def test_a_session_does_not_show_the_path_of_its_role() -> None:
    """A role of that name and account may be the caller's, whatever its path."""
    facts = unread()
    form, truth = matched("AWS", CI, facts)
    assert form is Form.ROLE
    assert isinstance(truth, Atom)
    assert truth.subject == CI
    assert describe(truth) == f"the caller's role is {CI}"
    assert truth.opposite == f"the caller's role is not {CI}"
    assert truth.kind == "fact"
    assert truth.part == "the path of role CI is not known"
    assert truth.settle == "iam:GetRole on role CI"
    for kind, other in (
        ("AWS", f"arn:aws:iam::{B}:role/ops/CI"),
        ("AWS", f"arn:aws-cn:iam::{A}:role/ops/CI"),
        ("AWS", f"arn:aws:iam::{A}:role/ops/CD"),
        ("AWS", f"arn:aws:iam::{A}:user/CI"),
        ("AWS", ELSE),
        ("Service", "ec2.amazonaws.com"),
        ("Federated", CI),
    ):
        assert matched(kind, other, facts) == NOBODY
    two = names(statement({"AWS": [CI, f"arn:aws:iam::{A}:role/CI"]}), facts)
    assert len(atoms(two[Form.ROLE])) == 2
    assert names(statement({"AWS": SESSION}), facts)[Form.STRONG] is True
    assert names(statement({"AWS": A}), facts)[Form.ACCOUNT] is True


# --- NotPrincipal -------------------------------------------------------------------------------

IN_FULL = [CI, SESSION, A]


def exempt(listed: Any, facts: Facts, effect: str = "Deny") -> Truth:
    """Whether a NotPrincipal statement leaves the caller out."""
    found = names(statement(listed, "NotPrincipal", effect), facts)
    assert found.keys() == {Form.STRONG}
    return negate(found[Form.STRONG])


@pytest.mark.rule("R1.29")
@pytest.mark.parametrize(
    ("listed", "facts", "expected"),
    [
        ({"AWS": IN_FULL}, ROLE_SESSION, True),
        ({"AWS": [CI, SESSION]}, ROLE_SESSION, False),
        ({"AWS": [SESSION, A]}, ROLE_SESSION, False),
        ({"AWS": [CI, A]}, ROLE_SESSION, False),
        ({"AWS": [DEPLOYER, A]}, USER, True),
        ({"AWS": [DEPLOYER, ROOT]}, USER, True),
        ({"AWS": [DEPLOYER]}, USER, False),
        ({"AWS": [A]}, USER, False),
        ("*", USER, True),
        ({"AWS": "*"}, ROLE_SESSION, True),
        ({"AWS": ELSE}, USER, False),
    ],
)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_not_principal_leaves_out_who_is_listed_in_full(
    listed: Any, facts: Facts, expected: bool, effect: str
) -> None:
    """R1.29: a session by role, session and account, a user by user and account."""
    assert exempt(listed, facts, effect) is expected


@pytest.mark.rule("R1.29")
def test_not_principal_and_callers_without_an_account_of_their_own() -> None:
    """A service is left out by its name, the bearer of a token by the provider."""
    service = facts_of(call_by_service("ec2.amazonaws.com"))
    assert exempt({"Service": "ec2.amazonaws.com"}, service) is True
    assert exempt({"Service": "lambda.amazonaws.com"}, service) is False
    bearer = facts_of(call_by_token({}))
    assert exempt({"Federated": f"arn:aws:iam::{B}:oidc-provider/{GITHUB}"}, bearer) is True
    assert exempt({"AWS": A}, bearer) is False


@pytest.mark.rule("R1.29")
def test_a_boundary_makes_a_deny_with_not_principal_apply_always() -> None:
    """R1.29, to a Deny alone; where the boundary was not read it depends on that."""
    bounded = facts_of(call_by(DEPLOYER, trust({"AWS": A}), boundary=[]))
    assert exempt({"AWS": [DEPLOYER, A]}, bounded) is False
    assert exempt({"AWS": [DEPLOYER, A]}, bounded, "Allow") is True
    open_facts = facts_of({**call_by(DEPLOYER), "unknown": [f"boundary:{DEPLOYER}"]})
    assert isinstance(open_facts.boundary, Unknown)
    listed = statement({"AWS": [DEPLOYER, A]}, "NotPrincipal", "Deny")
    (applies,) = names(listed, open_facts).values()
    (question,) = atoms(applies)
    assert describe(applies) == "the caller has a permissions boundary"
    assert describe(question) == "the caller has no permissions boundary"
    assert (question.subject, question.kind) == ("boundary", "fact")
    assert question.part == open_facts.boundary.what
    assert question.settle == open_facts.boundary.settle
    assert settle(applies, lambda _: True) is False
    assert exempt({"AWS": DEPLOYER}, open_facts) is False
