"""Worlds of any kind for Hypothesis: whatever policies may say of callers and roles.

Three accounts of users and roles that share a few documents, tags and boundaries, so that many are
nearly alike.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from tests.worlds import ROLE, A, B, allow, classic, policy

C = "333333333333"
SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
Json = dict[str, Any]
_ROOT, _UNIT = "r-ab12", "ou-ab12-11111111"
_KEYS = (
    "aws:PrincipalTag/team", "aws:PrincipalTag/Team", "aws:PrincipalTag/unit",
    "aws:ResourceTag/team", "iam:ResourceTag/unit", "aws:PrincipalArn", "aws:PrincipalAccount",
    "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalType", "aws:ResourceAccount",
    "aws:ResourceOrgID", "aws:ResourceOrgPaths", "aws:userid", "aws:username", "sts:ExternalId",
    "sts:RoleSessionName", "sts:SourceIdentity", "aws:FederatedProvider", "aws:RequestedRegion",
    "aws:SourceVpce", "aws:TagKeys", "aws:TokenIssueTime", "aws:MultiFactorAuthPresent", "no:such",
)  # fmt: skip
_VALUES = (
    "blue", "red", "b*", "?lue", "*", "true", "abc", "u*", "u1", "AIDA*", "User", A, B, C,
    f"arn:aws:iam::{A}:user/u1", f"arn:aws:iam::{A}:role/*", f"arn:aws:iam::{B}:*",
    "o-exampleorgid", "o-exampleorgid/*", "${aws:PrincipalTag/team}", "${aws:ResourceTag/team}",
    "${aws:PrincipalTag/unit, 'blue'}", "${aws:ResourceTag/unit, 'blue'}", "${aws:username}",
    "${aws:PrincipalAccount}", "${aws:ResourceAccount}", "${aws:PrincipalOrgPaths}",
    "${aws:userid}", "${sts:ExternalId}", "${*}x",
)  # fmt: skip
_COMPARED = st.builds(
    lambda many, operator, end, key, values: {f"{many}{operator}{end}": {key: values}},
    st.sampled_from(["", "", "", "ForAllValues:", "ForAnyValue:"]),
    st.sampled_from([
        "StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase",
        "ArnLike", "ArnNotLike", "ArnEquals",
    ]),
    st.sampled_from(["", "", "IfExists"]),
    st.sampled_from(_KEYS),
    st.lists(st.sampled_from(_VALUES), min_size=1, max_size=2),
)  # fmt: skip
_NULL = st.builds(
    lambda key, value: {"Null": {key: value}},
    st.sampled_from(_KEYS),
    st.sampled_from(["true", "false"]),
)
_OTHERWISE = st.sampled_from([
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"Bool": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
    {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
])  # fmt: skip


def _block(parts: Iterable[Mapping[str, Mapping[str, Any]]]) -> Json:
    found: dict[str, Json] = {}
    for operator, asked in (item for part in parts for item in part.items()):
        found.setdefault(operator, {}).update(asked)
    return found


_OF_TAGS = st.builds(
    lambda asked, key: {asked[0]: {f"aws:PrincipalTag/{key}": asked[1]}},
    st.sampled_from([
        ("StringEquals", "blue"), ("StringEquals", "red"), ("StringNotEquals", "blue"),
        ("StringEquals", "${aws:ResourceTag/team}"), ("Null", "true"), ("Null", "false"),
    ]),
    st.sampled_from(["team", "unit"]),
)  # fmt: skip
"""What a session with tags can meet, and many a role has not."""
_CONDITIONS = st.one_of(
    _OF_TAGS, st.lists(st.one_of(_COMPARED, _NULL, _OTHERWISE, _OF_TAGS), max_size=2).map(_block)
)
_ABOUT = st.builds(
    lambda element, texts: {element: texts},
    st.sampled_from(["Resource", "Resource", "NotResource"]),
    st.lists(
        st.sampled_from([
            "*", "*", ROLE, "arn:aws:iam::*", f"arn:aws:iam::{B}:role/*", f"arn:aws:iam::{A}:*",
            "arn:aws:iam::*:role/r?", f"arn:aws:iam::{B}:role/${{aws:PrincipalTag/team}}",
            "arn:aws:iam::*:role/${aws:ResourceTag/team}",
            "arn:aws:iam::*:role/${aws:PrincipalTag/unit, 'r0'}",
            "arn:aws:iam::${aws:PrincipalAccount}:role/*",
        ]),
        min_size=1,
        max_size=2,
    ),
)  # fmt: skip
_EFFECTS = st.sampled_from(["Allow", "Allow", "Allow", "Deny"])
_WHOM = st.lists(
    st.sampled_from([
        "*", A, B, C, f"arn:aws:iam::{A}:root", f"arn:aws:iam::{A}:user/u0", ROLE,
        f"arn:aws:iam::{B}:user/u1", f"arn:aws:iam::{A}:role/r0", f"arn:aws:iam::{B}:role/r1",
        f"arn:aws:sts::{A}:assumed-role/r0/s", "999999999999",
    ]),
    min_size=1,
    max_size=2,
).map(lambda names: {"AWS": names})  # fmt: skip
_WHO = st.one_of(_WHOM, _WHOM, st.sampled_from(["*", {"AWS": A, "Service": "ec2.amazonaws.com"}]))


_ACTIONS = st.sampled_from([
    "sts:AssumeRole", ["sts:AssumeRole", "sts:TagSession"], "sts:*", "sts:?agSession",
])  # fmt: skip


def _statement(effect: str, about: Json, conditions: Json, action: Any = "sts:AssumeRole") -> Json:
    asked = {"Condition": conditions} if conditions else {}
    return {"Effect": effect, "Action": action, **about, **asked}


def _documents(statements: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    versions = st.sampled_from(["2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17"])
    return st.builds(
        lambda version, listed: {"Version": version, "Statement": listed},
        versions,
        st.lists(statements, min_size=1, max_size=3),
    )


_OWN = _documents(st.builds(_statement, _EFFECTS, _ABOUT, _CONDITIONS))
_TRUSTS = _documents(
    st.builds(
        _statement,
        _EFFECTS,
        _WHO.map(lambda who: {"Principal": who}),
        st.one_of(st.just({}), _CONDITIONS),
        _ACTIONS,
    )
)
_RCPS = _documents(
    st.builds(
        _statement,
        st.just("Deny"),
        _ABOUT.map(lambda about: {"Principal": "*", **about}),
        _CONDITIONS,
    )
)
_TAGS = st.sampled_from([
    {}, {"team": "blue"}, {"team": "red"}, {"Team": "b*", "unit": "r0"}, {"unit": "blue"},
])  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn) -> Json:
    """A scenario; the call in it says nothing."""
    everything = policy(allow("*"))
    policies = st.sampled_from([draw(_OWN), draw(_OWN), everything])
    trusts = st.sampled_from([draw(_TRUSTS) for _ in range(3)])
    limits = {"Open": everything, "Limit": draw(_OWN)}

    def held(name: str, kind: str, account: str) -> Json:
        inline = draw(st.lists(policies, max_size=2))
        tags, limit = draw(_TAGS), draw(st.sampled_from(["", "", "", "Open", "Limit"]))
        found: Json = {
            f"{kind}Name": name,
            f"{kind}PolicyList": [
                {"PolicyName": f"p{n}", "PolicyDocument": text} for n, text in enumerate(inline)
            ],
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
        if limit:
            named = f"arn:aws:iam::{account}:policy/{limit}"
            found["PermissionsBoundary"] = {"PermissionsBoundaryArn": named}
        if kind == "User" and draw(st.booleans()):
            found["UserId"] = f"AIDA{account[:1] * 16}{name[-1]}"
        if kind == "Role":
            found["AssumeRolePolicyDocument"] = draw(trusts)
        if name.startswith("AWSServiceRoleFor"):
            found["Path"] = "/aws-service-role/ecs.amazonaws.com/"
        return found

    scenario = classic()
    scenario["accounts"] = {
        account: {
            "UserDetailList": [held(f"u{n}", "User", account) for n in range(3)],
            "RoleDetailList": [held(name, "Role", account) for name in ("r0", "r1", *more)],
            "Policies": [managed(name, text, account) for name, text in limits.items()],
        }
        for account, more in ((A, ["AWSServiceRoleForECS"]), (B, ["DeployRole"]), (C, []))
    }
    scenario["call"]["caller"]["arn"] = f"arn:aws:iam::{A}:user/u0"
    unread = [
        f"{part}:arn:aws:iam::{A}:{whose}"
        for part, whose in (
            ("identity", "user/u0"), ("boundary", "user/u1"), ("identity", "role/r0"),
            ("trust", "role/r1"),
        )
    ]  # fmt: skip
    organization: Any = draw(st.sampled_from([None, "unknown", "read", "read", "read"]))
    if organization == "read":
        unread += ["scp", "rcp"]
        organization = draw(_organizations())
    if organization is not None:
        scenario["organization"] = organization
    scenario["unknown"] = draw(st.lists(st.sampled_from(unread), unique=True, max_size=2))
    return scenario


def managed(name: str, document: Any, account: str = A) -> Json:
    """A managed policy of an account."""
    versions = [{"VersionId": "v1", "IsDefaultVersion": True, "Document": document}]
    arn = f"arn:aws:iam::{account}:policy/{name}"
    return {"PolicyName": name, "Arn": arn, "PolicyVersionList": versions}


@st.composite
def _organizations(draw: st.DrawFn) -> Json:
    """Two of the accounts or all, with SCPs and RCPs anywhere; one of them may manage it."""
    members = draw(st.sampled_from([[A, B], [A, B, C]]))
    places = [_ROOT, _UNIT, *members]
    somewhere = st.lists(st.sampled_from(places), min_size=1, max_size=2, unique=True)
    left_out = draw(st.sampled_from(["", "", *places]))
    full = {"Id": "p-FullAWSAccess", "Type": SCP, "Targets": [p for p in places if p != left_out]}
    attached = [
        {"Id": f"p-{kind}{n}", "Name": f"{kind}{n}", "Type": kind, "Content": text, "Targets": at}
        for kind, texts in ((SCP, _OWN), (RCP, _RCPS))
        for n, (text, at) in enumerate(draw(st.lists(st.tuples(texts, somewhere), max_size=2)))
    ]
    states = st.sampled_from(["ACTIVE", "ACTIVE", "ACTIVE", "SUSPENDED", "UNHEARD_OF"])
    return {
        "Id": "o-exampleorgid",
        "MasterAccountId": draw(st.sampled_from(["999999999999", "999999999999", A, B])),
        "Roots": [{"Id": _ROOT}],
        "OrganizationalUnits": [{"Id": _UNIT, "ParentId": _ROOT}],
        "Accounts": [
            {"Id": each, "ParentId": draw(st.sampled_from([_ROOT, _UNIT])), "Status": draw(states)}
            for each in members
        ],
        "Policies": [full, *attached],
    }
