"""Worlds and calls under pseudonyms, before anything is decided about them.

Names of principals, policies, organizations, providers and repositories, account and unique ids,
external IDs, tag values and addresses are replaced. What AWS defines stays: actions, condition
keys, service principals, Regions, its managed policies; tag keys stay as well.
"""

import json
import re
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from assumable import arn
from assumable.formats.pseudonyms import Pseudonyms
from assumable.formats.redact_client import redact_block, redact_client
from assumable.formats.scenario import Scenario, parse_scenario
from assumable.formats.writing import pretty
from assumable.model.call import Absent, Call, Present, ServiceCaller
from assumable.model.client import Client
from assumable.model.policy import Layer, Policy, PolicyName, parse_policy
from assumable.model.world import Node, Unknown, World
from assumable.source import Document, Location

NAME = "redacted scenario"
_NO_EVIDENCE = ("title", "source", "error_text", "established")
"""Free text of a scenario, which says more than the case needs."""
_EXPECTED = ("verdict", "causes", "any_of", "accept", "notes", "fixable")
_AS_IT_IS = frozenset((
    "scenario", "time", "api", "credentials", "endpoint", "region", "RegionName", "OptInStatus",
    "RegionOptStatus", "Type", "Status", "Version", "Effect", "Action", "NotAction", "CreateDate",
    "UpdateDate", "PasswordLastUsed", "VersionId", "DefaultVersionId", "IsDefaultVersion",
    "ServiceName", "FeatureSet", "mfa", "mfa_code", "issued_at", "expires_at", "expect",
    "ServicePrincipal", "Service", "service", "JoinedMethod", "JoinedTimestamp",
    "DelegationEnabledDate", "transitive_tag_keys", "TransitiveTagKeys", "Key", "DurationSeconds",
    "MaxSessionDuration", "AvailablePolicyTypes", "PolicyTypes",
))  # fmt: skip
"""Members of documents that hold no names."""
_DOCUMENTS = (
    "AssumeRolePolicyDocument",
    "PolicyDocument",
    "Document",
    "Content",
    "Policy",
    "policy",
)
_PLAIN_CLAIMS = re.compile(
    r"iat|exp|nbf|(Session)?NotOnOrAfter|.*(SessionDuration|TransitiveTagKeys|transitive_tag_keys)"
)
"""Times, durations and tag keys among claims and attributes."""
_AWS_MANAGED = re.compile(r"arn:[a-z-]+:iam::aws:policy/.*")
_TYPED = re.compile(r"(?:for(?:all|any)values?:)?(?:numeric|date|bool|null)", re.IGNORECASE)
"""Operators that compare no texts."""
_WORDS_OF_AWS = frozenset((
    "aws:tagkeys", "sts:transitivetagkeys", "aws:calledvia", "aws:calledviafirst",
    "aws:calledvialast", "aws:principaltype", "aws:principalservicename",
    "aws:principalservicenameslist", "aws:requestedregion", "sts:awsservicename",
    "iam:passedtoservice",
))  # fmt: skip
_MENTIONED = re.compile(
    r"arn:aws[a-z-]*:[^\s,;`']+|(?<!\d)\d{12}(?!\d)|(?<=policies of group )[^\s,]+"
    r"|^(?!the )[^,]+(?=, which is malformed)|(?<=DescribePolicy on )\S+"
)
"""Names in what is said of a part that was not read: it may be all that is known of it."""
_FIELDS_AS_THEY_ARE = frozenset((
    "api", "credentials", "region", "endpoint", "regions", "unlisted", "transitive_tag_keys",
    "principal", "assumptions", "layer", "time", "input_pointer", "document",
))  # fmt: skip
"""Fields of the model that hold no names."""


class Redacted(NamedTuple):
    """A scenario under pseudonyms, and what turns other texts into the same ones."""

    scenario: Scenario
    pseudonyms: Pseudonyms


