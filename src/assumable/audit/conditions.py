"""What can be said of a condition without a call: whether its key is ever there, and which values.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from assumable.audit.ground import ASSUME_ROLE, SAML, WEB_IDENTITY, issuer_named
from assumable.engine.conditions import holds
from assumable.engine.context import KEYS
from assumable.engine.keys.providers import (
    SAML_MULTIVALUED,
    SAML_SINGLE_VALUED,
    SHARED_ISSUERS,
    keys_of,
)
from assumable.engine.open_items import OPEN_ITEMS
from assumable.engine.rules import action_matches
from assumable.engine.truth import Test
from assumable.findings.slips import ratio
from assumable.globs import has_wildcard
from assumable.model.assertion import BUILT_IN_PROVIDERS
from assumable.model.call import Absent, Present, Value
from assumable.model.policy import Condition, PrincipalEntry, Statement
from assumable.source import value_at

_TAGS = (
    "aws:principaltag/", "aws:requesttag/", "aws:resourcetag/", "iam:resourcetag/",
    "sts:requestcontext/",
)  # fmt: skip
_OF_SESSIONS = ("glue:", "saml:", "ec2:", "lambda:", "ssm:", "identitystore:")
"""Keys that may last from the call that made the caller's session, or that a service delivers."""
_OF_SIGNED = (
    "aws:principalarn", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths",
    "aws:principaltype", "aws:userid", "aws:username", "aws:principalisawsservice",
    "aws:principalservicename", "aws:principalservicenameslist", "aws:sourcearn",
    "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:multifactorauthpresent",
    "aws:multifactorauthage", "sts:externalid",
)  # fmt: skip
"""Keys that no call has which nobody signed (R1.21, R5.5)."""
MFA_KEYS = "aws:multifactorauth"
"""How the keys of MFA begin: whether there was any, and how long ago."""
_NO_MFA = Present(("false",), "no MFA")
_LIKE = 0.9
_ORG_ID = re.compile(r"o-[a-z0-9]{10,32}")
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")
_SESSION_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")
_ACCOUNT = re.compile(r"\d{12}")
_NO_STAR = (
    "sts:", "aws:principalarn", "aws:principalaccount", "aws:principalorg", "aws:principaltag/",
    "aws:requesttag/", "aws:tagkeys", "aws:sourcearn", "aws:sourceaccount", "aws:sourceorg",
    "aws:userid", "aws:username", "aws:resource",
)  # fmt: skip
"""Keys whose values never hold a wildcard's character: AWS does not take it in names, ids and tags,
and asks for `StringLike` where an ARN has one.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cross-service-confused-deputy-prevention.html
"""
_SHAPES = {
    "aws:principalorgid": (_ORG_ID, "the id of an organization, `o-…`"),
    "aws:principalaccount": (_ACCOUNT, "an account ID of 12 digits"),
    "aws:sourceaccount": (_ACCOUNT, "an account ID of 12 digits"),
    "sts:externalid": (_EXTERNAL_ID, "an external ID that AWS takes"),
    "sts:rolesessionname": (_SESSION_NAME, "a session name that AWS takes"),
}
"""https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html, and FACTS
section 4 for what is sent."""
_TEXTS = ("stringequals", "stringequalsignorecase", "stringlike")
_EXACT = ("stringequals", "stringequalsignorecase")
_NOT_EXACT = ("stringnotequals", "stringnotequalsignorecase")
_PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_SOURCE_ARN, _SOURCE_IP = "aws:sourcearn", "aws:sourceip"


class _Request:
    """A request that has these keys alone."""

    def __init__(self, keys: Mapping[str, Value]) -> None:
        self._keys = keys

    def get(self, key: str) -> Value:
        return self._keys.get(key) or Absent(f"{key} is not there")

    def value(self, name: str) -> Value:
        return self.get(name)

    def assumed(self, item: str) -> bool | None:
        return OPEN_ITEMS[item].default

    def takes(self, item: str) -> bool:
        return bool(OPEN_ITEMS[item].default)


