"""SAML responses: what STS takes from an assertion, without verifying who signed it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
"""

import base64
import binascii
import hashlib
import re
import urllib.parse
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from assumable import arn
from assumable.errors import InputError
from assumable.formats.saml_attributes import FLAG, attributes_of
from assumable.formats.secret import read_secret
from assumable.formats.xml import Element, parse_xml
from assumable.model.assertion import RolePair, of_attributes

MIN_LENGTH, MAX_LENGTH = 4, 100_000
"""Characters of the base64 text that STS takes (FACTS 4)."""
_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_CONFIRMATION = (
    "AWS answers `Responses must contain SubjectConfirmatonData with a Recipient and NotOnOrAfter`"
)

_IS_XML = "STS takes the SAMLResponse in base64, as the browser posts it: this one is its XML"
_WHY = {
    False: "its attribute Role is missing or empty",
    True: "its attribute Role needs the ARNs of a role and of a SAML provider",
}
_FIELD = re.compile(rb"(?:\A|&)SAMLResponse=([^&]*)")


class Assertion(NamedTuple):
    """What STS takes from a response."""

    asserted: dict[str, Any]
    """`saml:*` keys and AWS's own attributes, as a scenario has them under `assertion`."""
    pairs: tuple[RolePair, ...]
    doubtful: tuple[str, ...]
    """`saml:*` keys of which AWS does not say clearly whether they are made of this response."""
    notes: tuple[str, ...]


def read_assertion(value: str) -> Assertion:
    """A SAMLResponse in base64, or its XML: given itself, in a file, or on standard input as `-`.

    No signature is verified. InputError, which shows nothing of the response, for what STS would
    not take, and for encrypted assertions.
    """
    return assertion_of(read_secret(value, FLAG, limit=MAX_LENGTH, is_one=_is_response))


def response_text(value: str) -> str:
    """The response in base64, to be sent to AWS and nowhere else; see `read_assertion`."""
    content = read_secret(value, FLAG, limit=MAX_LENGTH, is_one=_is_response)
    assertion_of(content)
    text = _bare(content)
    return (base64.b64encode(content) if text[:1] == b"<" else text).decode("ascii")


def assertion_of(content: bytes) -> Assertion:
    """What a response says, from its base64 text or its XML."""
    text = _bare(content)
    is_xml = text[:1] == b"<"
    encoded = (len(content) + 2) // 3 * 4 if is_xml else len(text)
    if not MIN_LENGTH <= encoded <= MAX_LENGTH:
        raise InputError(f"must have {MIN_LENGTH} to {MAX_LENGTH} characters in base64", FLAG)
    xml = content if is_xml else _decoded(text)
    if xml is None:
        raise InputError("is not base64", FLAG, "AWS answers `Invalid base64 SAMLResponse`")
    assertion = _only_assertion(parse_xml(xml, FLAG))
    attributes = attributes_of(assertion)
    pairs = of_attributes(attributes.known).pairs or ()
    asserted = {**dict(_subject(assertion)), **attributes.known}
    notes = (*((_IS_XML,) if is_xml else ()), *attributes.notes)
    return Assertion(asserted, pairs, attributes.doubtful, notes)


def about_provider(asserted: dict[str, Any], principal_arn: str) -> dict[str, Any]:
    """The keys that depend on the provider as well: `saml:doc` and `saml:namequalifier`.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
    """
    provider = arn.parse(principal_arn)
    if provider is None or provider.kind != "saml-provider":
        return {}
    name = f"{provider.account}/{provider.name}"
    found = {"saml:doc": name}
    if "saml:iss" in asserted:
        digest = hashlib.sha1(f"{asserted['saml:iss']}{name}".encode(), usedforsecurity=False)
        found["saml:namequalifier"] = base64.b64encode(digest.digest()).decode()
    return found


