"""Chains: what each hop hands on to the next one (FACTS section 9)."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from assumable.diagnose import Diagnosis
from assumable.engine.chain import Chain, decide_chain, hops
from assumable.engine.evaluate import Decision, Verdict, decide
from assumable.model.call import Absent, Call, Present, RoleCaller
from assumable.model.policy import Policy
from assumable.model.world import Unknown
from tests.chains import CI, EVERYTHING, chained
from tests.reference.generator import scenario as generated
from tests.worlds import DEPLOYER, NOW, ROLE, A, allow, diagnosed, parsed, policy, trust

SESSION = f"arn:aws:sts::{A}:assumed-role/CI/assumable"


def decided(scenario: dict[str, Any]) -> Chain:
    """Every hop of a scenario."""
    return decide_chain(*parsed(scenario))


def verdicts(scenario: dict[str, Any]) -> list[str]:
    """The verdict of each hop."""
    return [decision.verdict for decision in decided(scenario).decisions]


def second(scenario: dict[str, Any]) -> tuple[Call, RoleCaller]:
    """The second hop and the session that makes it."""
    call = hops(parsed(scenario).call)[1]
    assert isinstance(call.caller, RoleCaller)
    return call, call.caller


def test_a_hop_is_made_by_the_session_of_the_hop_before() -> None:
    """Its ARN has no path (FACTS 2.1), whatever the role's ARN has."""
    scenario = chained(hop={"RoleArn": f"arn:aws:iam::{A}:role/team/CI", "RoleSessionName": "x-1"})
    call, caller = second(scenario)
    assert (call.api, call.role_arn, call.chain) == ("AssumeRole", ROLE, ())
    assert caller.arn == f"arn:aws:sts::{A}:assumed-role/CI/x-1"
    assert second(chained())[1].arn == SESSION


def test_a_plain_call_is_its_only_hop() -> None:
    """Nothing about it changes."""
    scenario = chained()
    del scenario["call"]["chain"]
    call = parsed(scenario).call
    assert hops(call) == (call,)


def test_r9_1_transitive_tags_are_inherited_and_stay_transitive() -> None:
    """R9.1, R9.5: the others end with the session that they were passed for."""
    hop = {
        "RoleArn": CI,
        "Tags": [{"Key": "Team", "Value": "web"}, {"Key": "cost", "Value": "1"}],
        "TransitiveTagKeys": ["team"],
    }
    scenario = chained(hop=hop)
    scenario["call"]["chain"].append(ROLE)
    calls = hops(parsed(scenario).call)
    assert calls[1].session.tags == {"Team": "web", "cost": "1"}
    assert calls[2].session.tags == {"Team": "web"}
    assert calls[2].session.transitive_tag_keys == ("team",)


def test_r9_2_inherited_tags_need_tag_session() -> None:
    """R9.2: in the next role's trust policy and in the policies of the role in between."""
    hop = {
        "RoleArn": CI,
        "Tags": [{"Key": "team", "Value": "web"}],
        "TransitiveTagKeys": ["team"],
    }
    assert verdicts(chained(hop=hop)) == ["allowed", "allowed"]
    assert verdicts(chained(hop=hop, trusts=[trust({"AWS": CI})])) == ["allowed", "denied"]
    assert verdicts(chained(hop=hop, ci_may=[allow(resource=ROLE)])) == ["allowed", "denied"]


def test_r9_1_an_inherited_tag_cannot_be_set_again() -> None:
    """R9.1: AWS refuses the parameter."""
    tag = {"Key": "team", "Value": "web"}
    hop = {"RoleArn": CI, "Tags": [tag], "TransitiveTagKeys": ["team"]}
    diagnosis = diagnosed(chained(hop=hop, Tags=[{"Key": "TEAM", "Value": "x"}]))
    assert [(f.cause, f.hop) for f in diagnosis.findings] == [("parameter", 2)]


