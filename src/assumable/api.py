"""`assumable.why(...)`: the question of `assumable why`, asked from Python (docs/api.md)."""

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack, overload

import msgspec

from assumable.diagnose import Diagnosis, diagnose
from assumable.errors import InputError
from assumable.formats.bearer import Bearer, by_assertion, by_token
from assumable.formats.scenario import Scenario, parse_scenario, read_scenario
from assumable.question import Choice, as_assumed, assumptions, borne, signed
from assumable.source import Document

FilePath = str | os.PathLike[str]
File = FilePath | Mapping[str, Any]
"""A path, or what stands in such a file, parsed already."""


class Sources(TypedDict, total=False):
    """Where the world comes from; the AWS that runs where none of the files is named."""

    snapshot: FilePath | None
    older_snapshots: Sequence[FilePath]
    trust_policy: File | None
    caller_policies: Sequence[File]
    profile: str | None
    caller_profile: str | None
    role_profile: str | None
    org_profile: str | None
    region: str | None
    endpoint_url: str | None


class Parameters(TypedDict, total=False):
    """The parameters of AWS's own calls, in snake_case; None is the same as leaving one out.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """

    role_arn: str | None
    role_session_name: str | None
    external_id: str | None
    serial_number: str | None
    token_code: str | None
    duration_seconds: int | None
    source_identity: str | None
    tags: Mapping[str, str] | Sequence[Mapping[str, str]] | None
    transitive_tag_keys: Sequence[str] | None
    policy: str | Mapping[str, Any] | None
    policy_arns: Sequence[str | Mapping[str, str]] | None
    provided_contexts: Sequence[Mapping[str, str]] | None
    provider_id: str | None
    web_identity_token: str | None
    saml_assertion: str | None
    principal_arn: str | None
    target_principal: str | None
    task_policy_arn: str | Mapping[str, str] | None


class Asked(Sources, Parameters, total=False):
    """A question in a world of its own choice."""

    caller: str | None
    via: Sequence[str]
    time: datetime | str | None


Decided = Mapping[str, str]
Expected = Literal["allowed", "denied"]

_BEARERS = ("web_identity_token", "saml_assertion")
_ARGUMENTS = {name.replace("_", "-"): name for name in Asked.__annotations__} | {
    "scenario": "scenario", "assume": "assume", "expect": "expect", "like": "like",
    "caller-policy": "caller_policies", "older-snapshot": "older_snapshots",
}  # fmt: skip
_FLAG = re.compile(r"--([a-z][a-z-]*[a-z])(?: (?:FILE|DIR)\b)?")


@overload
def why(
    *,
    scenario: File,
    assume: Decided | None = None,
    expect: Expected | None = None,
    like: str | None = None,
) -> Diagnosis: ...
@overload
def why(
    *,
    assume: Decided | None = None,
    expect: Expected | None = None,
    like: str | None = None,
    **asked: Unpack[Asked],
) -> Diagnosis: ...
def why(
    *,
    scenario: File | None = None,
    assume: Decided | None = None,
    expect: Expected | None = None,
    like: str | None = None,
    **asked: Unpack[Asked],
) -> Diagnosis:
    """Why the call passes or fails, and what would fix it.

    `scenario` holds a world and a call. Else `snapshot`, or `trust_policy` and `caller_policies`,
    are the world of the call that `caller` makes with the parameters given; without them AWS is
    read, with the credentials of the profiles. InputError for what cannot be understood,
    UnreadableError where AWS cannot be read at all; each says it in one line.
    """
    unexpected = asked.keys() - Asked.__annotations__.keys()
    if unexpected:
        raise TypeError(f"why() got an unexpected keyword argument {min(unexpected)!r}")
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    with _in_our_words():
        if expect not in (None, "allowed", "denied"):
            raise InputError(f"`{expect}` is no verdict to expect", "--expect", "allowed or denied")
        decided = assumptions(f"{item}={value}" for item, value in (assume or {}).items())
        found, notes = (
            _of_scenario(scenario, given) if scenario is not None else _asked(given, like)
        )
        world, call = as_assumed(found, decided)
        diagnosis = diagnose(world, call, expected=expect or "", like=like or "")
        own = (_FLAG.sub(_argument, note) for note in notes)
        return msgspec.structs.replace(diagnosis, notes=(*diagnosis.notes, *own))


def _of_scenario(scenario: File, given: Mapping[str, Any]) -> tuple[Scenario, tuple[str, ...]]:
    if given:
        raise InputError("a scenario holds its own call", "--scenario", f"leave out {min(given)}")
    now, file = datetime.now(UTC), _file(scenario, "scenario")
    if isinstance(file, Document):
        return parse_scenario(file, now=now), ()
    return read_scenario(file, now=now), ()