def holds_without(condition: Condition) -> bool:
    """Whether a condition holds for a request that does not have its key (R6.5 to R6.8)."""
    return _holds(condition, {})


def requires_mfa(condition: Condition) -> bool:
    """Whether a condition on MFA holds for no caller without it, whose key may be false (U-11)."""
    key = condition.key.lower()
    if not key.startswith(MFA_KEYS) or holds_without(condition):
        return False
    return not _holds(condition, {"aws:multifactorauthpresent": _NO_MFA})


def stops_without_mfa(statement: Statement) -> bool:
    """Whether a Deny holds for every caller without MFA, whether its key is absent or false."""
    without: tuple[Mapping[str, Value], ...] = ({}, {"aws:multifactorauthpresent": _NO_MFA})
    return bool(statement.conditions) and all(
        condition.key.lower().startswith(MFA_KEYS) and all(_holds(condition, k) for k in without)
        for condition in statement.conditions
    )


def _holds(condition: Condition, keys: Mapping[str, Value]) -> bool:
    test = Test(condition.base, condition.qualifier, condition.if_exists, condition.values)
    return holds(test, condition.key, _Request(keys)) is True


def actions_of(statement: Statement) -> tuple[str, ...]:
    """By which calls one becomes the role through the statement."""
    mains = (ASSUME_ROLE, WEB_IDENTITY, SAML)
    return tuple(action for action in mains if action_matches(statement, action))


def why_absent(statement: Statement, condition: Condition, now: datetime) -> str:
    """Why no call that the statement is about has the condition's key; empty where one may."""
    key, kinds = condition.key.lower(), {entry.kind for entry in statement.principals or ()}
    if key.startswith(_TAGS):
        return ""
    if kinds and kinds <= {"Federated"} and ASSUME_ROLE not in actions_of(statement):
        return _absent_for_bearers(statement, key, condition.key, now)
    if key in KEYS or key.startswith(_OF_SESSIONS):
        return ""
    prefix, colon, claim = key.rpartition(":")
    if colon and "." in prefix:
        federated = "Federated" in kinds or "*" in kinds or claim in ("aud", "sub", "amr")
        return "" if federated else f"{condition.key} comes with web identity tokens alone"
    return _no_such_key(condition.key)


def _no_such_key(written: str) -> str:
    """That there is no such key; of those that AWS may have added only what looks like a slip."""
    key = written.lower()
    meant = next(filter(lambda known: _is_slip(key, known), sorted(KEYS)), "")
    if key.startswith("aws:") and not meant:
        return ""
    return f"no call to STS has the key {written}" + (f"; {meant} is one" if meant else "")


def _is_slip(key: str, known: str) -> bool:
    """Whether a key is another one with a slip: a letter or two, or another prefix."""
    if key.partition(":")[2] == known.partition(":")[2]:
        return True
    near = abs(len(key) - len(known)) <= 1 and ratio(key, known) >= _LIKE
    return near and key.rstrip("0123456789") != known.rstrip("0123456789")


def _absent_for_bearers(statement: Statement, key: str, written: str, now: datetime) -> str:
    if key in _OF_SIGNED:
        return f"{written} is only there where a caller signs, not for the bearer of a token"
    issuers = {_issuer(entry) for entry in statement.principals or ()}
    is_saml = "" in issuers
    if is_saml:
        known = key in KEYS or key in SAML_SINGLE_VALUED or key in SAML_MULTIVALUED
        return "" if known else f"no assertion gives the key {written}"
    prefix, _, claim = key.rpartition(":")
    if "." not in prefix:
        return "" if key in KEYS else _no_such_key(written)
    theirs = [issuer for issuer in issuers if issuer.lower() == prefix]
    if not theirs:
        return f"{written} is a key of another issuer than {' and '.join(sorted(issuers))}"
    if claim in keys_of(theirs[0], now):
        return ""
    return f"STS makes no key of the claim {claim} of {theirs[0]} (R5.14a)"


def _issuer(entry: PrincipalEntry) -> str:
    """The issuer of a provider of tokens; empty for one of assertions."""
    return entry.value if entry.value in BUILT_IN_PROVIDERS else issuer_named(entry)


