"""Policies made ready: what they say together of one action, and what is open about them."""

from typing import Any

import msgspec
import pytest

from assumable.engine.context import RequestContext
from assumable.engine.evaluate import decide
from assumable.engine.facts import Facts, Lookups
from assumable.engine.forms import Form
from assumable.engine.layers import Prepared
from assumable.engine.rules import Rule, RuleSet, action_matches, unread_allows, unread_denies
from assumable.engine.truth import Atom, Not, all_of, any_of, describe
from assumable.model.policy import Layer, Policy, PolicyName, parse_policy
from assumable.model.world import Unknown
from assumable.source import Document, Location
from tests.rules.worlds import CI, SESSION, call_by, deny
from tests.worlds import ROLE, A, B, allow, classic, parsed, trust
from tests.worlds import policy as document

UNREAD = Unknown("the policy of CI", "iam:GetRolePolicy")
TEAM = {"StringEquals": {"aws:PrincipalTag/team": "web"}}
USER = {"StringEquals": {"aws:username": "deployer"}}


def policy(*statements: Any, layer: Layer = Layer.IDENTITY) -> Policy:
    """A policy of a layer."""
    name = PolicyName(layer, "p")
    return parse_policy(document(*statements), name, Location(Document("p", "null")))


def context(action: str = "sts:AssumeRole", *, unknown: bool = True) -> RequestContext:
    """What a policy sees of a call by a session of CI; its team is not known unless said."""
    scenario = call_by(SESSION, trust({"AWS": A}))
    if unknown:
        scenario["unknown"] = ["context:aws:PrincipalTag/team"]
    world, call = parsed(scenario)
    return RequestContext(Facts(Lookups(world), call), action, Layer.IDENTITY)


CONTEXT = context()
QUESTION = Rule(policy(), policy(allow(Condition=TEAM)).statements[0]).applies(CONTEXT)


def allowed(*parts: Any) -> Any:
    """Whether these policies together allow."""
    return RuleSet(parts).about("sts:AssumeRole").allow(CONTEXT)


def denied(*parts: Any) -> Any:
    """Whether these policies together deny."""
    return RuleSet(parts).about("sts:AssumeRole").deny(CONTEXT)


@pytest.mark.rule("R6.12")
@pytest.mark.parametrize(
    ("element", "listed", "expected"),
    [
        ("Action", "sts:AssumeRole", True),
        ("Action", "STS:assumerole", True),
        ("Action", "sts:Assume*", True),
        ("Action", "sts:assume????", True),
        ("Action", ["s3:*", "sts:*"], True),
        ("Action", "sts:AssumeRoleWithSAML", False),
        ("NotAction", "sts:AssumeRole", False),
        ("NotAction", ["s3:*", "sts:tag*"], True),
    ],
)
def test_actions(element: str, listed: Any, expected: bool) -> None:
    """R6.12: case does not count, wildcards do."""
    body = {"Effect": "Allow", element: listed, "Resource": "*"}
    assert action_matches(policy(body).statements[0], "sts:AssumeRole") is expected


@pytest.mark.rule("R1.1")
def test_one_allow_is_enough_and_one_deny_as_well() -> None:
    """Whatever else the policies say, and in whatever order."""
    yes, no, maybe = policy(allow()), policy(allow("s3:*")), policy(allow(Condition=TEAM))
    assert isinstance(QUESTION, Atom)
    assert allowed(no, yes) is True
    assert allowed(maybe, yes) is True
    assert allowed(policy(allow(Condition=TEAM), allow(resource=ROLE))) is True
    assert allowed(no, maybe) == QUESTION
    assert allowed(no) is False
    assert allowed() is False
    assert allowed(policy(deny())) is False
    assert allowed(policy(allow(resource="arn:aws:iam::1:role/x"))) is False
    never, perhaps = policy(deny("s3:*")), policy(deny(Condition=TEAM))
    assert denied(never, policy(deny())) is True
    assert denied(perhaps, policy(deny())) is True
    assert denied(never, perhaps) == QUESTION
    assert denied(never, yes) is False
    assert denied(policy(deny(Condition={"StringEquals": {"aws:username": "x"}}))) is False


