"""How evidence moves the odds, and which calls are chosen."""

import json
from typing import Any

import pytest

from assumable.beliefs import CHANGED, NONE_TELLS, NOT_NEEDED, PASSED, PASSED_SHORT
from assumable.diagnose import Diagnosis, diagnose
from assumable.findings.meanings import meaning_of
from assumable.findings.observed import OTHER_CALLER, OTHER_ROLE, UNKNOWN_TEXT, observe
from assumable.findings.probing import DENY_ALL, candidates
from assumable.findings.registry import CAUSES
from assumable.formats.message import priors
from assumable.model.probe import ProbeReply, ProbeRequest
from assumable.model.world import Unknown
from assumable.render import terminal
from tests.findings.test_hypotheses import oracle
from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, parsed, policy, trust

TAGS = [{"Key": "team", "Value": "web"}]
BOTH = ["sts:AssumeRole", "sts:TagSession"]
ALL = allow([*BOTH, "sts:SetSourceIdentity"])
DENIED = f"User: {DEPLOYER} is not authorized to perform: {{}} on resource: {ROLE}"
TOO_LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."


def unread(**parameters: Any) -> dict[str, Any]:
    """The caller may do all of it; nothing is known of the role's account."""
    return {**classic(identity=[ALL], **parameters), "unknown": [f"account:{B}"]}


def after(scenario: dict[str, Any], text: str) -> Diagnosis:
    """The diagnosis with an error text as evidence."""
    world, call = parsed(scenario)
    return diagnose(world, call, error=observe(text, call))


def tried(scenario: dict[str, Any], truth: dict[str, Any]) -> Diagnosis:
    """The diagnosis after probes of what is really so."""
    world, call = parsed(scenario)
    return diagnose(world, call, probe=oracle(*parsed(truth)))


def shares(diagnosis: Diagnosis) -> dict[str, float]:
    return {each.cause: each.share for each in diagnosis.hypotheses}


def certain(diagnosis: Diagnosis, how: str) -> set[str]:
    return {each.cause for each in diagnosis.hypotheses if each.certainty == how}


# Hypotheses


def test_a_decided_call_has_no_hypotheses() -> None:
    for scenario in (classic(), classic(trust_statements=[trust({"AWS": f"{DEPLOYER}2"})])):
        assert not diagnose(*parsed(scenario)).hypotheses


def test_what_is_unread_decides_which_there_are() -> None:
    """An SCP hides no cause of the trust policy, and a short session needs no maximum."""
    member = {
        **classic(),
        "unknown": ["scp"],
        "organization": {
            "Id": "o-exampleorgid", "MasterAccountId": "999999999999", "Roots": [{"Id": "r-ab12"}],
            "Accounts": [{"Id": A, "ParentId": "r-ab12"}],
        },
    }  # fmt: skip
    assert set(shares(diagnose(*parsed(member)))) == {"scp"}
    assert "duration" not in shares(diagnose(*parsed(unread())))
    assert "duration" in shares(diagnose(*parsed(unread(DurationSeconds=3601))))
    boundary = {**classic(), "unknown": [f"boundary:{DEPLOYER}"]}
    assert set(shares(diagnose(*parsed(boundary)))) == {"permissions-boundary"}


def test_they_are_ranked_by_counts_that_are_told() -> None:
    found = diagnose(*parsed(unread())).hypotheses
    counts = priors()["AssumeRole"]
    first = found[0]
    assert (first.code, first.cause, first.prior) == ("AS101", "trust-principal", 29)
    assert (first.prior_of, first.prior_kind) == (sum(counts.values()), "AssumeRole")
    assert first.owners == (B,)
    assert first.settle == (f"read access to account {B}",)
    assert [each.share for each in found] == sorted((e.share for e in found), reverse=True)
    assert sum(each.share for each in found) == pytest.approx(1, abs=0.01)
    assert all(each.meaning for each in found)


def test_tags_are_counted_only_where_tags_are_passed() -> None:
    """A trust policy may ask for tags that are not there, which nobody counted."""
    found = diagnose(*parsed(unread())).hypotheses
    assert [(e.prior, e.prior_of) for e in found if e.cause == "session-tags"] == [(0, 0)]
    assert "0 of" not in terminal.render(diagnose(*parsed(unread()))).partition("if refused")[2]
    by_cause = {e.cause: e.prior for e in diagnose(*parsed(unread(Tags=TAGS))).hypotheses}
    assert by_cause["session-tags"] == 9