def why_no_value(condition: Condition, *, variables: bool) -> str:
    """Why no value of the key can be one that the condition asks for; empty where one may."""
    key, like = condition.key.lower(), condition.base not in _EXACT
    values = condition.values
    if not values or (variables and any("${" in value for value in values)):
        return ""
    if condition.base in _EXACT and _never_wild(condition):
        named = condition.operator.rpartition(":")[2].removesuffix("IfExists")
        return f"{named} takes `*` and `?` literally, and {_no_value(key)} has them"
    if condition.base == "ipaddress" and key == _SOURCE_IP and all(map(is_private, values)):
        return "it is a public address; by a VPC endpoint there is aws:VpcSourceIp in its place"
    if condition.base not in (*_TEXTS, "arnlike", "arnequals"):
        return ""
    if key == "aws:principalarn" and all(":assumed-role/" in value for value in values):
        return "of a session it is the ARN of the role, never of the session (R2.3)"
    if key in ("aws:principalorgpaths", "aws:sourceorgpaths", "aws:resourceorgpaths"):
        ends = ("/", "*", "?") if like else ("/",)
        if not any(value.endswith(ends) for value in values):
            return "every path of an organization ends with `/`"
    shape = _SHAPES.get(key)
    if shape is not None and not any(has_wildcard(v) or shape[0].fullmatch(v) for v in values):
        return f"it is always {shape[1]}"
    return ""


def why_always(condition: Condition, *, variables: bool) -> str:
    """Why a condition that is to except somebody holds for everybody; empty where it may not."""
    if variables and any("${" in value for value in condition.values):
        return ""
    if condition.base in _NOT_EXACT and not condition.qualifier and _never_wild(condition):
        return (
            f"{condition.operator} on {condition.key} always holds: it takes `*` and `?` "
            f"literally, and {_no_value(condition.key.lower())} has them"
        )
    return ""


def _never_wild(condition: Condition) -> bool:
    """Whether each value has a wildcard, as no value of the key ever has."""
    key, values = condition.key.lower(), condition.values
    if _is_shared(key):
        return bool(values) and all("*" in value for value in values)
    return bool(values) and key.startswith(_NO_STAR) and all(map(has_wildcard, values))


def _no_value(key: str) -> str:
    if key == _SOURCE_ARN:
        return "no ARN that a service is known to send"
    return "no subject" if _is_shared(key) else "no value"


def is_only_usual(condition: Condition) -> bool:
    """Whether AWS does not say outright which values there are, though such are not known.

    So it is of the characters in ARNs that services send and in environments of GitHub, and of
    private addresses.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcearn
    """
    return condition.key.lower() in (_SOURCE_ARN, _SOURCE_IP) or any(
        ":environment:" in value for value in condition.values
    )


def is_private(network: str) -> bool:
    """Whether a network is one of those that nobody on the internet has (RFC 1918)."""
    try:
        given = ipaddress.IPv4Network(network, strict=False)
    except ValueError:
        return False
    return any(map(given.subnet_of, _PRIVATE))


def _is_shared(key: str) -> bool:
    prefix, _, claim = key.rpartition(":")
    return prefix in SHARED_ISSUERS and claim == "sub"


def renamed(document: Any, statement: Statement, condition: Condition, operator: str) -> Any:
    """The statement's conditions with one under another operator; None where one is there."""
    block = value_at(document, statement.pointer)["Condition"]
    left = {key: value for key, value in block[condition.operator].items() if key != condition.key}
    rest = {name: keys for name, keys in block.items() if name != condition.operator}
    known = next((name for name in rest if name.lower() == operator.lower()), operator)
    there = rest.get(known, {})
    if _holds_key(there, condition.key):
        return None
    asked = block[condition.operator][condition.key]
    return {
        **({condition.operator: left} if left else {}),
        **rest,
        known: {**there, condition.key: asked},
    }


def _holds_key(keys: Iterable[str], key: str) -> bool:
    return any(known.lower() == key.lower() for known in keys)
