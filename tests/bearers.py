"""Tokens and SAML responses for tests, signed by nobody."""

import base64
import json
from typing import Any

CLAIMS: dict[str, Any] = {
    "iss": "https://token.actions.githubusercontent.com",
    "aud": "sts.amazonaws.com",
    "sub": "repo:acme/app:ref:refs/heads/main",
    "iat": 1_795_435_200,
    "exp": 1_795_435_500,
}


def part(value: Any) -> bytes:
    """JSON in base64url without padding."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=")


def jwt(claims: Any = CLAIMS, header: Any = None, signature: bytes = b"c2ln") -> bytes:
    """A JWT with a signature of nobody."""
    return b".".join(
        (part({"alg": "RS256"} if header is None else header), part(claims), signature)
    )


AWS = "https://aws.amazon.com/SAML/Attributes/"
SAML_ROLE = "arn:aws:iam::222222222222:role/Developer"
PROVIDER = "arn:aws:iam::222222222222:saml-provider/Corp"
OTHER_ROLE, OTHER = SAML_ROLE.replace("Developer", "Reader"), PROVIDER.replace("Corp", "Lab")
SUBJECT = """<saml:Subject>
      <saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">alice</saml:NameID>
      <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
        <saml:SubjectConfirmationData NotOnOrAfter="2026-11-23T12:05:00.123Z"
          Recipient="https://signin.aws.amazon.com/saml"/>
      </saml:SubjectConfirmation>
    </saml:Subject>"""


def attribute(name: str, *values: str, friendly: str = "") -> str:
    """An Attribute element."""
    listed = "".join(f"<saml:AttributeValue>{v}</saml:AttributeValue>" for v in values)
    return f'<saml:Attribute Name="{name}" FriendlyName="{friendly}">{listed}</saml:Attribute>'


def response(
    *attributes: str, subject: str = SUBJECT, before: str = "", many: int = 1, inside: str = ""
) -> bytes:
    """A response with one role, or with these attributes."""
    own = attributes or (attribute(f"{AWS}Role", f"{SAML_ROLE},{PROVIDER}"),)
    assertion = f"""<saml:Assertion ID="_1" Version="2.0">
    <saml:Issuer>https://idp.example.com/saml</saml:Issuer>{subject}{inside}
    <saml:AuthnStatement SessionNotOnOrAfter="2026-11-23T20:00:00+02:00"/>
    <saml:AttributeStatement>{"".join(own)}</saml:AttributeStatement>
  </saml:Assertion>"""
    return f"""{before}<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
    xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">
  <saml:Issuer>https://other.example.com</saml:Issuer>{assertion * many}
</samlp:Response>""".encode()