def test_everything_a_statement_asks_must_hold() -> None:
    """What is open stays open, what fails decides."""
    open_resource = "arn:aws:iam::222222222222:role/${aws:PrincipalTag/team}"
    two = policy(allow(resource=open_resource, Condition=TEAM)).statements[0]
    found = Rule(policy(), two)
    resource = Rule(policy(), policy(allow(resource=open_resource)).statements[0])
    assert found.rest(CONTEXT) == found.applies(CONTEXT)
    assert isinstance(resource.rest(CONTEXT), Atom)
    assert found.rest(CONTEXT) == all_of([resource.rest(CONTEXT), QUESTION])
    failing = policy(allow(resource=open_resource, Condition=USER)).statements[0]
    assert Rule(policy(), failing).rest(CONTEXT) is False
    assert Rule(policy(), failing).applies(CONTEXT) is False
    elsewhere = policy(allow(resource="arn:aws:iam::1:role/x", Condition=TEAM)).statements[0]
    assert Rule(policy(), elsewhere).rest(CONTEXT) is False


@pytest.mark.rule("R6.10")
def test_variables_count_in_the_newer_version_of_policies_alone() -> None:
    """R6.10: in resources as in conditions."""
    body = allow(resource="arn:aws:iam::222222222222:role/${aws:PrincipalTag/team}")
    old = parse_policy(
        {"Version": "2008-10-17", "Statement": [body]},
        PolicyName(Layer.IDENTITY, "p"),
        Location(Document("p", "null")),
    )
    assert Rule(old, old.statements[0]).rest(CONTEXT) is False
    new = policy(body)
    assert isinstance(Rule(new, new.statements[0]).rest(CONTEXT), Atom)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow(), True),
        (allow(resource=ROLE), False),
        (allow(Condition=TEAM), False),
        (trust("*", Resource="*"), False),
        ({"Effect": "Allow", "Action": "sts:*", "NotResource": ROLE}, False),
    ],
)
def test_what_applies_to_every_request_for_its_actions(statement: Any, expected: bool) -> None:
    """The short cut that most SCPs take."""
    found = policy(statement, layer=Layer.VPC_ENDPOINT)
    assert Rule(found, found.statements[0]).is_unconditional is expected
    listed = RuleSet((found,)).about("sts:AssumeRole")
    assert listed.always is expected
    assert not RuleSet((found,)).about("s3:GetObject").always


def test_what_can_deny() -> None:
    """A Deny about the action, or a policy that was not read."""
    denying = RuleSet((policy(deny()),)).about("sts:AssumeRole")
    assert len(denying.denies) == 1
    assert denying.may_deny == []
    unread = RuleSet((UNREAD,)).about("sts:AssumeRole")
    assert unread.denies == ()
    assert len(unread.may_deny) == 1
    for other in (policy(deny("s3:*"), allow()), policy(allow())):
        listed = RuleSet((other,)).about("sts:AssumeRole")
        assert listed.denies == ()
        assert listed.may_deny == []