def test_r9_4_the_source_identity_is_handed_on() -> None:
    """R9.4: it stays the same, and each hop needs sts:SetSourceIdentity."""
    hop = {"RoleArn": CI, "SourceIdentity": "alice"}
    scenario = chained(hop=hop)
    scenario["call"]["chain"].append(ROLE)
    calls = hops(parsed(scenario).call)
    assert [call.source_identity for call in calls] == ["alice"] * 3
    assert verdicts(chained(hop=hop, trusts=[trust({"AWS": CI})])) == ["allowed", "denied"]
    assert verdicts(chained(hop=hop, SourceIdentity="bob")) == ["allowed", "denied"]
    assert verdicts(chained(hop=hop, SourceIdentity="alice")) == ["allowed", "allowed"]


def test_r9_5_a_session_policy_limits_the_next_hop_alone() -> None:
    """R9.5: it caps what the session may do, and is not inherited."""
    hop = {"RoleArn": CI, "Policy": policy(allow("s3:*"))}
    assert verdicts(chained(hop=hop)) == ["allowed", "denied"]
    scenario = chained(hop=hop)
    scenario["call"]["chain"].append(ROLE)
    calls = hops(parsed(scenario).call)
    assert [len(call.session.policies) for call in calls] == [0, 1, 0]
    text = {"RoleArn": CI, "Policy": '{"Statement": {"Effect": "Allow", "Action": "sts:*", '
            '"Resource": "*"}}'}  # fmt: skip
    assert verdicts(chained(hop=text)) == ["allowed", "allowed"]


def test_managed_session_policies_are_looked_up() -> None:
    """PolicyArns name policies of AWS or of the role's account."""
    own = f"arn:aws:iam::{A}:policy/Chain"
    scenario = chained(hop={"RoleArn": CI, "PolicyArns": [{"arn": own}]})
    document = policy(allow(resource=ROLE))
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": document}
    scenario["accounts"][A]["Policies"] = [
        {"PolicyName": "Chain", "Arn": own, "PolicyVersionList": [version]}
    ]
    (found,) = second(scenario)[1].session.policies
    assert isinstance(found, Policy)
    assert verdicts(scenario) == ["allowed", "allowed"]
    read_only = {"RoleArn": CI, "PolicyArns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}
    assert verdicts(chained(hop=read_only)) == ["allowed", "denied"]


def test_a_malformed_session_policy_fails_its_own_hop() -> None:
    """What its session could do is not known."""
    for malformed in ("{", 7, "[]", {"Statement": "x"}):
        scenario = chained(hop={"RoleArn": CI, "Policy": malformed})
        assert isinstance(second(scenario)[1].session.policies[0], Unknown)
        assert verdicts(scenario) == ["denied", "conditional"]


def test_r4_1_every_later_hop_has_one_hour_at_most() -> None:
    """R4.1: whatever the role's maximum; the first hop by a user has the role's."""
    assert verdicts(chained(DurationSeconds=3600)) == ["allowed", "allowed"]
    assert verdicts(chained(DurationSeconds=3601)) == ["allowed", "denied"]
    assert verdicts(chained(hop={"RoleArn": CI, "DurationSeconds": 3601})) == ["denied", "allowed"]


def test_r5_4_mfa_of_the_first_hop_is_lost() -> None:
    """R5.4: whether the key is false or absent is open (U-11)."""
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    proof = {"SerialNumber": f"arn:aws:iam::{A}:mfa/deployer", "TokenCode": "123456"}
    hop = {"RoleArn": CI, **proof}
    trusts = [trust({"AWS": CI}, Condition=mfa)]
    asked = [trust({"AWS": DEPLOYER}, Condition=mfa)]
    assert verdicts(chained(hop=hop, ci_trusts=asked)) == ["allowed", "allowed"]
    assert verdicts(chained(hop=hop, trusts=trusts)) == ["allowed", "denied"]
    either = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}
    open_ = chained(hop=hop, trusts=[trust({"AWS": CI}, Condition=either)])
    assert verdicts(open_) == ["allowed", "conditional"]
    scenario = chained(hop=hop)
    scenario["call"]["mfa_code"] = "wrong"
    assert verdicts(scenario) == ["denied", "allowed"]


