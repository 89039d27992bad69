"""Probes: real calls of STS, whose answers are all that is kept of them.

INVARIANT: credentials that AWS issues are dropped where they arrive; no name outlives the call.
"""

from collections.abc import Callable, Mapping
from typing import Any

from assumable.aws.clients import assuming_client, failures, one_line
from assumable.errors import UnreadableError, unsecret
from assumable.model.probe import ProbeReply, ProbeRequest, Send
from assumable.model.route import Start

_OPERATIONS = {
    "AssumeRole": "assume_role",
    "AssumeRoleWithWebIdentity": "assume_role_with_web_identity",
    "AssumeRoleWithSAML": "assume_role_with_saml",
}
_ONE_ENDPOINT = "not sent: --endpoint-url leaves no other endpoint"
_LONGEST = 1_000


def sender(
    *, profile: str | None, region: str | None, endpoint_url: str | None,
    secrets: Mapping[str, str], announce: Callable[[ProbeRequest], None],
    start: Start | None = None,
) -> Send:  # fmt: skip
    """Makes the calls with the credentials of a profile, or unsigned with a token.

    With `start`, they are those that the way of the profile starts from, before any role.

    `secrets` are the parameters that no request shows: TokenCode, WebIdentityToken, SAMLAssertion.
    `announce` hears of each request just before it is sent.
    """

    def send(request: ProbeRequest) -> ProbeReply:
        if request.region and endpoint_url:  # it names one host, whatever the Region
            return ProbeReply(message=_ONE_ENDPOINT)
        parameters = {**request.parameters, **secrets}
        if not request.with_code:
            parameters.pop("TokenCode", None)
        client = assuming_client(profile, request.region or region, endpoint_url, start)
        announce(request)
        try:
            getattr(client, _OPERATIONS[request.api])(**parameters)
        except EOFError:
            why = "the profile asks for an MFA code, but there is no terminal"
            raise UnreadableError(why) from None
        except failures() as error:
            return _refusal(error, secrets)
        return ProbeReply(passed=True, status=200)

    return send


def _refusal(error: Exception, secrets: Mapping[str, str]) -> ProbeReply:
    """AWS's code and text; a text that repeats a secret is shown without it."""
    response: dict[str, Any] = getattr(error, "response", None) or {}
    said = response.get("Error", {})
    text = " ".join(str(said.get("Message", "")).split()) if said else one_line(error)
    for secret in secrets.values():
        text = text.replace(secret, "…")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    message = unsecret(text)[:_LONGEST]
    return ProbeReply(code=str(said.get("Code", "")), status=status, message=message)