def _asked(given: Mapping[str, Any], like: str | None) -> tuple[Scenario, tuple[str, ...]]:
    """The scenario of a call in a world, and notes on its token or assertion."""
    now, parameters = _moment(given.get("time")), _parameters(given)
    choice = msgspec.structs.replace(_choice(given), like=like)
    choice.refuse_mixture()
    bearer = _bearer(given, parameters, now)
    if bearer is None:
        scenario = signed(choice, parameters, now=now)
    else:
        scenario = borne(choice, parameters, bearer, now=now)
    older = given.get("older_snapshots", ())
    if older:
        from assumable.formats import dump

        former = dump.with_former(scenario.world, [Path(folder) for folder in older])
        scenario = scenario._replace(world=former)
    return scenario, bearer.notes if bearer else ()


def _choice(given: Mapping[str, Any]) -> Choice:
    names = [name for name in Choice.__struct_fields__ if name in given]
    found = {name: given[name] for name in names}
    if "snapshot" in found:
        found["snapshot"] = Path(found["snapshot"])
    if "trust_policy" in found:
        found["trust_policy"] = _file(found["trust_policy"], "trust_policy")
    found["caller_policy"] = tuple(
        _file(policy, f"caller_policies[{number}]")
        for number, policy in enumerate(_several(given, "caller_policies"))
    )
    found["via"] = tuple(_several(given, "via"))
    return Choice(**found)


def _several(given: Mapping[str, Any], name: str) -> Sequence[Any]:
    """A list; InputError for one value where several are asked for: a text has letters."""
    value = given.get(name, ())
    if isinstance(value, str | Mapping | os.PathLike):
        raise InputError("must be a list", name)
    return list(value)


def _file(value: File, name: str) -> Path | Document:
    """A path, or the text of what was parsed already: its lines are those that findings name."""
    if not isinstance(value, Mapping):
        return Path(value)
    try:  # the SDK's answers have times in them
        text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    except ValueError:  # it holds itself
        raise InputError("is no JSON document", name) from None
    return Document(name, text, "json")


def _moment(time: datetime | str | None) -> datetime:
    """The time of the call: now, if it is not said."""
    if isinstance(time, str):
        try:
            time = datetime.fromisoformat(time)
        except ValueError:
            help_text = "2026-11-23T12:00:00Z"
            raise InputError("is not a time in ISO 8601", "--time", help_text) from None
    time = time or datetime.now(UTC)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters under the API's names; what a token or assertion says is no parameter."""
    names = [name for name in Parameters.__annotations__ if name in given and name not in _BEARERS]
    found = {"".join(map(str.title, name.split("_"))): given[name] for name in names}
    if isinstance(found.get("Tags"), Mapping):
        found["Tags"] = [{"Key": key, "Value": value} for key, value in found["Tags"].items()]
    for name in ("Tags", "TransitiveTagKeys", "ProvidedContexts"):
        if isinstance(found.get(name), tuple):
            found[name] = list(found[name])
    if isinstance(found.get("Policy"), Mapping):
        found["Policy"] = json.dumps(found["Policy"])
    if "PolicyArns" in found:
        found["PolicyArns"] = list(map(_described, _several(given, "policy_arns")))
    if "TaskPolicyArn" in found:
        found["TaskPolicyArn"] = _described(found["TaskPolicyArn"])
    return found


def _described(policy_arn: str | Mapping[str, str]) -> Mapping[str, str]:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_PolicyDescriptorType.html"""
    return {"arn": policy_arn} if isinstance(policy_arn, str) else policy_arn


def _bearer(given: Mapping[str, Any], parameters: dict[str, Any], now: datetime) -> Bearer | None:
    """The caller that a token or an assertion describes; None when credentials sign the call."""
    said = [name for name in (*_BEARERS, "caller", "caller_policies") if given.get(name)]
    principal_arn = parameters.pop("PrincipalArn", None)
    if principal_arn and "saml_assertion" not in said:
        raise InputError("--principal-arn goes with --saml-assertion")
    if not said or said[0] not in _BEARERS:
        return None
    if len(said) > 1:
        raise InputError(f"{said[0]} is the caller", "", f"leave out {said[1]}")
    if said[0] == "web_identity_token":
        from assumable.formats.token import claims_of

        return by_token(claims_of(_bytes(given[said[0]])), now)
    from assumable.formats.assertion import assertion_of

    assertion, role_arn = assertion_of(_bytes(given[said[0]])), parameters.get("RoleArn")
    return by_assertion(assertion, now, role_arn=role_arn, principal_arn=principal_arn)


def _bytes(secret: str) -> bytes:
    return secret.encode(errors="replace")


@contextlib.contextmanager
def _in_our_words() -> Iterator[None]:
    """Errors that name a flag of the command line name the argument instead."""
    try:
        yield
    except InputError as error:
        parts = error.message, error.where, error.help_text
        message, where, help_text = (_FLAG.sub(_argument, part) for part in parts)
        raise InputError(message, where, help_text) from None


def _argument(flag: re.Match[str]) -> str:
    return _ARGUMENTS.get(flag[1], flag[0])