# Error texts


def test_a_plain_refusal_rules_out_what_aws_looks_at_before() -> None:
    scenario = unread(DurationSeconds=7200)
    scenario["call"]["network"] = {"region": "eu-central-1"}
    before = shares(diagnose(*parsed(scenario)))
    found = after(scenario, DENIED.format("sts:AssumeRole"))
    assert found.error is not None
    assert found.error.rules_out == ("region",)
    assert "region" in before
    assert "region" not in shares(found)
    assert 0 < shares(found)["duration"] < before["duration"] / 5  # it may come next: U-2


def test_a_refusal_of_tag_session_points_to_the_tags() -> None:
    found = after(unread(Tags=TAGS), DENIED.format("sts:TagSession"))
    assert found.hypotheses[0].cause == "session-tags"
    assert certain(found, "likely") == {"session-tags"}
    assert {"trust-principal", "trust-explicit-deny"} <= set(shares(found))


def test_a_refusal_of_assume_role_speaks_against_the_tags() -> None:
    plain, found = unread(Tags=TAGS), after(unread(Tags=TAGS), DENIED.format("sts:AssumeRole"))
    assert 0 < shares(found)["session-tags"] < shares(diagnose(*parsed(plain)))["session-tags"] / 5


def test_aws_own_words_for_a_duration_are_certain() -> None:
    found = after(unread(DurationSeconds=7200), f"(ValidationError) {TOO_LONG}")
    assert found.hypotheses[0].cause == "duration"
    assert certain(found, "confirmed") == {"duration"}


@pytest.mark.parametrize("suffix", ["identity-based", "permissions boundary"])
def test_a_layer_that_is_named_is_never_certain(suffix: str) -> None:
    """R7.5 to R7.7: it may be the wrong side."""
    scenario = {**classic(), "unknown": [f"identity:{DEPLOYER}", f"boundary:{DEPLOYER}"]}
    words = f"{suffix} policy" if suffix == "identity-based" else suffix
    text = DENIED.format("sts:AssumeRole") + f" because no {words} allows the sts:AssumeRole action"
    found = after(scenario, text)
    wanted = {"identity-based": "identity-permission"}.get(suffix, "permissions-boundary")
    assert found.hypotheses[0].cause == wanted
    assert not certain(found, "confirmed")
    assert {"permissions-boundary", "identity-permission"} <= set(shares(found))


def test_one_hypothesis_is_certain_only_once_aws_refused() -> None:
    scenario = {**classic(), "unknown": [f"boundary:{DEPLOYER}"]}
    assert certain(diagnose(*parsed(scenario)), "possible") == {"permissions-boundary"}
    found = after(scenario, DENIED.format("sts:AssumeRole"))
    assert certain(found, "confirmed") == {"permissions-boundary"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hello", UNKNOWN_TEXT),
        (DENIED.format("sts:AssumeRole").replace("deployer", "somebody"), OTHER_CALLER),
        (DENIED.format("sts:AssumeRole").replace("DeployRole", "Other"), OTHER_ROLE),
    ],
)
def test_a_text_about_something_else_is_no_evidence(text: str, why: str) -> None:
    found = after(unread(), text)
    assert found.error is not None
    assert found.error.unused == why
    assert shares(found) == shares(diagnose(*parsed(unread())))


def test_a_session_is_known_by_its_role() -> None:
    scenario = classic(identity=[])
    scenario["call"]["caller"] = {"arn": f"arn:aws:sts::{A}:assumed-role/Base/now"}
    _, call = parsed(scenario)
    text = DENIED.format("sts:AssumeRole").replace(
        DEPLOYER, f"arn:aws:sts::{A}:assumed-role/Base/then"
    )
    assert not observe(text, call).unused
    assert observe(text.replace("Base", "Ba"), call).unused == OTHER_CALLER


def test_throttling_says_nothing() -> None:
    found = after(unread(), "(Throttling) Rate exceeded")
    assert shares(found) == shares(diagnose(*parsed(unread())))


def test_a_refusal_of_an_allowed_call_is_said_plainly() -> None:
    found = after(classic(), "An error occurred (AccessDenied) when calling AssumeRole")
    assert found.verdict == "allowed"
    assert found.headline == "allowed, but AWS refused it"
    assert found.error is not None
    assert found.error.statement == (
        "AWS refused, though everything that is known allows it: then client-config, a change "
        "within the last minutes, or AWS's policies are not those read"
    )
    assert set(shares(found)) == {"client-config", "propagation"}
    assert not certain(found, "confirmed")