@pytest.mark.rule("R1.16")
def test_the_forms_in_which_statements_allow() -> None:
    """Each form with the conditions of the statements that name the caller in it."""

    def forms(*statements: Any) -> Any:
        return RuleSet((policy(*statements, layer=Layer.VPC_ENDPOINT),)).by_form(CONTEXT)

    by_role = trust({"AWS": CI}, Resource="*")
    by_account = trust({"AWS": A}, Resource="*")
    maybe = trust({"AWS": CI}, Resource="*", Condition=TEAM)
    nobody = trust({"AWS": "333333333333"}, Resource="*")
    failing = trust({"AWS": CI}, Resource="*", Condition=USER)
    assert forms(by_role, by_account) == {Form.ROLE: True, Form.ACCOUNT: True}
    assert forms(maybe, by_account) == {Form.ROLE: QUESTION, Form.ACCOUNT: True}
    assert forms(maybe, by_role) == {Form.ROLE: True}
    assert forms(by_role, maybe) == {Form.ROLE: True}
    assert forms(maybe, maybe) == {Form.ROLE: QUESTION}
    assert forms(nobody, failing) == {}
    assert forms(trust({"AWS": CI}, "sts:TagSession", Resource="*")) == {}
    assert forms({**by_role, "Effect": "Deny"}) == {}


def test_the_forms_that_name_a_caller_for_whatever_action() -> None:
    """Conditions and actions aside; Deny statements name nobody."""
    tag_only = trust({"AWS": CI}, "sts:TagSession", Resource="*", Condition=TEAM)
    by_account = trust({"AWS": A}, Resource="*")
    everyone = {**trust("*", Resource="*"), "Effect": "Deny"}
    rules = RuleSet((policy(everyone, tag_only, by_account, layer=Layer.VPC_ENDPOINT),))
    assert rules.named(CONTEXT) == {Form.ROLE: True, Form.ACCOUNT: True}
    assert RuleSet((policy(allow()),)).named(CONTEXT) == {Form.STRONG: True}


def test_a_name_that_is_open_keeps_its_conditions() -> None:
    """The role's path is not known: the statement may name the caller."""
    world, call = parsed({**call_by(SESSION), "unknown": [f"account:{A}"]})
    unread = RequestContext(Facts(Lookups(world), call), "sts:AssumeRole", Layer.TRUST)
    named = policy(trust({"AWS": CI}, Resource="*"), layer=Layer.VPC_ENDPOINT)
    both = policy(trust({"AWS": CI}, Resource="*", Condition=TEAM), layer=Layer.VPC_ENDPOINT)
    (path,) = RuleSet((named,)).by_form(unread).values()
    assert isinstance(path, Atom)
    (found,) = RuleSet((both,)).by_form(unread).values()
    team = Rule(both, both.statements[0]).rest(unread)
    assert found == all_of([path, team])
    assert Rule(both, both.statements[0]).applies(unread) == all_of([path, team])
    assert RuleSet((named,)).named(unread) == {Form.ROLE: path}
    denies = policy({**trust({"AWS": CI}, Resource="*"), "Effect": "Deny"}, layer=Layer.RCP)
    assert RuleSet((denies,)).about("sts:AssumeRole").deny(unread) == path


# --- policies that were not read ----------------------------------------------------------------


def test_a_policy_that_was_not_read_may_allow_or_deny() -> None:
    """Two questions about one part, which reading it would settle."""
    allows = unread_allows(UNREAD, "sts:AssumeRole")
    denies = unread_denies(UNREAD, "sts:AssumeRole")
    assert allowed(UNREAD) == allows
    assert denied(UNREAD) == denies
    assert allowed(UNREAD, policy(allow(resource=ROLE))) is True
    assert allowed(UNREAD, policy(allow(Condition=TEAM))) == any_of([allows, QUESTION])
    assert denied(UNREAD, policy(deny())) is True
    assert denied(UNREAD, policy(deny(Condition=TEAM))) == any_of([denies, QUESTION])
    for found in (allows, denies):
        assert (found.part, found.settle, found.kind) == (UNREAD.what, UNREAD.settle, "policy")
    assert allows.subject == "the policy of CI allows sts:AssumeRole"
    assert denies.subject == "the policy of CI denies sts:AssumeRole"
    assert describe(allows) == "sts:AssumeRole is allowed by the policy of CI"
    assert describe(denies) == "sts:AssumeRole is denied by the policy of CI"
    assert describe(Not(denies)) == "sts:AssumeRole is not denied by the policy of CI"
    as_role = unread_allows(UNREAD, "sts:AssumeRole", "as role")
    assert as_role.subject == "the policy of CI allows sts:AssumeRole as role"
    assert as_role.text == allows.text