def redact(world: World, call: Call) -> Redacted:
    """World and call with every name replaced, consistently."""
    if world.document is not None:
        document, pseudonyms = redact_document(world.document)
        parsed = parse_scenario(Document(NAME, pretty(document)), now=call.time)
        changed = msgspec.structs.replace(parsed.call, assumptions=call.assumptions)
        return Redacted(Scenario(parsed.world, changed), pseudonyms)
    texts: list[str] = []
    collect = _collector(texts)

    def mentioned(text: str) -> str:
        """A sentence names what is known nowhere else."""
        for found in _MENTIONED.finditer(text):
            collect(found[0])
        return text

    _Model(collect, mentioned).value((world, call))
    pseudonyms = Pseudonyms(texts)
    new_world, new_call = _Model(pseudonyms.of, pseudonyms.prose).value((world, call))
    return Redacted(Scenario(new_world, new_call), pseudonyms)


def redact_document(document: Any) -> tuple[Any, Pseudonyms]:
    """A scenario document with every name replaced; free text that is no evidence is left out."""
    kept = {key: value for key, value in document.items() if key not in _NO_EVIDENCE}
    if isinstance(kept.get("expect"), dict):  # a variant may be the name of a level
        kept["expect"] = {k: v for k, v in kept["expect"].items() if k in _EXPECTED}
    texts: list[str] = []
    _Json(_collector(texts)).value(kept)
    pseudonyms = Pseudonyms(texts)
    return _Json(pseudonyms.of).value(kept), pseudonyms


def _collector(texts: list[str]) -> Callable[[str], str]:
    def collect(text: str) -> str:
        texts.append(text)
        return text

    return collect