def test_a_cause_that_aws_names_has_a_meaning_for_every_call() -> None:
    """Whatever AWS's text names is a hypothesis; the usual duration is asked for in silence."""
    _, call = parsed(classic())
    assert all(meaning_of(cause, call) for cause in CAUSES)
    found = after(classic(), f"(ValidationError) {TOO_LONG}").hypotheses[0]
    assert (found.cause, found.certainty) == ("duration", "confirmed")
    assert found.meaning == "the role allows less than the 3600 s asked for"


def test_what_was_assumed_may_be_behind_it() -> None:
    scenario = {**classic(), "unknown": ["organization"]}
    world, call = parsed(scenario)
    call = type(call)(**{**_fields(call), "assumptions": {"organization": True}})
    found = diagnose(world, call, error=observe(DENIED.format("sts:AssumeRole"), call))
    assert set(shares(found)) == {"scp", "rcp", "propagation"}


def _fields(call: Any) -> dict[str, Any]:
    return {name: getattr(call, name) for name in call.__struct_fields__}


def test_a_text_that_fits_no_finding_is_said_plainly() -> None:
    scenario = classic(DurationSeconds=7200)
    found = after(scenario, DENIED.format("sts:AssumeRole"))
    assert found.verdict == "denied"
    assert found.error is not None
    assert found.error.statement.startswith("AWS names another reason than those found")
    fits = after(scenario, f"(ValidationError) {TOO_LONG}").error
    assert fits is not None
    assert not fits.statement


# Probes


def test_every_probe_gets_harmless_short_credentials() -> None:
    sent: list[ProbeRequest] = []

    def send(request: ProbeRequest) -> ProbeReply:
        sent.append(request)
        return ProbeReply(code="AccessDenied", status=403)

    scenario = unread(
        DurationSeconds=7200, Tags=TAGS, SourceIdentity="alice", Policy=json.dumps(policy(ALL)),
        PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AdministratorAccess"}], ExternalId="acme-42",
    )  # fmt: skip
    found = diagnose(*parsed(scenario), probe=send)
    assert 1 < len(sent) == len(found.probes) <= 5
    for request, record in zip(sent, found.probes, strict=True):
        assert request.parameters["Policy"] == DENY_ALL
        assert "PolicyArns" not in request.parameters
        assert request.parameters["ExternalId"] == "acme-42"
        longest = 7200 if record.id == "duration" else 900
        assert request.parameters["DurationSeconds"] == longest
    assert json.loads(DENY_ALL) == policy({"Effect": "Deny", "Action": "*", "Resource": "*"})


def test_a_plan_makes_no_call_and_is_no_evidence() -> None:
    scenario = unread(DurationSeconds=7200, Tags=TAGS)
    found = diagnose(*parsed(scenario), probe="plan")
    assert {probe.answer for probe in found.probes} == {"planned"}
    assert {"duration", "call", "no-tags"} <= {probe.id for probe in found.probes}
    assert shares(found) == shares(diagnose(*parsed(scenario)))


def test_a_long_session_is_found_in_one_call() -> None:
    scenario = unread(DurationSeconds=7200)
    found = tried(scenario, classic(identity=[ALL], DurationSeconds=7200))
    assert found.probes[0].id == "duration"
    assert certain(found, "confirmed") == {"duration"}
    assert found.hypotheses[0].cause == "duration"


def test_a_call_that_passes_whole_leaves_nothing() -> None:
    truth = classic(identity=[ALL], DurationSeconds=7200)
    truth["accounts"][B]["RoleDetailList"][0]["MaxSessionDuration"] = 7200
    found = tried(unread(DurationSeconds=7200), truth)
    assert not found.hypotheses
    assert found.notes[-1] == PASSED
    assert found.headline.endswith("; AWS allowed it when it was tried")
    assert found.verdict == "conditional"


def test_a_call_that_passes_only_later_is_told() -> None:
    """An error text may be old, so that the call itself is worth another try."""
    world, call = parsed(unread())
    error = observe(DENIED.format("sts:AssumeRole"), call)
    found = diagnose(world, call, error=error, probe=oracle(*parsed(classic(identity=[ALL]))))
    assert [(probe.id, probe.answer) for probe in found.probes] == [("call", "passed")]
    assert found.notes[-1] == CHANGED
    assert not found.hypotheses


