"""OIDC tokens: the claims of a JWT, as far as they can be read without the issuer's key.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

import base64
import json
from typing import Any

from assumable.errors import InputError
from assumable.formats.secret import read_secret
from assumable.source import Document

FLAG = "--web-identity-token"
MIN_LENGTH, MAX_LENGTH = 4, 20_000
"""Characters of a token that STS takes (FACTS 4)."""
ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
"""Signatures that STS can verify (FACTS 7.5)."""
_PARTS = 3
_TIMES = ("iat", "exp")
_YEAR_10000 = 253_402_300_800
_ANSWER = "AWS answers `The ID Token provided is not a valid JWT.`"


def read_token(value: str) -> dict[str, Any]:
    """The claims of a token that is given itself, in a file, or on standard input as `-`.

    The signature is not looked at, so it may be cut out before the token is handed on. InputError,
    which never shows any part of the token, for what STS would not take as a JWT.
    """
    return claims_of(read_secret(value, FLAG, limit=MAX_LENGTH, is_one=_is_token))


def token_text(value: str) -> str:
    """The token itself, to be sent to AWS and nowhere else; InputError as for `read_token`."""
    content = read_secret(value, FLAG, limit=MAX_LENGTH, is_one=_is_token)
    claims_of(content)
    return _bare(content).decode("ascii")


def claims_of(content: bytes) -> dict[str, Any]:
    """The claims of a JWT, whatever stands around it: see `_bare`."""
    token = _bare(content)
    if not MIN_LENGTH <= len(token) <= MAX_LENGTH:
        raise InputError(f"must have {MIN_LENGTH} to {MAX_LENGTH} characters", FLAG)
    parts = token.split(b".")
    if len(parts) != _PARTS:
        raise _invalid(f"has {len(parts)} parts separated by dots, a JWT has {_PARTS}")
    header, claims = _object(parts[0]), _object(parts[1])
    if header is None or claims is None:
        part = "header" if header is None else "payload"
        raise _invalid(f"has a {part} that is no JSON object in base64url")
    if header.get("alg") not in ALGORITHMS:
        raise _invalid(f"is not signed with one of {', '.join(ALGORITHMS)}")
    if not isinstance(claims.get("iss"), str) or not claims["iss"]:
        raise _invalid("names no issuer: it has no text under `iss`")
    for name in _TIMES:  # R7.10
        if not _is_time(claims.get(name)):
            raise InputError(f"has no time under `{name}`, which AWS requires", FLAG)
    return claims


def _bare(content: bytes) -> bytes:
    """The token without white space, `Bearer`, or the JSON in which GitHub answers a job.

    https://docs.github.com/en/actions/reference/security/oidc
    """
    token = content.strip()
    if token[:1] == b"{":
        value = (_json(token) or {}).get("value")
        token = value.encode(errors="replace").strip() if isinstance(value, str) else token
    scheme = token[:7].lower()
    return token[7:].strip() if scheme == b"bearer " else token


def _is_token(value: bytes) -> bool:
    """Whether an argument is a token rather than the name of a file."""
    parts = _bare(value).split(b".")
    return len(parts) >= _PARTS and _object(parts[0]) is not None


def _invalid(what: str) -> InputError:
    return InputError(what, FLAG, _ANSWER)


def _object(part: bytes) -> dict[str, Any] | None:
    """A JSON object in base64url, with or without its padding; None when it is none."""
    bare = part.rstrip(b"=")
    try:
        return _json(
            base64.b64decode(bare + b"=" * (-len(bare) % 4), altchars=b"-_", validate=True)
        )
    except ValueError:
        return None


def _json(raw: bytes) -> dict[str, Any] | None:
    """A JSON object; None when it is none."""
    try:
        # Document holds the limits on depth, double keys and characters that are none.
        value = Document(FLAG, raw.decode()).value
        json.dumps(value, allow_nan=False)
    except (ValueError, InputError):
        return None
    return value if isinstance(value, dict) else None


def _is_time(value: object) -> bool:
    """Seconds since 1970 that a calendar can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value < _YEAR_10000