class _Json:
    """Rewrites JSON values; `rename` makes another name of a name."""

    def __init__(self, rename: Callable[[str], str]) -> None:
        self.rename = rename

    def value(self, value: Any) -> Any:
        """A value of a scenario, a dump, a policy or the parameters of a call."""
        if isinstance(value, dict):
            managed = str(value.get("PolicyArn", value.get("Arn", "")))
            if _AWS_MANAGED.fullmatch(managed):
                return value
            return {self._key(key): self._member(key, item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, int) and arn.ACCOUNT_ID.fullmatch(str(value)):
            return self.rename(str(value))  # an account ID without quotes
        return self.rename(value) if isinstance(value, str) else value

    def _compared(self, value: Any) -> Any:
        """Values that policies compare as texts, numbers among them."""
        if isinstance(value, list):
            return [self._compared(item) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.rename(str(value))
        return self.value(value)

    def _key(self, key: str) -> str:
        is_name = arn.ACCOUNT_ID.fullmatch(key) or arn.UNIQUE_ID.fullmatch(key)
        return self.rename(key) if is_name else key

    def _member(self, key: str, value: Any) -> Any:
        if key in _AS_IT_IS:
            return value
        if key == "client" and isinstance(value, dict):
            return redact_block(value, self.rename)
        if key == "Condition" and isinstance(value, dict):
            return {op: self._block(op, block) for op, block in value.items()}
        if key == "context" and isinstance(value, dict):
            return self._block("", value)
        if key in ("claims", "assertion", "tags") and isinstance(value, dict):
            return self.asserted(value)
        if key == "unknown" and isinstance(value, list):
            return [self._unknown(item) if isinstance(item, str) else item for item in value]
        if key in _DOCUMENTS and isinstance(value, str):
            return self._text_document(value)
        return self.value(value)

    def _block(self, operator: str, block: Any) -> Any:
        if not isinstance(block, dict):
            return block
        return {
            self.condition_key(key): values
            if _TYPED.match(operator) or key.lower() in _WORDS_OF_AWS
            else self._compared(values)
            for key, values in block.items()
        }

    def condition_key(self, key: str) -> str:
        """A condition key; one of an identity provider begins with its name."""
        issuer, colon, claim = key.rpartition(":")
        return f"{self.rename(issuer)}{colon}{claim}" if "." in issuer else key

    def asserted(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Claims, attributes or tags: the keys stay."""
        return {
            key: value if _PLAIN_CLAIMS.fullmatch(key) else self._plain(value)
            for key, value in values.items()
        }

    def _plain(self, value: Any) -> Any:
        return self.asserted(value) if isinstance(value, dict) else self._compared(value)

    def _unknown(self, item: str) -> str:
        kind, colon, name = item.partition(":")
        if kind == "context":
            return f"{kind}{colon}{self.condition_key(name)}"
        return f"{kind}{colon}{self.rename(name)}"

    def _text_document(self, text: str) -> str:
        """A policy given as text, perhaps URL-encoded; what is no JSON is taken as it is."""
        plain = urllib.parse.unquote(text) if text.lstrip()[:1] == "%" else text
        try:
            document = json.loads(plain)
        except (ValueError, RecursionError):
            return self.rename(plain)
        if not isinstance(document, dict):
            return self.rename(plain)
        compact = "\n" not in plain and ", " not in plain
        separators = (",", ":") if compact else None
        return json.dumps(self.value(document), ensure_ascii=False, separators=separators)


class _Model:
    """Rewrites worlds and calls that come from no scenario."""

    def __init__(self, rename: Callable[[str], str], prose: Callable[[str], str]) -> None:
        self.rename, self.prose = rename, prose
        self.json = _Json(rename)

    def value(self, value: Any) -> Any:
        """A part of a world or a call."""
        match value:
            case str():
                return value if value == arn.NOBODY else self.rename(value)
            case Unknown() | Absent() | Policy() | PolicyName() | Present() | Node():
                return self._special(value)
            case ServiceCaller():
                return value
            case Client():
                return redact_client(value, self.rename, self.json.value)
            case msgspec.Struct():
                return self._struct(value)
            case Mapping():
                return {self._key(key): self.value(item) for key, item in value.items()}
            case tuple() | frozenset():
                return type(value)(map(self.value, value))
            case _:
                return value

    def _key(self, key: Any) -> Any:
        """ARNs, account, unique and node ids are names; the keys of tags are not."""
        is_id = arn.ACCOUNT_ID.fullmatch(key) or arn.UNIQUE_ID.fullmatch(key)
        is_name = is_id or re.match(r"arn:|o-|r-|ou-|vpce-", key)
        return self.rename(key) if is_name else key

    def _struct(self, value: msgspec.Struct) -> Any:
        fields: dict[str, Any] = {}
        for name in value.__struct_fields__:
            given = getattr(value, name)
            if name in _FIELDS_AS_THEY_ARE:
                continue
            if name == "parameters":
                fields[name] = self.json.value(dict(given))
            elif name in ("claims", "assertion"):
                fields[name] = self.json.asserted(given)
            elif name == "overrides":
                fields[name] = {
                    self.json.condition_key(key): item if key in _WORDS_OF_AWS else self.value(item)
                    for key, item in given.items()
                }
            else:
                fields[name] = self.value(given)
        return msgspec.structs.replace(value, **fields)

    def _special(self, value: Any) -> Any:
        match value:
            case Unknown():
                is_name = value.settle.startswith("organizations:DescribePolicy")
                what = (self.rename if is_name else self.prose)(value.what)
                settle = self.prose(value.settle)
                return msgspec.structs.replace(value, what=what, settle=settle)
            case Absent():
                return Absent(self.prose(value.reason))
            case Present():
                values = tuple(map(self.rename, value.values))
                reason = self.prose(value.reason)
                return msgspec.structs.replace(value, values=values, reason=reason)
            case Node():
                changed = {k: self.rename(getattr(value, k)) for k in ("id", "name", "parent")}
                return msgspec.structs.replace(value, **changed)
            case PolicyName():
                return self._policy_name(value)
            case _:
                return self._policy(value)

    def _policy_name(self, name: PolicyName) -> PolicyName:
        """Labels such as `the trust policy of X` are prose, names of policies are not."""
        labelled = name.layer in (Layer.TRUST, Layer.SESSION, Layer.VPC_ENDPOINT)
        kept = name.account == "aws" or _AWS_MANAGED.fullmatch(name.arn)
        shown = self.prose(name.name) if labelled else self.rename(name.name)
        return PolicyName(
            layer=name.layer,
            name=name.name if kept else shown,
            owner=self.rename(name.owner),
            arn=self.rename(name.arn),
            account=self.rename(name.account),
        )

    def _policy(self, policy: Policy) -> Policy:
        name = self._policy_name(policy.name)
        if policy.name.account == "aws":
            return msgspec.structs.replace(policy, name=name)
        value = self.json.value(policy.document)
        document = Document(name.name, pretty(value))
        return parse_policy(document.value, name, Location(document))