# --- made ready once ----------------------------------------------------------------------------


def test_nothing_is_made_ready_twice() -> None:
    """A world that serves many calls is compiled once; requests do not share what they bring."""
    world, call = parsed(call_by(SESSION, trust({"AWS": A}), boundary=[allow("s3:*")]))
    prepared = Prepared(world)
    facts, again = (Facts(prepared.lookups, call) for _ in range(2))
    assert prepared.caller_parts(facts) is prepared.caller_parts(again)
    assert prepared.role_parts(facts) is prepared.role_parts(again)
    elsewhere = msgspec.structs.replace(call, parameters={**call.parameters, "RoleArn": CI})
    assert prepared.role_parts(Facts(prepared.lookups, elsewhere)) is not prepared.role_parts(facts)
    parts = prepared.caller_parts(facts)
    assert parts.live("sts:AssumeRole") is parts.live("sts:AssumeRole")
    assert parts.live("sts:AssumeRole") is not parts.live("sts:TagSession")
    trusted = facts.trust
    assert isinstance(trusted, Policy)
    rules = prepared.rules((trusted,))
    assert rules is prepared.rules((trusted,))
    assert rules is not prepared.rules(())
    assert rules.about("sts:AssumeRole") is rules.about("sts:AssumeRole")
    assert rules.about("sts:AssumeRole") is not rules.about("sts:TagSession")
    assumed = msgspec.structs.replace(call, assumptions={"organization": True})
    other = Facts(prepared.lookups, assumed)
    assert prepared.caller_parts(other) is not prepared.caller_parts(other)
    assert prepared.role_parts(other) is not prepared.role_parts(other)
    assert prepared.caller_parts(facts) is parts


def test_only_what_could_refuse_is_asked() -> None:
    """FullAWSAccess is on every level; a policy without statements about the action is not."""
    world, call = parsed(call_by(SESSION, trust({"AWS": A}), boundary=[allow("s3:*")]))
    prepared = Prepared(world)
    facts = Facts(prepared.lookups, call)
    live = prepared.caller_parts(facts).live("sts:AssumeRole")
    assert [gate.value for gate, _ in live.needed] == ["boundary"]
    assert not live.denies
    assert not live.may_deny
    of_role = prepared.role_parts(facts).live("sts:AssumeRole")
    assert not of_role.denies
    assert not of_role.may_deny
    assert not of_role.needed


def test_a_policy_at_several_levels_is_asked_once() -> None:
    """Each level keeps its own copy in the answer; what it denies is the same everywhere."""
    unit = {"Id": "ou-ab12-11111111", "Name": "Work", "ParentId": "r-ab12"}
    strangers = {
        "Id": "p-strangers1",
        "Type": "RESOURCE_CONTROL_POLICY",
        "Targets": ["r-ab12", "ou-ab12-11111111", B],
        "Content": document({**allow("sts:*"), "Effect": "Deny", "Principal": "*"}),
    }
    world, call = parsed(
        {
            **classic(),
            "organization": {
                "Id": "o-abcdefghij",
                "MasterAccountId": "999999999999",
                "Roots": [{"Id": "r-ab12"}],
                "OrganizationalUnits": [unit],
                "Accounts": [{"Id": B, "ParentId": unit["Id"]}],
                "Policies": [strangers],
            },
        }
    )
    prepared = Prepared(world)
    parts = prepared.role_parts(Facts(prepared.lookups, call))
    assert len(parts.live("sts:AssumeRole").denies) == 1
    denied = [gate for gate in decide(prepared, call).gates if gate.blocks]
    assert [gate.level for gate in denied] == ["r-ab12", "ou-ab12-11111111", B]
