"""The options of `assumable why` for callers that sign nothing: tokens and assertions."""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
import msgspec

from assumable.diagnose import Diagnosis
from assumable.errors import InputError
from assumable.formats.scenario import Scenario
from assumable.model.assertion import SAML_ROLE
from assumable.model.call import Api, Call, Network, SamlCaller, WebIdentityCaller
from assumable.model.world import Unknown

SEVERAL = ("--github", "--eks", "--gitlab")
"""Flags that take several words."""
BEARERS = ("web_identity_token", "saml_assertion", "github", "eks", "gitlab")
_SIGNED = ("caller", "caller_policy")
_JWT, _BASE64 = re.compile(rb"\s*[\w.=-]+\s*"), re.compile(rb"[\w+/\s]+=*\s*")
_MOST = 200_000
"""Bytes, more than STS takes of either."""
_PLACEHOLDER = re.compile(r"(--web-identity-token|--saml-assertion) file://(?:TOKEN|ASSERTION)$")
F = TypeVar("F", bound=Callable[..., Any])


class Bearer(NamedTuple):
    """A caller that signs nothing, and what its token or assertion says of the call."""

    api: Api
    caller: WebIdentityCaller | SamlCaller
    parameters: Mapping[str, Any]
    """Those that follow from the assertion."""
    unsaid: Mapping[str, Unknown]
    """By condition key: what the token may carry without our knowing."""
    notes: tuple[str, ...]
    file: str = ""
    """The file that holds it and nothing else, so that the `aws` command can read it there."""


def token_options(command: F) -> F:
    """Adds the options to a command."""
    word = "KEY=VALUE"
    for option in reversed((
        click.option("--web-identity-token", help="A JWT, a file that holds one, or -."),
        click.option("--saml-assertion", help="A SAMLResponse in base64, a file, or -."),
        click.option("--principal-arn", help="The SAML provider, unless the assertion names it."),
        click.option("--github", multiple=True, metavar=word, help="The token of a GitHub job."),
        click.option("--eks", multiple=True, metavar=word, help="The token of an EKS pod (IRSA)."),
        click.option("--gitlab", multiple=True, metavar=word, help="The token of a GitLab job."),
        click.option("--time", help="When the call was made, in ISO 8601; now by default."),
    )):  # fmt: skip
        command = option(command)
    return command


