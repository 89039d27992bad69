"""Error texts as people paste them: who, what, which layer, and what they can mean."""

from pathlib import Path

import pytest
import yaml

from assumable.findings.registry import CAUSES
from assumable.formats.message import (
    EVERY_KIND,
    Message,
    by_prior,
    counts_of,
    kind_of_call,
    parse_message,
    priors,
)
from assumable.formats.message_patterns import RETOLD
from assumable.formats.message_patterns import TEXTS as TEXTS_OF_OTHERS

CALLER = "arn:aws:iam::111111111111:user/deployer"
ROLE = "arn:aws:iam::222222222222:role/DeployRole"
DENIED = f"User: {CALLER} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
TEXTS = yaml.safe_load(Path(__file__).with_name("texts.yaml").read_text(encoding="utf-8"))


def parsed(text: str) -> Message:
    message = parse_message(text)
    assert message is not None
    return message


@pytest.mark.parametrize(
    "text",
    [
        DENIED,
        f"An error occurred (AccessDenied) when calling the AssumeRole operation: {DENIED}",
        f"botocore.exceptions.ClientError: An error occurred (AccessDenied) …: {DENIED}\n",
        f"AccessDenied: {DENIED}\n\tstatus code: 403, request id: 7a1c",
        f"api error AccessDenied: {DENIED}, aborting",
        f"<Error><Code>AccessDenied</Code><Message>{DENIED}</Message></Error>",
        f'{{"errorCode": "AccessDenied", "errorMessage": "{DENIED}"}}',
        f"{DENIED} (Service: AWSSecurityTokenService; Status Code: 403)",
        DENIED.replace(" on resource", "\n   on resource"),
    ],
)
def test_denial_names_caller_action_and_role(text: str) -> None:
    message = parsed(text)
    assert (message.code, message.status) == ("AccessDenied", 403)
    assert (message.caller, message.action) == (CALLER, "sts:AssumeRole")
    assert message.role == ROLE


def test_text_without_suffix_blames_no_layer() -> None:
    message = parsed(DENIED)
    assert message.layer == ""
    assert {"trust-principal", "role-not-found", "identity-permission", "scp"} <= {*message.causes}
    assert {"duration", "parameter", "root-caller"} <= {*message.rules_out}


@pytest.mark.parametrize(("layer", "cause", "suffix"), TEXTS["suffixes"])
def test_suffix_names_the_layer(layer: str, cause: str, suffix: str) -> None:
    message = parsed(f"{DENIED} {suffix}. Go to https://console.aws.amazon.com/… for details")
    assert (message.layer, message.causes[0]) == (layer, cause)
    assert message.role == ROLE


def test_resource_based_wording_may_point_to_the_wrong_side() -> None:
    message = parsed(f"{DENIED} because no resource-based policy allows the sts:AssumeRole action")
    assert message.layer == "trust"
    assert "identity-permission" in message.causes
    assert "R7.7" in message.meaning


def test_role_trust_wording_without_resource() -> None:
    text = f"User: {CALLER} is not authorized to perform: sts:AssumeRole because no role trust policy allows the sts:AssumeRole action"  # noqa: E501  # as AWS prints it
    message = parsed(text)
    assert (message.role, message.layer) == ("", "trust")


@pytest.mark.parametrize(("code", "status", "cause", "text"), TEXTS["others"])
def test_other_texts(code: str, status: int, cause: str, text: str) -> None:
    message = parsed(text)
    assert (message.code, message.status, message.causes[0]) == (code, status, cause)


def test_web_identity_denial_rules_out_the_provider_and_the_callers_side() -> None:
    message = parsed("Not authorized to perform sts:AssumeRoleWithWebIdentity")
    assert (message.caller, message.role) == ("", "")
    assert message.causes[0] == "web-identity-claim"
    assert {"identity-provider", "identity-permission", "scp"} <= {*message.rules_out}


def test_companion_action_comes_first() -> None:
    message = parsed(DENIED.replace("sts:AssumeRole", "sts:TagSession"))
    assert [cause for cause, _ in by_prior(message)[:2]] == ["session-tags", "trust-principal"]


def test_tags_come_last_when_the_text_names_the_main_action() -> None:
    assert {cause for cause, _ in by_prior(parsed(DENIED))[-2:]} == {
        "session-tags",
        "source-identity",
    }


def test_causes_are_ordered_by_their_priors() -> None:
    ranked = by_prior(parsed(DENIED))[:-2]
    assert ranked[0] == ("trust-principal", 29)
    assert [count for _, count in ranked] == sorted((count for _, count in ranked), reverse=True)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (DENIED, "AssumeRole"),
        ("Not authorized to perform sts:AssumeRoleWithSAML", "AssumeRoleWithSAML"),
        ("The role defined for the function cannot be assumed by Lambda.", "service"),
        ("The config profile (dev) could not be found", "client-config"),
    ],
)
def test_kind_of_call(text: str, kind: str) -> None:
    assert kind_of_call(parsed(text)) == kind
    assert kind in priors()


def test_priors_are_those_of_241_failures_and_name_known_causes() -> None:
    assert sum(sum(counts.values()) for counts in priors().values()) == 241
    assert {cause for counts in priors().values() for cause in counts} <= {*CAUSES}


def test_every_cause_of_every_text_is_known() -> None:
    from assumable.formats import message as module

    for known in TEXTS_OF_OTHERS:
        assert {*known.causes} <= {*CAUSES}
    assert {*RETOLD} == {*CAUSES}
    for action in (
        "AssumeRole",
        "AssumeRoleWithWebIdentity",
        "AssumeRoleWithSAML",
        "TagSession",
        "SetSourceIdentity",
        "SetContext",
        "AssumeRoot",
    ):
        causes, out = module._causes(f"sts:{action}")
        assert {*causes, *out} <= {*CAUSES}
        assert not {*causes} & {*out}


@pytest.mark.parametrize("text", TEXTS["bare"])
def test_bare_denial_gets_the_general_table(text: str) -> None:
    message = parsed(text)
    assert (message.code, message.status, message.action) == ("AccessDenied", 403, "")
    assert kind_of_call(message) == EVERY_KIND
    assert sum(counts_of(EVERY_KIND).values()) == 241
    assert by_prior(message)[0][0] == "web-identity-claim"


@pytest.mark.parametrize(("call", "role", "status", "text"), TEXTS["retold"])
def test_text_that_a_tool_retells(call: str, role: str, status: int, text: str) -> None:
    message = parsed(text)
    assert (message.call, message.role, message.status) == (call, role, status)
    assert kind_of_call(message) == call
    assert not {*message.causes} & {*message.rules_out}


@pytest.mark.parametrize(("layer", "cause", "suffix"), TEXTS["suffixes"])
def test_reason_alone_names_the_layer(layer: str, cause: str, suffix: str) -> None:
    message = parsed(suffix)
    assert (message.layer, message.causes[0]) == (layer, cause)
    assert message.action == ("sts:AssumeRole" if "sts:" in suffix else "")


def test_too_few_failures_are_not_counted() -> None:
    ranked = by_prior(parsed("Not authorized to perform sts:AssumeRoleWithSAML"))
    assert ranked[0][0] == "saml-attribute"
    assert not any(count for _, count in ranked)


@pytest.mark.parametrize("text", TEXTS["unrelated"])
def test_unknown_text(text: str) -> None:
    assert parse_message(text) is None


def test_long_text_is_cut_before_it_is_searched() -> None:
    assert parse_message("x" * 1_000_000 + DENIED) is None
