"""What people and attackers feed in: odd values, and valid scenarios with a few things broken."""

import copy
import functools
import json
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from tests.reference.generator import scenario as generated
from tests.worlds import DEPLOYER, ROLE, A, B, classic

SCENARIOS = Path(__file__).parent.parent / "scenarios"

TEXTS = (
    "", " ", "*", "?", "**", "a" * 3000, "*a" * 200 + "b", "\x00", "\x1b[2J", "a\nb", "a\r\nb",
    "\u202e", "\ufeff", "\ud800", "\u2028", "\U0001f600", "\u0661\u0662\u0663", "é", "-", "--", "/",
    "//", ":", "::::::", "~", "~0~1", "{}", "[]", "null", "true", "0", "-1", "1e999", "NaN",
    "Infinity", "9" * 400, "0x10", "1_000", "²", "٣٦٠٠", "arn", "arn:", "arn:aws", "arn:aws:iam::",
    "arn:aws:iam::*:role/*", f"arn:aws:iam::{A}:root", f"arn:aws:iam::{A}:user/", DEPLOYER, ROLE,
    f"arn:aws:iam::{B}:role/", f"arn:aws:iam::{B}:role/a//b", f"arn:aws:sts::{A}:assumed-role/x",
    f"arn:aws:sts::{A}:assumed-role/x/y", f"arn:aws:sts::{A}:assumed-role//", "arn:::::",
    f"arn:aws:sts::{A}:federated-user/x", "arn:aws:iam::aws:policy/AdministratorAccess",
    f"arn:aws:iam::{A}:oidc-provider/token.actions.githubusercontent.com",
    f"arn:aws:iam::{A}:saml-provider/x", A, B, "1" * 11, "AIDAAAAAAAAAAAAAAAAAA",
    "AROAAAAAAAAAAAAAAAAAA:x", "${aws:username}", "${aws:username", "${}", "${aws:x, 'y'}",
    "${*}", "$", "${aws:PrincipalTag/${aws:username}}", "%7B%7D", "%", "%ED%A0%80", '{"a":1,"a":2}',
    "sts:*", "STS:assumerole", "sts:AssumeRole", "ec2.amazonaws.com", "unknown", "organization",
    f"account:{A}", f"trust:{ROLE}", f"identity:{DEPLOYER}", f"boundary:{DEPLOYER}",
    "context:aws:SourceIp", "endpoint", "2026-11-23T12:00:00Z", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59", "2026-11-23", "+00:00", "1/0", "10.0.0.0/8", "10.0.0.0/99", "::/0",
    "0.0.0.0/-1", "fe80::1%eth0", "ForAllValues:StringLike", "StringEqualsIfExists", "Null",
    "Bool", "DateLessThan", "IpAddress", "NumericEquals", "ArnLike", "BinaryEquals", "Version",
    "aws:SourceIp", "aws:CurrentTime", "aws:EpochTime", "aws:TagKeys", "aws:RequestTag/team",
    "aws:MultiFactorAuthAge", "sts:ExternalId", "sts:RoleSessionName", "https://aws.amazon.com/tags",
    "https://aws.amazon.com/roles", "https://aws.amazon.com/source_identity",
)  # fmt: skip
NUMBERS = (
    0, -1, 1, 900, 3600, 43201, 2**31, 2**63, 2**64, -(2**63) - 1, 10**40, 10**4000, 0.5, -0.0,
    1e308, 5e-324, 1e22, 123456789012,
)  # fmt: skip
KEYS = (
    "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource",
    "Condition", "Sid", "Statement", "Version", "Id", "AWS", "Federated", "Service",
    "CanonicalUser", "StringEquals", "Path", "Arn", "Tags", "Key", "Value", "RoleArn",
    "RoleSessionName", "DurationSeconds", "ExternalId", "SerialNumber", "TokenCode",
    "TransitiveTagKeys", "SourceIdentity", "Policy", "PolicyArns", "ProvidedContexts", "arn",
    "service", "claims", "assertion", "session", "policy", "policy_arns", "mfa", "age", "iss",
    "sub", "aud", "exp", "iat", "amr", "nbf", "NotOnOrAfter", "SessionNotOnOrAfter", "saml:aud",
    "saml:sub", "unknown", "context", "network", "organization", "chain", "time", "PrincipalArn",
    "https://aws.amazon.com/SAML/Attributes/Role",
    "https://aws.amazon.com/SAML/Attributes/RoleSessionName",
    "https://aws.amazon.com/SAML/Attributes/SessionDuration",
    "https://aws.amazon.com/SAML/Attributes/PrincipalTag:team",
    "https://aws.amazon.com/SAML/Attributes/TransitiveTagKeys",
    "https://aws.amazon.com/SAML/Attributes/SourceIdentity",
    "https://aws.amazon.com/tags", "https://aws.amazon.com/tags/principal_tags/team",
    "https://aws.amazon.com/tags/transitive_tag_keys", "https://aws.amazon.com/source_identity",
    "https://aws.amazon.com/roles", "principal_tags", "transitive_tag_keys",
)  # fmt: skip

texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=8))
keys = st.one_of(st.sampled_from(KEYS), texts)
scalars = st.one_of(
    st.none(), st.booleans(), st.sampled_from(NUMBERS), st.integers(), st.floats(), texts
)
values = st.recursive(
    scalars,
    lambda below: st.one_of(st.lists(below, max_size=4), st.dictionaries(keys, below, max_size=4)),
    max_leaves=8,
)
objects = st.dictionaries(keys, values, max_size=6)
deep = st.integers(1, 200).map(lambda depth: json.loads("[" * depth + "]" * depth))
anything = st.one_of(values, deep)


@functools.cache
def seeds() -> tuple[dict[str, Any], ...]:
    """Valid scenarios of every kind, small ones first."""
    files = sorted(SCENARIOS.glob("*/*.yaml"))
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in files]
    found += [generated(seed) for seed in range(40)]
    as_json = [json.loads(json.dumps(scenario, default=str)) for scenario in [classic(), *found]]
    return tuple(sorted(as_json, key=lambda scenario: len(json.dumps(scenario))))


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in a value with each of its keys or positions, in document order."""
    found: list[tuple[Any, Any]] = []
    if not isinstance(value, dict | list):
        return found
    below = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for key, item in below:
        found.append((value, key))
        if isinstance(item, dict | list):
            found.extend(places(item))
    return found


def mutate(value: Any, draw: st.DrawFn, times: int) -> Any:
    """A copy of the value with some of its parts replaced, removed, renamed, copied or spliced."""
    value = copy.deepcopy(value)
    for _ in range(times):
        found = places(value)
        if not found:
            break
        parent, key = found[draw(st.integers(0, len(found) - 1))]
        _change(value, parent, key, draw)
    return value


def _change(value: Any, parent: Any, key: Any, draw: st.DrawFn) -> None:
    old = parent[key]
    match draw(st.sampled_from(("replace", "remove", "rename", "add", "wrap", "copy", "splice"))):
        case "replace":
            parent[key] = draw(anything)
        case "remove":
            del parent[key]
        case "rename" if isinstance(parent, dict):
            parent[draw(keys)] = parent.pop(key)
        case "add" if isinstance(old, dict):
            old[draw(keys)] = draw(anything)
        case "add" if isinstance(old, list):
            old.append(draw(anything))
        case "copy":  # the value of another place
            found = places(value)
            source, name = found[draw(st.integers(0, len(found) - 1))]
            parent[key] = copy.deepcopy(source[name])
        case "splice" if isinstance(old, str) and old:
            at = draw(st.integers(0, len(old)))
            parent[key] = old[:at] + draw(texts) + old[at:]
        case "splice" if isinstance(old, int):
            parent[key] = draw(st.sampled_from(NUMBERS))
        case _:
            parent[key] = [old, draw(anything)]


@st.composite
def broken_scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """A valid scenario with one to four mistakes."""
    found = seeds()
    seed = found[draw(st.integers(0, len(found) - 1))]
    broken: dict[str, Any] = mutate(seed, draw, draw(st.integers(1, 4)))
    return broken