def test_the_session_begins_now_and_lasts_as_long_as_was_asked() -> None:
    """An hour unless DurationSeconds says otherwise; services manage their own (R4.5)."""
    session = second(chained(hop={"RoleArn": CI, "DurationSeconds": 900}))[0].session
    assert (session.issued_at, session.expires_at) == (NOW, NOW + timedelta(seconds=900))
    assert second(chained())[0].session.expires_at == NOW + timedelta(hours=1)
    assert second(chained(first=EC2))[0].session.expires_at is None


EC2 = {"service": "ec2.amazonaws.com"}


def by_service(**more: Any) -> dict[str, Any]:
    """A chain that starts with an instance's role."""
    named = [trust({"Service": "ec2.amazonaws.com"})]
    return chained(first=EC2, ci_trusts=named, **more)


def test_a_service_may_make_the_first_hop() -> None:
    """R9.7: its session's call is chaining; its name is the service's choice."""
    assert verdicts(by_service()) == ["allowed", "allowed"]
    assert verdicts(by_service(DurationSeconds=7200)) == ["allowed", "denied"]
    one = [trust({"AWS": f"arn:aws:sts::{A}:assumed-role/CI/i-0123"})]
    other = [trust({"AWS": f"arn:aws:sts::{A}:assumed-role/CIA/i-0123"})]
    assert verdicts(by_service(trusts=one)) == ["allowed", "conditional"]
    assert verdicts(by_service(trusts=other)) == ["allowed", "denied"]
    named = {"RoleArn": CI, "RoleSessionName": "i-0123"}
    assert verdicts(by_service(trusts=one, hop=named)) == ["allowed", "allowed"]
    condition = {"StringLike": {"aws:userid": "*:i-0123"}}
    by_id = [trust({"AWS": CI}, Condition=condition)]
    assert verdicts(by_service(trusts=by_id)) == ["allowed", "conditional"]
    assert verdicts(by_service(trusts=by_id, hop=named)) == ["allowed", "allowed"]