def chosen(
    pairs: Sequence[RolePair],
    role_arn: str | None,
    principal_arn: str | None,
    *,
    void: bool = False,
) -> RolePair:
    """The role and the provider of the call: those that are said, else those that are asserted.

    `void` says that the attribute Role has values, though none is a pair. InputError with the list
    of them where the assertion leaves a choice.
    """
    fitting = [
        pair
        for pair in dict.fromkeys(pairs)
        if role_arn in (None, pair.role) and principal_arn in (None, pair.provider)
    ]
    if role_arn is not None and principal_arn is not None:
        return RolePair(role_arn, principal_arn)
    if len(fitting) == 1:
        return fitting[0]
    providers = {pair.provider for pair in pairs}
    if role_arn is not None and len(providers) == 1:
        return RolePair(role_arn, *providers)  # a role that is not asserted: AWS denies it
    flag = "--principal-arn" if role_arn is not None else "--role-arn"
    listed = ", ".join(f"{pair.role} with {pair.provider}" for pair in dict.fromkeys(pairs))
    what = (
        f"the assertion names {listed}" if pairs else f"the assertion names no role: {_WHY[void]}"
    )
    raise InputError(f"{flag} is missing", "", what)


def _bare(content: bytes) -> bytes:
    """The response without white space, taken out of the form that the browser posts."""
    text = b"".join(content.split())
    field = _FIELD.search(text) if text[:1] != b"<" else None
    return urllib.parse.unquote_to_bytes(field[1]) if field else text


def _decoded(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def _is_response(value: bytes) -> bool:
    """Whether an argument is a response rather than the name of a file."""
    text = _bare(value)
    xml = text if text[:1] == b"<" else _decoded(text) or b""
    return xml.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def _only_assertion(root: Element) -> Element:
    if root.name == (_SAML, "Assertion"):
        return root
    if root.name != (_PROTOCOL, "Response"):
        raise InputError("is no SAML response: neither a Response nor an Assertion", FLAG)
    found = list(root.each(_SAML, "Assertion"))
    encrypted = len(list(root.each(_SAML, "EncryptedAssertion")))
    if encrypted:
        raise InputError("holds an encrypted assertion, which only AWS can read", FLAG)
    if len(found) != 1:
        raise InputError(f"holds {len(found) or 'no'} assertions, one is needed", FLAG)
    return found[0]


def _subject(assertion: Element) -> Iterator[tuple[str, Any]]:
    """The keys from Issuer, Subject and AuthnStatement."""
    for issuer in assertion.each(_SAML, "Issuer"):
        yield "saml:iss", issuer.text
    for name in assertion.each(_SAML, "Subject", "NameID"):
        yield "saml:sub", name.text
        if "Format" in name.attributes:
            yield "saml:sub_type", name.attributes["Format"].removeprefix(_FORMAT)
    confirmations = list(assertion.each(_SAML, "Subject", "SubjectConfirmation"))
    data = list(assertion.each(_SAML, "Subject", "SubjectConfirmation", "SubjectConfirmationData"))
    if len(confirmations) != 1 or len(data) != 1:
        raise InputError("needs exactly one SubjectConfirmation with its data", FLAG, _CONFIRMATION)
    for attribute in ("Recipient", "NotOnOrAfter"):
        if not data[0].attributes.get(attribute):
            raise InputError(f"has no {attribute}", FLAG, _CONFIRMATION)
    yield "saml:aud", data[0].attributes["Recipient"]
    yield "NotOnOrAfter", _moment(data[0].attributes, "NotOnOrAfter")
    for statement in assertion.each(_SAML, "AuthnStatement"):
        if "SessionNotOnOrAfter" in statement.attributes:
            yield "SessionNotOnOrAfter", _moment(statement.attributes, "SessionNotOnOrAfter")


def _moment(attributes: dict[str, str], name: str) -> str:
    """An xs:dateTime in ISO 8601; SAML writes all times in UTC."""
    try:
        found = datetime.fromisoformat(attributes[name])
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise InputError(f"has a {name} that is no time", FLAG) from None
