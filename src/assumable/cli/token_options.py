"""The options of `assumable why` for callers that sign nothing: tokens and assertions."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from assumable.cli.options import flag, together
from assumable.diagnose import Diagnosis
from assumable.errors import InputError
from assumable.formats.bearer import Bearer, by_assertion, by_token
from assumable.model.call import WebIdentityCaller

SEVERAL = ("--github", "--eks", "--gitlab")
"""Flags that take several words."""
BEARERS = ("web_identity_token", "saml_assertion", "github", "eks", "gitlab")
_SIGNED = ("caller", "caller_policy")
_JWT, _BASE64 = re.compile(rb"\s*[\w.=-]+\s*"), re.compile(rb"[\w+/\s]+=*\s*")
_MOST = 200_000
"""Bytes, more than STS takes of either."""
_PLACEHOLDER = re.compile(r"(--web-identity-token|--saml-assertion) file://(?:TOKEN|ASSERTION)$")
_KEY_VALUE = "KEY=VALUE"


token_options = together(
    click.option("--web-identity-token", help="A JWT, a file that holds one, or -."),
    click.option("--saml-assertion", help="A SAMLResponse in base64, a file, or -."),
    click.option("--principal-arn", help="The SAML provider, unless the assertion names it."),
    click.option("--github", multiple=True, metavar=_KEY_VALUE, help="The token of a GitHub job."),
    click.option(
        "--eks", multiple=True, metavar=_KEY_VALUE, help="The token of an EKS pod (IRSA)."
    ),
    click.option("--gitlab", multiple=True, metavar=_KEY_VALUE, help="The token of a GitLab job."),
    click.option("--time", help="When the call was made, in ISO 8601; now by default."),
)
"""The options themselves."""


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
    given = [flag(name) for name in BEARERS if options[name]]
    if not given:
        if options["principal_arn"]:
            raise InputError("--principal-arn goes with --saml-assertion")
        return None
    if len(given) > 1:
        raise InputError(f"choose one of {' and '.join(given)}")
    for name in _SIGNED:
        if options[name]:
            raise InputError(f"{given[0]} is the caller", "", f"leave out {flag(name)}")
    if options["saml_assertion"]:
        from assumable.formats.assertion import read_assertion

        bearer = by_assertion(
            read_assertion(options["saml_assertion"]),
            now,
            role_arn=flags.get("RoleArn"),
            principal_arn=options["principal_arn"],
        )
        return bearer._replace(file=_file_of(options["saml_assertion"], _BASE64))
    if options["principal_arn"]:
        raise InputError("--principal-arn goes with --saml-assertion")
    if options["web_identity_token"]:
        from assumable.formats.token import read_token

        bearer = by_token(read_token(options["web_identity_token"]), now)
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


def _by_description(issuer: str, words: Sequence[str]) -> Bearer:
    from assumable.formats.claims import eks, github, gitlab

    found = {"github": github, "eks": eks, "gitlab": gitlab}[issuer](words)
    caller = WebIdentityCaller(claims=found.claims)
    host = found.claims["iss"].removeprefix("https://")
    unsaid = {f"{host}:{claim}".lower(): unknown for claim, unknown in found.unsaid.items()}
    return Bearer("AssumeRoleWithWebIdentity", caller, {}, unsaid, found.notes)