def test_a_token_may_make_the_first_hop() -> None:
    """R9.7: `api` names the first hop's or the last hop's API, the hop itself follows from who."""
    host = "token.actions.githubusercontent.com"
    provider = f"arn:aws:iam::{A}:oidc-provider/{host}"
    claims = {"iss": f"https://{host}", "aud": "sts.amazonaws.com", "sub": "repo:acme/app"}
    named = [trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity")]
    scenario = chained(first={"claims": claims}, ci_trusts=named)
    scenario["accounts"][A]["OpenIDConnectProviders"] = [
        {"Arn": provider, "ClientIDList": ["sts.amazonaws.com"]}
    ]
    for api in ("AssumeRole", "AssumeRoleWithWebIdentity"):
        scenario["call"]["api"] = api
        assert [call.api for call in hops(parsed(scenario).call)] == [
            "AssumeRoleWithWebIdentity",
            "AssumeRole",
        ]
        assert verdicts(scenario) == ["allowed", "allowed"]


def test_an_assertion_may_make_the_first_hop() -> None:
    """The session's name is the assertion's attribute, where it is said (R5.19)."""
    provider = f"arn:aws:iam::{A}:saml-provider/Corp"
    named = [trust({"Federated": provider}, "sts:AssumeRoleWithSAML")]
    one = [trust({"AWS": f"arn:aws:sts::{A}:assumed-role/CI/alice"})]
    first: dict[str, Any] = {"assertion": {}, "identity_provider": provider}
    scenario = chained(first=first, ci_trusts=named, trusts=one)
    scenario["accounts"][A]["SAMLProviders"] = [{"Arn": provider}]
    scenario["call"]["api"] = "AssumeRoleWithSAML"
    assert verdicts(scenario) == ["allowed", "conditional"]
    first["assertion"]["https://aws.amazon.com/SAML/Attributes/RoleSessionName"] = "alice"
    assert verdicts(scenario) == ["allowed", "allowed"]


def test_what_is_not_known_of_the_first_session_may_be_inherited() -> None:
    """R9.1, R9.4: tags and source identity that nobody said can reach every later hop."""
    import msgspec

    call = parsed(chained(first={"arn": f"arn:aws:sts::{A}:assumed-role/Start/x"})).call
    assert isinstance(call.caller, RoleCaller)
    hidden = msgspec.structs.replace(call.caller.session, complete=False)
    caller = msgspec.structs.replace(call.caller, session=hidden)
    calls = hops(msgspec.structs.replace(call, caller=caller))
    assert [hop.hides_attributes for hop in calls] == [True, True]
    assert not hops(call)[1].hides_attributes


def test_a_missing_role_is_the_fault_of_the_hop_that_asks_for_it() -> None:
    """The next hop is decided as if it had succeeded: what the role may do is not known."""
    gone = f"arn:aws:iam::{A}:role/Gone"
    for hop in (gone, "arn:aws:iam::333333333333:role/Gone"):
        named = [trust({"AWS": hop})]
        diagnosis = diagnosed(chained(hop=hop, trusts=named))
        assert {f.hop for f in diagnosis.findings} == {1}
        assert "role-not-found" in {f.cause for f in diagnosis.findings}
        assert [view.verdict for view in diagnosis.hops] == ["denied", "conditional"]


def test_nothing_follows_what_is_no_role() -> None:
    """There is no session to go on with, and a note says so."""
    diagnosis = diagnosed(chained(hop=DEPLOYER))
    assert [view.verdict for view in diagnosis.hops] == ["denied"]
    assert "what follows hop 1 was not looked at: its RoleArn names no role" in diagnosis.notes
    assert diagnosis.verdict is Verdict.DENIED


@pytest.mark.parametrize(
    ("first_hop", "last", "together"),
    [
        ("allowed", "allowed", "allowed"),
        ("conditional", "allowed", "conditional"),
        ("allowed", "conditional", "conditional"),
        ("conditional", "denied", "denied"),
        ("denied", "conditional", "denied"),
    ],
)
def test_the_verdict_is_that_of_all_hops(first_hop: str, last: str, together: str) -> None:
    """Denied if one is, else conditional if one is; the hop that decides it is shown."""
    conditions: dict[str, dict[str, Any]] = {
        "allowed": {},
        "conditional": {"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
        "denied": {"Condition": {"StringEquals": {"sts:ExternalId": "acme-42"}}},
    }
    scenario = chained(
        ci_trusts=[trust({"AWS": DEPLOYER}, **conditions[first_hop])],
        trusts=[trust({"AWS": CI}, **conditions[last])],
    )
    chain = decided(scenario)
    assert [decision.verdict for decision in chain.decisions] == [first_hop, last]
    assert chain.verdict == together
    assert chain.decisions[chain.shown].verdict == together


def test_keys_of_two_requests_are_not_one_question() -> None:
    """The same unknown key may be `web` for one caller and something else for the next."""
    key = "aws:PrincipalTag/team"
    scenario = chained(
        ci_trusts=[trust({"AWS": DEPLOYER}, Condition={"StringEquals": {key: "web"}})],
        trusts=[trust({"AWS": CI}, Condition={"StringNotEquals": {key: "web"}})],
    )
    scenario["unknown"] = [f"context:{key}"]
    diagnosis = diagnosed(scenario)
    assert diagnosis.verdict is Verdict.CONDITIONAL
    assert diagnosis.residual.startswith("hop 1: ")
    assert "; hop 2: " in diagnosis.residual


def test_stated_keys_are_those_of_the_first_request() -> None:
    """But for the network and the time, which all hops share."""
    scenario = chained()
    context = {"aws:SourceIp": "203.0.113.7", "aws:PrincipalTag/team": "web"}
    scenario["call"]["context"] = context
    decisions: tuple[Decision, ...] = decided(scenario).decisions
    for key, kinds in {
        "aws:SourceIp": (Present, Present),
        "aws:PrincipalTag/team": (Present, Absent),
    }.items():
        for decision, kind in zip(decisions, kinds, strict=True):
            context_of = next(gate.context for gate in decision.gates if gate.context)
            assert isinstance(context_of.get(key), kind)


# Laws

SEEDS = range(150)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_chain_of_one_hop_is_the_plain_call(seed: int) -> None:
    """Law: an empty chain changes nothing in the answer."""
    scenario: dict[str, Any] = generated(seed)
    world, call = parsed(scenario)
    chain = decide_chain(world, call)
    assert chain.is_plain
    assert chain.verdict is decide(world, call).verdict
    empty = copy.deepcopy(scenario)
    empty["call"]["chain"] = []
    assert told(diagnosed(empty)) == told(diagnosed(scenario))


def told(diagnosis: Diagnosis) -> tuple[Any, ...]:
    """What an answer says, the columns of the input aside."""
    faults = [(f.cause, f.variant, f.explanation, f.hop) for f in diagnosis.findings]
    plans = [(plan.fixes, plan.commands) for plan in diagnosis.plans]
    return (diagnosis.call, diagnosis.headline, diagnosis.residual, faults, plans,
            diagnosis.hop, diagnosis.hops, diagnosis.checklist, diagnosis.aws_error)  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_a_chain_is_its_hops_written_out(seed: int) -> None:
    """Law: the second hop is the plain call of the session that the first one creates."""
    scenario: dict[str, Any] = generated(seed)
    call = scenario["call"]
    parameters = dict(call["parameters"])
    if (
        not str(parameters.get("RoleArn")).startswith("arn:aws:iam::")
        or call["api"] != "AssumeRole"
    ):
        return
    account, _, role = parameters["RoleArn"].removeprefix("arn:aws:iam::").partition(":role/")
    if not role or "service" in call["caller"]:
        return
    parameters["RoleSessionName"] = "first"
    longer = copy.deepcopy(scenario)
    longer["call"].pop("context", None)
    last = {"RoleArn": ROLE, "RoleSessionName": "last"}
    explicit = copy.deepcopy(longer)
    longer["call"] |= {"chain": [parameters], "parameters": last}
    session = call["caller"].get("session", {})
    handed_on = {k: v for k, v in session.get("tags", {}).items()
                 if k in session.get("transitive_tag_keys", [])}  # fmt: skip
    passed = {tag["Key"]: tag["Value"] for tag in parameters.get("Tags", [])}
    source = session.get("source_identity") or parameters.get("SourceIdentity")
    explicit["call"] |= {
        "parameters": last,
        "caller": {
            "arn": f"arn:aws:sts::{account}:assumed-role/{role.rpartition('/')[2]}/first",
            "session": {
                "tags": {**passed, **handed_on},
                "transitive_tag_keys": [
                    *session.get("transitive_tag_keys", []),
                    *parameters.get("TransitiveTagKeys", []),
                ],
                "issued_at": parsed(longer).call.time.isoformat(),
                **({"source_identity": source} if source else {}),
            },
        },
    }
    chain = decide_chain(*parsed(longer))
    if chain.decisions[0].verdict is Verdict.DENIED:
        return  # what a failing hop would have handed on is nothing AWS says
    assert chain.decisions[1].verdict is decide(*parsed(explicit)).verdict


# --- what the session of a service or of a token carries into the next hop ----------------------

PODS, ANYWHERE = {"service": "pods.eks.amazonaws.com"}, {"service": "rolesanywhere.amazonaws.com"}


def started_by(service: dict[str, str], actions: list[str], **more: Any) -> dict[str, Any]:
    """A chain that a service starts; the last role trusts CI for these actions."""
    statement = trust({"AWS": CI}, actions, **more)
    named = trust({"Service": service["service"]}, EVERYTHING)
    return chained(first=service, ci_trusts=[named], trusts=[statement])


@pytest.mark.rule("R9.2", "R4.3")
def test_the_tags_of_pod_identity_are_handed_on() -> None:
    """They are transitive, so that both sides of the next hop must allow sts:TagSession."""
    tagged = ["sts:AssumeRole", "sts:TagSession"]
    assert verdicts(started_by(PODS, ["sts:AssumeRole"])) == ["allowed", "denied"]
    assert verdicts(started_by(PODS, tagged)) == ["allowed", "allowed"]
    switched_off = started_by(PODS, ["sts:AssumeRole"])
    switched_off["call"]["chain"] = [{"RoleArn": CI, "Tags": []}]
    assert verdicts(switched_off) == ["allowed", "allowed"]
    for key, verdict in (("kubernetes-namespace", "conditional"), ("team", "denied")):
        condition = {"StringEquals": {f"aws:PrincipalTag/{key}": "prod"}}
        assert verdicts(started_by(PODS, tagged, Condition=condition))[1] == verdict
    there = {"Null": {"aws:PrincipalTag/eks-cluster-name": "false"}}
    assert verdicts(started_by(PODS, tagged, Condition=there)) == ["allowed", "allowed"]


@pytest.mark.rule("R9.4", "R9.9")
def test_the_source_identity_of_roles_anywhere_is_handed_on() -> None:
    """Its value is in the certificate, which the scenario does not show."""
    named = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    assert verdicts(started_by(ANYWHERE, ["sts:AssumeRole"])) == ["allowed", "denied"]
    assert verdicts(started_by(ANYWHERE, named)) == ["allowed", "allowed"]
    for condition, verdict in (
        ({"Null": {"aws:SourceIdentity": "false"}}, "allowed"),
        ({"Null": {"aws:SourceIdentity": "true"}}, "denied"),
        ({"StringEquals": {"aws:SourceIdentity": "CN=web"}}, "conditional"),
        ({"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "web"}}, "conditional"),
        ({"StringEquals": {"aws:PrincipalTag/team": "web"}}, "denied"),
    ):
        assert verdicts(started_by(ANYWHERE, named, Condition=condition))[1] == verdict


GITHUB = "token.actions.githubusercontent.com"
OF_TOKEN = {"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}}


@pytest.mark.rule("R5.18")
def test_what_made_a_session_is_known_within_a_chain() -> None:
    """Subject and audience of a token last for one hop; sessions of AssumeRole have none."""
    blocked = [trust({"AWS": CI}), {**trust({"AWS": CI}), "Effect": "Deny", "Condition": OF_TOKEN}]
    assert verdicts(chained(trusts=blocked)) == ["allowed", "allowed"]
    provider = f"arn:aws:iam::{A}:oidc-provider/{GITHUB}"
    bearer = trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity")
    token = {
        "iss": f"https://{GITHUB}", "aud": "sts.amazonaws.com", "sub": "repo:acme/app:ref:x",
        "email": "a@example.com", "exp": 1_800_000_000,
    }  # fmt: skip
    for key, verdict in (("sub", "denied"), ("email", "allowed")):
        about = {"Null": {f"{GITHUB}:{key}": "false"}}
        deny = {**trust({"AWS": CI}), "Effect": "Deny", "Condition": about}
        scenario = chained(
            first={"claims": token}, ci_trusts=[bearer], trusts=[trust({"AWS": CI}), deny]
        )
        scenario["accounts"][A]["OpenIDConnectProviders"] = [
            {"Arn": provider, "Url": GITHUB, "ClientIDList": ["sts.amazonaws.com"]}
        ]
        assert verdicts(scenario)[1] == verdict


@pytest.mark.parametrize("first", [None, PODS], ids=["user", "pods"])
def test_credentials_of_a_service_are_those_that_it_delivered(first: Any) -> None:
    """FACTS 5.1: a session that somebody else made has no key of EC2."""
    there = {"Null": {"ec2:SourceInstanceArn": "false"}}
    deny = {**trust({"AWS": CI}), "Effect": "Deny", "Condition": there}
    named = [
        trust({"AWS": DEPLOYER}),
        trust({"Service": ["pods.eks.amazonaws.com", "ec2.amazonaws.com"]}, EVERYTHING),
    ]
    scenario = chained(first=first, ci_trusts=named, trusts=[trust({"AWS": CI}, EVERYTHING), deny])
    assert verdicts(scenario) == ["allowed", "allowed"]