def moment_of(options: Mapping[str, Any]) -> datetime:
    """The time of the call; an old token is expired now, and was not when it was used."""
    if not options["time"]:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(options["time"])
    except ValueError:
        raise InputError("is not a time in ISO 8601", "--time", "2026-11-23T12:00:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def bearer_of(options: Mapping[str, Any], flags: Mapping[str, Any], now: datetime) -> Bearer | None:
    """The caller that the options describe; None when credentials sign the call."""
    given = [_flag(name) for name in BEARERS if options[name]]
    if not given:
        if options["principal_arn"]:
            raise InputError("--principal-arn goes with --saml-assertion")
        return None
    if len(given) > 1:
        raise InputError(f"choose one of {' and '.join(given)}")
    for name in _SIGNED:
        if options[name]:
            raise InputError(f"{given[0]} is the caller", "", f"leave out {_flag(name)}")
    if options["saml_assertion"]:
        bearer = _by_assertion(options, flags, now)
        return bearer._replace(file=_file_of(options["saml_assertion"], _BASE64))
    if options["principal_arn"]:
        raise InputError("--principal-arn goes with --saml-assertion")
    if options["web_identity_token"]:
        bearer = _by_token(options["web_identity_token"], now)
        return bearer._replace(file=_file_of(options["web_identity_token"], _JWT))
    name = given[0].removeprefix("--")
    return _by_description(name, options[name])


def _file_of(value: str, whole: re.Pattern[bytes]) -> str:
    """The file that an option named, if all of it is what AWS takes; a pipe is read only once."""
    path = Path(value.removeprefix("file://"))
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return str(path) if whole.fullmatch(file.read(_MOST)) else ""
    except (OSError, ValueError):  # too long a name, for one, as tokens are
        return ""


def with_file(diagnosis: Diagnosis, file: str) -> Diagnosis:
    """The diagnosis with the name of the file in its commands, where a placeholder stands."""
    if not file:
        return diagnosis
    named = shlex.quote(f"file://{file}")

    def in_each(commands: Iterable[str]) -> tuple[str, ...]:
        return tuple(_PLACEHOLDER.sub(lambda found: f"{found[1]} {named}", c) for c in commands)

    replace = msgspec.structs.replace
    return replace(
        diagnosis,
        plans=tuple(replace(plan, commands=in_each(plan.commands)) for plan in diagnosis.plans),
        fixes=tuple(replace(fix, commands=in_each(fix.commands)) for fix in diagnosis.fixes),
        findings=tuple(
            replace(
                found,
                fixes=tuple(replace(fix, commands=in_each(fix.commands)) for fix in found.fixes),
            )
            for found in diagnosis.findings
        ),
    )


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _by_token(value: str, now: datetime) -> Bearer:
    from assumable.formats.token import read_token

    claims = read_token(value)
    expires = datetime.fromtimestamp(claims["exp"], UTC)
    return Bearer(
        api="AssumeRoleWithWebIdentity",
        caller=WebIdentityCaller(claims=claims),
        parameters={},
        unsaid={},
        notes=tuple(_caveats("token", expires, now)),
    )


def _caveats(what: str, expires: datetime, now: datetime) -> Iterator[str]:
    yield f"the signature of the {what} was not verified"
    if expires <= now:
        yield (
            f"the {what} has expired: --time, with a moment before {expires:%Y-%m-%dT%H:%M:%SZ}, "
            "decides the call as of then"
        )


def _by_description(issuer: str, words: Sequence[str]) -> Bearer:
    from assumable.formats.claims import eks, github, gitlab

    found = {"github": github, "eks": eks, "gitlab": gitlab}[issuer](words)
    caller = WebIdentityCaller(claims=found.claims)
    host = found.claims["iss"].removeprefix("https://")
    unsaid = {f"{host}:{claim}".lower(): unknown for claim, unknown in found.unsaid.items()}
    return Bearer("AssumeRoleWithWebIdentity", caller, {}, unsaid, found.notes)


def _by_assertion(options: Mapping[str, Any], flags: Mapping[str, Any], now: datetime) -> Bearer:
    from assumable.formats.assertion import about_provider, chosen, read_assertion

    found = read_assertion(options["saml_assertion"])
    void = bool(found.asserted[SAML_ROLE])
    pair = chosen(found.pairs, flags.get("RoleArn"), options["principal_arn"], void=void)
    asserted = {**found.asserted, **about_provider(found.asserted, pair.provider)}
    expires = datetime.fromisoformat(found.asserted["NotOnOrAfter"])
    unsaid = {
        key.lower(): Unknown(f"whether AWS makes {key} of this assertion", "AWS's own answer")
        for key in found.doubtful
    }
    return Bearer(
        api="AssumeRoleWithSAML",
        caller=SamlCaller(assertion=asserted, provider=pair.provider),
        parameters={"RoleArn": pair.role, "PrincipalArn": pair.provider},
        unsaid=unsaid,
        notes=(*_caveats("assertion", expires, now), *found.notes),
    )


def asked(
    options: Mapping[str, Any], flags: Mapping[str, Any], bearer: Bearer, now: datetime
) -> Scenario:
    """The call of a bearer in the world that the options choose: only the role's side counts."""
    from assumable.engine.keys.federation import is_mapped
    from assumable.formats import dump

    parameters = {**flags, **bearer.parameters}
    if "RoleArn" not in parameters:
        raise InputError("--role-arn is missing")
    call = Call(
        api=bearer.api,
        caller=bearer.caller,
        parameters=parameters,
        network=Network(region=options["region"], assumed=True),
        time=now,
    )
    mapped = isinstance(bearer.caller, SamlCaller)
    overrides = {
        key: value for key, value in bearer.unsaid.items() if mapped or is_mapped(call, key)
    }
    call = msgspec.structs.replace(call, overrides=overrides)
    if options["snapshot"]:
        return Scenario(dump.read_snapshot(options["snapshot"]), call)
    if options["trust_policy"]:
        return Scenario(dump.read_trust_policy(options["trust_policy"], call.role_arn), call)
    from assumable.ask import read_bearer
    from assumable.cli.readers import readers_of

    return read_bearer(call, readers_of(options), calls=options["calls"])