def test_the_source_identity_is_told_from_the_tags() -> None:
    """The trust policy allows the tags, and not the source identity."""
    parameters: dict[str, Any] = {"Tags": TAGS, "SourceIdentity": "alice"}
    truth = classic(trust_statements=[trust({"AWS": DEPLOYER}, BOTH)], identity=[ALL], **parameters)
    found = tried(unread(**parameters), truth)
    assert found.hypotheses[0].cause == "source-identity"
    assert certain(found, "likely") == {"source-identity"}
    assert "trust-principal" not in shares(found)


def test_a_deny_of_the_tags_alone_is_not_ruled_out() -> None:
    """Without its tags the call passes, and still no Allow of sts:TagSession is missing."""
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sts:TagSession"}
    allows = trust({"AWS": DEPLOYER}, BOTH)
    truth = classic(trust_statements=[allows, deny], identity=[ALL], Tags=TAGS)
    found = tried(unread(Tags=TAGS), truth)
    assert [probe.answer for probe in found.probes] == ["refused", "passed"]
    assert "trust-explicit-deny" in shares(found)
    assert not certain(found, "confirmed")


def test_what_is_taken_for_granted_keeps_an_answer_uncertain() -> None:
    """Nobody said that there is no VPC endpoint."""
    world, call = parsed({**classic(), "unknown": [f"boundary:{DEPLOYER}"]})
    network = type(call.network)(assumed=True)
    call = type(call)(**{**_fields(call), "network": network})
    found = diagnose(world, call, error=observe(DENIED.format("sts:AssumeRole"), call))
    assert set(shares(found)) == {"permissions-boundary", "vpc-endpoint-policy"}
    assert not certain(found, "confirmed")


def test_a_region_that_is_off_is_found() -> None:
    scenario = unread()
    scenario["call"]["network"] = {"region": "eu-central-1"}
    truth = classic(identity=[ALL])
    truth["call"]["network"] = scenario["call"]["network"]
    truth["accounts"][B]["Regions"] = [
        {"RegionName": "eu-central-1", "OptInStatus": "not-opted-in"}
    ]
    found = tried(scenario, truth)
    assert found.hypotheses[0].cause == "region"
    assert certain(found, "confirmed") == {"region"}


