"""What a side does not tell: policy text, the required external ID, tags, tokens."""

import json
from collections.abc import Iterator
from typing import Any

from assumable.formats.scenario import Scenario
from assumable.sides.contents import Wish
from assumable.sides.export import caller_side, role_side
from tests.sides.passing import text_of
from tests.sides.test_law import from_files
from tests.worlds import DEPLOYER, ROLE, A, B, allow, classic, parsed, policy, trust

OTHER = "arn:aws:iam::333333333333:role/Partner"


def secretive() -> Scenario:
    """A call between two accounts whose policies are full of what the other need not know."""
    statements = [
        trust(
            {"AWS": DEPLOYER},
            Sid="TrustSid",
            Condition={
                "StringEquals": {
                    "sts:ExternalId": "vendor-secret-42",
                    "aws:PrincipalOrgID": "o-theirorganization",
                    "aws:PrincipalTag/team": "payments",
                },
                "StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/deploy-only-*"},
                "IpAddress": {"aws:SourceIp": "198.51.100.0/24"},
            },
        ),
        trust({"AWS": OTHER}, Sid="PartnerSid"),
        {
            "Sid": "DenySid",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:PrincipalTag/status": "quarantined"}},
        },
    ]
    identity = [
        allow(resource=[ROLE, "arn:aws:iam::444444444444:role/Hidden"], Sid="OwnSid"),
        allow("s3:GetObject", "arn:aws:s3:::hidden-bucket/*"),
        allow(resource=ROLE, Condition={"StringEquals": {"aws:PrincipalTag/team": "platform"}}),
    ]
    world = classic(trust_statements=statements)
    user = world["accounts"][A]["UserDetailList"][0]
    user["UserPolicyList"] = [
        {"PolicyName": "HiddenPolicyName", "PolicyDocument": policy(*identity)}
    ]
    user["Tags"] = [{"Key": "team", "Value": "platform"}, {"Key": "wage", "Value": "hidden-wage"}]
    world["accounts"][B]["RoleDetailList"][0]["Tags"] = [{"Key": "tier", "Value": "hidden-tier"}]
    world["call"]["parameters"] |= {
        "ExternalId": "vendor-wrong",
        "SerialNumber": f"arn:aws:iam::{A}:mfa/hidden-device",
        "TokenCode": "918273",
        "Policy": json.dumps(policy(allow("s3:ListBucket", "arn:aws:s3:::hidden-scope"))),
    }
    return parsed(world)


IN_ROLE = ("TrustSid", "PartnerSid", "DenySid", "vendor-secret-42", "o-theirorganization",
           "payments", "deploy-only", "198.51.100", "333333333333", "Partner", "quarantined",
           "hidden-tier")  # fmt: skip
IN_CALLER = ("OwnSid", "444444444444", "hidden-bucket", "HiddenPolicyName", "platform", "wage",
             "s3:")  # fmt: skip
NEVER = ("918273", "hidden-device", "hidden-scope", "vendor-secret-42")


def test_a_role_side_holds_no_policy_text() -> None:
    text = text_of(role_side(secretive(), Wish()))
    assert [word for word in (*IN_ROLE, *NEVER) if word in text] == []


def test_a_role_side_holds_no_external_id_in_plain() -> None:
    """Not even the one that was passed: its exporter may have taken the required one for it."""
    assert "vendor-wrong" not in text_of(role_side(secretive(), Wish()))


def test_a_caller_side_holds_no_policy_text() -> None:
    text = text_of(caller_side(secretive(), Wish()))
    assert [word for word in (*IN_CALLER, *NEVER) if word in text] == []


def test_full_sides_hold_it() -> None:
    """The words are there to be found, so the tests above can fail; secrets stay out even so."""
    role, caller = (side(secretive(), Wish(full=True)) for side in (role_side, caller_side))
    assert [word for word in IN_ROLE if word not in text_of(role)] == []
    assert [word for word in IN_CALLER if word not in text_of(caller)] == []
    assert [
        word for word in ("918273", "hidden-device", "hidden-scope") if word in text_of(caller)
    ] == []


def test_tags_are_told_by_name_or_when_the_other_side_asks() -> None:
    scenario = secretive()
    assert "hidden-wage" in text_of(caller_side(scenario, Wish(tag_keys=("Wage",))))
    asked = text_of(caller_side(scenario, Wish(), role_side(scenario, Wish())))
    assert "platform" in asked
    assert "hidden-wage" not in asked


def condition_values(value: Any) -> Iterator[str]:
    """Sids and condition values of the policies in a scenario."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "Sid":
                yield str(item)
            elif key == "Condition" and isinstance(item, dict):
                for operator, keys in item.items():
                    if not operator.lower().startswith(("numeric", "date", "bool", "null")):
                        for values in keys.values():
                            yield from map(str, values if isinstance(values, list) else [values])
            else:
                yield from condition_values(item)
    elif isinstance(value, list):
        for item in value:
            yield from condition_values(item)


def test_no_side_of_a_scenario_says_what_a_policy_says() -> None:
    """Only what the call itself says, or what is told of the side as a fact, may be the same."""
    for name, scenario in from_files():
        document = scenario.world.document
        known = json.dumps(document["call"]) + json.dumps(document.get("organization", ""))
        for side in (caller_side(scenario, Wish()), role_side(scenario, Wish())):
            text = text_of(side)
            told = known + " ".join({*side.keys, *(str(value) for value in side.keys.values())})
            words = condition_values(document)
            secret = {word for word in words if word not in told and len(word) > 3}
            assert {word for word in secret if json.dumps(word) in text} == set(), name
