"""Tokens are read without their key, and nothing of them is ever shown."""

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assumable.errors import InputError
from assumable.formats.token import MAX_LENGTH, claims_of, read_token
from tests.bearers import CLAIMS, jwt, part


def refused(content: bytes) -> str:
    """The one line with which a token is refused; it shows no part of it."""
    with pytest.raises(InputError) as raised:
        claims_of(content)
    line = str(raised.value)
    assert len(line.splitlines()) == 1
    for piece in content.split(b"."):
        assert len(piece) < 5 or piece.decode(errors="replace") not in line
    return line


@pytest.mark.parametrize(
    "content",
    [
        jwt(),
        b"Bearer " + jwt(),
        b" bearer  " + jwt() + b"\n",
        jwt(signature=b""),
        jwt(signature=b"REDACTED"),
        json.dumps({"count": 1234, "value": jwt().decode()}).encode(),
        part({"alg": "ES256"}) + b"==." + part(CLAIMS) + b"=.x",
    ],
    ids=[
        "plain",
        "bearer",
        "white space",
        "no signature",
        "signature cut out",
        "github",
        "padding",
    ],
)
def test_a_token_gives_its_claims(content: bytes) -> None:
    assert claims_of(content) == CLAIMS


BAD: dict[str, tuple[bytes, str]] = {
    "another answer of GitHub": (b'{"message": "Bad credentials"}', "has 1 parts"),
    "two parts": (b"eyJhbGciOiJSUzI1NiJ9.e30", "has 2 parts"),
    "five parts, encrypted": (b".".join([part({"alg": "RSA-OAEP"})] * 5), "has 5 parts"),
    "not base64": (b"e+/J." + part(CLAIMS) + b".x", "header that is no JSON object"),
    "payload that is a list": (jwt([1]), "payload that is no JSON object"),
    "payload that is no JSON": (jwt(b"{"), "payload that is no JSON object"),
    "payload in Latin-1": (jwt('{"a": "é"}'.encode("latin-1")), "payload"),
    "a key twice": (jwt(b'{"a": 1, "a": 2}'), "payload"),
    "deep": (jwt(b'{"a":' * 70 + b"1" + b"}" * 70), "payload"),
    "half a surrogate pair": (jwt(b'{"sub": "\\ud800"}'), "payload"),
    "infinity": (jwt(b'{"exp": 1e999}'), "payload"),
    "no number": (jwt(b'{"exp": NaN}'), "payload"),
    "alg none": (jwt(header={"alg": "none"}), "is not signed with one of RS256"),
    "alg HS256": (jwt(header={"alg": "HS256"}), "is not signed with one of RS256"),
    "alg that is a list": (jwt(header={"alg": ["RS256"]}), "is not signed with one of RS256"),
    "no issuer": (jwt({**CLAIMS, "iss": None}), "names no issuer"),
    "no exp": (jwt({**CLAIMS, "exp": None}), "no time under `exp`"),
    "exp as text": (jwt({**CLAIMS, "exp": "soon"}), "no time under `exp`"),
    "iat as truth": (jwt({**CLAIMS, "iat": True}), "no time under `iat`"),
    "exp in another age": (jwt({**CLAIMS, "exp": 10**400}), "no time under `exp`"),
    "empty": (b"", "must have 4 to 20000 characters"),
    "long": (jwt({**CLAIMS, "pad": "x" * MAX_LENGTH}), "must have 4 to 20000 characters"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_token_is_refused(name: str) -> None:
    content, words = BAD[name]
    assert words in refused(content)


def test_what_is_no_file_says_what_it_is(tmp_path: Path) -> None:
    """Without the name, which may be a piece of the token."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for name, words in (
        (str(tmp_path), "is a directory, a file is needed"),
        (str(tmp_path / "none"), "there is no file of that name, and as a text it is not well-"),
        (f"file://{tmp_path / 'none'}", "--web-identity-token: no such file"),
        (str(loop), "is a file that cannot be read: too many levels of symbolic links"),
        ("x" * 5_000, "there is no file of that name"),
        ("a\0b", "there is no file of that name"),
    ):
        with pytest.raises(InputError) as raised:
            read_token(name)
        assert words in str(raised.value)
        assert str(tmp_path) not in str(raised.value)


def test_a_token_may_stand_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes(b"\xef\xbb\xbf" + jwt() + b"\r\n")
    assert read_token(str(path)) == read_token(f"file://{path}") == CLAIMS
    assert read_token(jwt().decode()) == CLAIMS


def test_a_token_may_come_through_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(jwt())))
    assert read_token("-") == CLAIMS


@pytest.mark.parametrize(
    "value", ["SECRET-no-such-file", "SECRET" * 20_000, "SECRET\0", "/", "\udcffSECRET"]
)
def test_a_value_that_is_neither_is_not_shown(value: str) -> None:
    with pytest.raises(InputError) as raised:
        read_token(value)
    assert "SECRET" not in str(raised.value)


def test_a_huge_file_is_not_read_to_its_end() -> None:
    with pytest.raises(InputError, match="larger than 20000 characters"):
        read_token("/dev/zero")


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    check_any(content)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(
    st.fixed_dictionaries({"alg": st.sampled_from(["RS256", "none"]) | _JSON}),
    st.dictionaries(st.sampled_from([*CLAIMS, "azp"]) | st.text(), _JSON, max_size=8),
    st.booleans(),
)
def test_any_claims_are_read_or_refused(
    header: dict[str, Any], claims: dict[str, Any], whole: bool
) -> None:
    check_any(jwt({**claims, **CLAIMS} if whole else claims, header))


def check_any(content: bytes) -> None:
    """Claims or one line that shows nothing, and at once."""
    started, line = time.process_time(), ""
    try:
        assert isinstance(claims_of(content)["iss"], str)
    except InputError as error:
        line = str(error)
    assert len(line.splitlines()) <= 1
    assert time.process_time() - started < 1