@pytest.mark.parametrize(
    ("partition", "region", "tried_in"),
    [
        ("aws", "eu-central-1", "us-east-1"),
        ("aws-cn", "cn-north-1", "cn-northwest-1"),
        ("aws-cn", "cn-northwest-1", "cn-north-1"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-east-1"),
        ("aws-iso-e", "eu-isoe-west-1", ""),
    ],
)
def test_another_region_is_one_of_the_same_partition(
    partition: str, region: str, tried_in: str
) -> None:
    """R10.8: a call with these credentials means nothing elsewhere."""
    scenario = json.loads(json.dumps(unread()).replace("arn:aws:", f"arn:{partition}:"))
    scenario["call"]["network"] = {"region": region}
    found = diagnose(*parsed(scenario))
    probes = candidates(parsed(scenario)[1], set(shares(found)))
    elsewhere = [probe.request.region for probe in probes if probe.id == "region"]
    assert "region" in shares(found)
    assert elsewhere == ([tried_in] if tried_in else [])


def test_a_code_is_spent_only_when_it_is_the_only_question() -> None:
    device: dict[str, Any] = {
        "SerialNumber": f"arn:aws:iam::{A}:mfa/deployer",
        "TokenCode": "123456",
    }
    asks = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    only = classic(identity=[allow(Condition=asks)], **device)
    world, call = parsed(only)
    sent: list[ProbeRequest] = []

    def send(request: ProbeRequest) -> ProbeReply:
        sent.append(request)
        return ProbeReply(passed=True, status=200)

    found = diagnose(world, call, probe=send)
    assert found.verdict == "conditional"  # U-10
    assert [(r.with_code, r.parameters.get("SerialNumber")) for r in sent] == [
        (True, device["SerialNumber"])
    ]
    assert not found.hypotheses
    assert found.notes[-1] == PASSED_SHORT
    sent.clear()
    diagnose(*parsed(unread(**device)), probe=send)
    assert sent
    assert not any(r.with_code or "SerialNumber" in r.parameters for r in sent)


def test_a_variant_that_may_lack_only_the_code_tells_nothing_of_what_it_lifts() -> None:
    """Refused without its tags and without its code, the call may need no more than the code."""
    code = {"SerialNumber": f"arn:aws:iam::{A}:mfa/deployer", "TokenCode": "123456"}

    def doubted(**parameters: Any) -> set[str]:
        refused = ProbeReply(code="AccessDenied", status=403)
        found = diagnose(*parsed(unread(Tags=TAGS, **parameters)), probe=lambda _: refused)
        return {cause for p in found.probes if p.id == "no-tags" for cause in p.less_likely}

    assert "session-tags" in doubted()
    assert "session-tags" not in doubted(**code)


@pytest.mark.parametrize(
    "text",
    [
        "(PackedPolicyTooLarge) Packed policy consumes 101% of allotted space",
        DENIED.format("sts:AssumeRole") + " because no identity-based policy allows the "
        "sts:AssumeRole action",
    ],
)
def test_a_refusal_for_what_is_decided_proves_nothing(text: str) -> None:
    """The caller's own policies and the parameters are known: such a text fits nothing open."""
    found = after({**classic(), "unknown": [f"boundary:{DEPLOYER}"]}, text)
    assert set(shares(found)) == {"permissions-boundary"}
    assert not certain(found, "confirmed")


def test_no_answer_says_nothing_and_is_not_asked_for_again() -> None:
    found = diagnose(*parsed(unread()), probe=lambda _: ProbeReply(message="no route"))
    assert [probe.answer for probe in found.probes] == ["failed"]
    assert shares(found) == shares(diagnose(*parsed(unread())))


def test_a_service_makes_its_calls_itself() -> None:
    scenario = {**classic(), "unknown": [f"account:{B}"]}
    scenario["call"]["caller"] = {"service": "ecs-tasks.amazonaws.com"}
    found = diagnose(*parsed(scenario), probe="plan")
    assert found.hypotheses[0].cause == "service-principal"
    assert found.hypotheses[0].prior_kind == "service"
    assert not found.probes
    assert not any(each.probe for each in found.hypotheses)
    assert NONE_TELLS in found.notes


def test_a_token_that_was_judged_was_accepted() -> None:
    """A refusal by a policy comes after the provider; one of the provider says its own words."""
    claims = {"iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com"}
    scenario = {**classic(), "unknown": [f"account:{B}"]}
    scenario["call"] |= {"api": "AssumeRoleWithWebIdentity", "caller": {"claims": claims}}
    before = diagnose(*parsed(scenario))
    assert (before.hypotheses[0].cause, before.hypotheses[0].prior) == ("web-identity-claim", 44)
    assert before.hypotheses[1].cause == "identity-provider"
    found = after(scenario, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    assert "identity-provider" not in shares(found)
    text = "No OpenIDConnect provider found in your account for https://token.actions"
    assert certain(after(scenario, text), "confirmed") == {"identity-provider"}


def test_a_decided_call_is_not_tried() -> None:
    def send(_: ProbeRequest) -> ProbeReply:
        raise AssertionError

    found = diagnose(*parsed(classic()), probe=send)
    assert NOT_NEEDED in found.notes


def test_the_caller_who_called_exists() -> None:
    """Of a live world nobody says that the caller might not be there."""
    scenario = {**classic(), "unknown": [f"account:{A}"]}
    world, call = parsed(scenario)
    assert "caller-not-found" in shares(diagnose(world, call))
    live = type(world)(accounts=world.accounts, organizations=(), complete=False)
    assert isinstance(live.accounts[A], Unknown)
    assert "caller-not-found" not in shares(diagnose(live, call))


def test_a_refusal_stands_in_the_headline() -> None:
    """Of the call itself: one without its MFA code is another call."""
    truth = classic(identity=[ALL], trust_statements=[trust({"AWS": f"{DEPLOYER}2"})])
    found = tried(unread(), truth)
    assert found.verdict == "conditional"
    assert found.headline == "depends on what is not known; AWS refused it when it was tried"
    code = {"SerialNumber": f"arn:aws:iam::{A}:mfa/deployer", "TokenCode": "123456"}
    assert "AWS refused" not in tried(unread(**code), truth).headline


def test_a_plan_and_an_answer_that_never_came_say_nothing_of_aws() -> None:
    world, call = parsed(unread())
    assert "tried" not in diagnose(world, call, probe="plan").headline
    failed = diagnose(world, call, probe=lambda _: ProbeReply(passed=False, message="no route"))
    assert "tried" not in failed.headline
