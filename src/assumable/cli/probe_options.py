"""The options of `assumable why` about what AWS really answered: `--error` and `--probe`."""

from collections.abc import Mapping
from typing import Any, Literal

import click
import msgspec

from assumable.cli.options import FILES, together
from assumable.errors import InputError
from assumable.findings.observed import Observed, observe
from assumable.model.call import Call
from assumable.model.probe import ProbeRequest, Send
from assumable.model.route import Start, route_of
from assumable.model.routed import hop_behind, start_of

_PROBED = ("AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML")
_DESCRIBED = ("github", "eks", "gitlab")


probe_options = together(
    click.option(
        "--error", metavar="TEXT", help="The error that AWS answered, a file with it, or -."
    ),
    click.option(
        "--probe", type=click.Choice(["run", "plan"]), is_flag=False, flag_value="run",
        help="Make real calls that tell what is left apart; --probe=plan only lists them.",
    ),
)  # fmt: skip
"""The options themselves."""


def observed(options: Mapping[str, Any], call: Call) -> Observed | None:
    """The error text that was given, held against the call; None when there is none.

    With `--redact` its meaning is left away, which can repeat an account or a value of the text.
    """
    if options["error"] is None:
        return None
    from assumable.cli.explain import pasted, readable

    text = readable(pasted(options["error"]))
    if not text:
        raise InputError("holds no text", "--error", "what AWS answered, in quotes, or a file")
    found = observe(text, call)
    if options["redact"] and found.message is not None:
        message = msgspec.structs.replace(found.message, meaning="")
        found = msgspec.structs.replace(found, message=message)
    return found


def prober(options: Mapping[str, Any], call: Call) -> Send | Literal["plan"] | None:
    """Who makes the probes; InputError where the call cannot be made."""
    if options["probe"] is None:
        return None
    if call.chain:
        raise InputError(
            "asks about one call, not a chain", "--probe", "leave out --via, and roles of profiles"
        )
    if call.api not in _PROBED:
        raise InputError(f"makes no {call.api} call", "--probe", "AssumeRole and its siblings")
    if options["probe"] == "plan":
        return "plan"
    if any(options[name] for name in FILES):
        raise InputError("needs a running AWS", "--probe", "or --probe=plan, which makes no call")
    if options.get("caller"):
        raise InputError("calls as the profile, not as --caller", "--probe", "leave out one")
    if options["redact"]:
        raise InputError("AWS knows no pseudonyms", "--probe", "leave out --redact")
    from assumable.aws.probes import sender

    return sender(
        profile=options["profile"],
        region=options["region"],
        endpoint_url=options["endpoint_url"],
        secrets=_secrets(options, call),
        announce=_announce,
        start=_start(call),
    )


def _start(call: Call) -> Start | None:
    """Whose credentials make the call, where a profile that assumes its role says so."""
    if call.client is None:
        return None
    start = start_of(call.client, route_of(call.client, call.time))
    if start is None:
        raise InputError("the profile gives no credentials to call with", "--probe")
    if hop_behind(call) is not None and "TokenCode" in call.parameters:
        raise InputError("the client asks for the MFA code of the profile, not we", "--probe")
    return start


def _announce(request: ProbeRequest) -> None:
    """Says on standard error what is about to be sent."""
    where = f" at {request.region}" if request.region else ""
    names = ", ".join(name for name in request.parameters if name != "Policy")
    code = " and the MFA code" if request.with_code else ""
    click.echo(
        f"probe: sts:{request.api}{where} with {names}{code}, and a session policy that denies "
        "everything",
        err=True,
    )


def _secrets(options: Mapping[str, Any], call: Call) -> dict[str, str]:
    """The parameters that no output shows."""
    if call.api == "AssumeRole":
        code = call.parameters.get("TokenCode")
        return {"TokenCode": str(code)} if code else {}
    if any(options[name] for name in _DESCRIBED):
        raise InputError("needs the token itself", "--probe", "--web-identity-token FILE")
    token, assertion = options["web_identity_token"], options["saml_assertion"]
    if "-" in (token, assertion):
        raise InputError("a pipe is read only once", "--probe", "give it in a file")
    if assertion:
        from assumable.formats.assertion import response_text

        return {"SAMLAssertion": response_text(assertion)}
    from assumable.formats.token import token_text

    return {"WebIdentityToken": token_text(token or f"file://{_token_file(call)}")}


def _token_file(call: Call) -> str:
    """Where the profile has its token; InputError for a call that no profile makes."""
    start = _start(call)
    if start is None or not start.token_file:
        raise InputError("needs the token itself", "--probe", "--web-identity-token FILE")
    return start.token_file
