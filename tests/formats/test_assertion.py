"""SAML responses are read without trusting them, and nothing of them is ever shown."""

import base64
import io
import time
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assumable.errors import InputError
from assumable.formats.assertion import (
    MAX_LENGTH,
    about_provider,
    assertion_of,
    chosen,
    read_assertion,
)
from assumable.model.assertion import RolePair
from tests.bearers import (
    AWS,
    OTHER,
    OTHER_ROLE,
    PROVIDER,
    SAML_ROLE,
    SUBJECT,
    attribute,
    response,
)


def refused(content: bytes) -> str:
    """The one line with which a response is refused, and at once."""
    started = time.process_time()
    with pytest.raises(InputError) as raised:
        assertion_of(content)
    assert time.process_time() - started < 1
    line = str(raised.value)
    assert len(line.splitlines()) == 1
    assert "alice" not in line
    return line


def test_a_response_gives_the_keys_of_its_subject() -> None:
    found = assertion_of(base64.b64encode(response()))
    assert found.asserted == {
        "saml:iss": "https://idp.example.com/saml",
        "saml:sub": "alice",
        "saml:sub_type": "persistent",
        "saml:aud": "https://signin.aws.amazon.com/saml",
        "NotOnOrAfter": "2026-11-23T12:05:00.123000+00:00",
        "SessionNotOnOrAfter": "2026-11-23T18:00:00+00:00",
        f"{AWS}Role": [f"{SAML_ROLE},{PROVIDER}"],
        f"{AWS}RoleSessionName": [],
    }
    assert found.pairs == (RolePair(SAML_ROLE, PROVIDER),)
    assert found.doubtful == found.notes == ()


def test_another_format_of_the_name_stays_whole() -> None:
    email = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    other = SUBJECT.replace("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", email)
    assert assertion_of(response(subject=other)).asserted["saml:sub_type"] == email


def test_the_keys_of_the_provider() -> None:
    """The hash of AWS's own pseudocode, taken with sha1sum."""
    found = about_provider(
        {"saml:iss": "https://example.com/saml"},
        "arn:aws:iam::123456789012:saml-provider/MySAMLIdP",
    )
    assert found == {
        "saml:doc": "123456789012/MySAMLIdP",
        "saml:namequalifier": NAME_QUALIFIER,
    }
    assert about_provider({"saml:iss": "x"}, "nonsense") == {}


NAME_QUALIFIER = "1uAJanUnBc2XeUkHURMht+xam2c="


def test_aws_attributes_keep_their_names() -> None:
    found = assertion_of(
        response(
            attribute(f"{AWS}Role", f" {PROVIDER} , {SAML_ROLE}\n", "nonsense"),
            attribute(f"{AWS}RoleSessionName", "alice@example.com"),
            attribute(f"{AWS}SessionDuration", "1800"),
            attribute(f"{AWS}PrincipalTag:team", "web"),
            attribute(f"{AWS}PrincipalTag:site", "a", "b"),
            attribute(f"{AWS}TransitiveTagKeys", "team"),
            attribute(f"{AWS}SourceIdentity", "alice"),
            attribute(f"{AWS}Nothing", "x"),
        )
    )
    own = {key.removeprefix(AWS): v for key, v in found.asserted.items() if key.startswith(AWS)}
    assert own == {
        "Role": [f"{PROVIDER} , {SAML_ROLE}", "nonsense"],
        "RoleSessionName": "alice@example.com",
        "SessionDuration": "1800",
        "PrincipalTag:team": "web",
        "PrincipalTag:site": ["a", "b"],
        "TransitiveTagKeys": ["team"],
        "SourceIdentity": "alice",
    }
    assert found.pairs == (RolePair(SAML_ROLE, PROVIDER),)


def test_a_response_without_roles_asserts_none() -> None:
    """An absent Role attribute would count as asserting the pair."""
    found = assertion_of(base64.b64encode(response(attribute(f"{AWS}role", "x"))))
    assert found.asserted[f"{AWS}Role"] == []
    assert "Attributes/Role, but not of this very name" in found.notes[0]


@pytest.mark.parametrize(
    ("given", "key", "value"),
    [
        (
            attribute("urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "a", "b"),
            "eduPersonAffiliation",
            ["a", "b"],
        ),
        (attribute("urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "a"), "eduPersonAffiliation", ["a"]),
        (attribute("urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "a"), "eduPersonPrincipalName", "a"),
        (attribute("urn:oid:1.3.6.1.4.1.5923.1.1.1.11", "a"), "eduPersonAssurance", ["a"]),
        (attribute("urn:oid:1.3.6.1.4.1.5923.1.2.1.6", "a"), "eduOrgWhitePagesURI", ["a"]),
        (attribute("urn:oid:2.5.4.3", "a"), "cn", ["a"]),
        (attribute("2.5.4.3", "a"), "commonName", "a"),
        (
            attribute("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "a"),
            "mail",
            "a",
        ),
        (attribute("2.5.4.4", "<b>a</b><!-- no -->b"), "surname", "ab"),
    ],
)
def test_an_attribute_that_aws_documents_is_a_key(given: str, key: str, value: Any) -> None:
    assert assertion_of(response(given)).asserted[f"saml:{key}"] == value


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        (attribute("urn:oid:2.5.4.42", "a"), ("saml:givenName",)),
        (attribute("urn:oid:2.5.4.4", "a"), ("saml:surname",)),
        (attribute("mail", "a"), ("saml:mail",)),
        (attribute("urn:oid:9.9", "a", friendly="uid"), ("saml:uid",)),
        (
            attribute(
                "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid", "a"
            ),
            ("saml:uid", "saml:primaryGroupSID"),
        ),
        (attribute("mail", "a") + attribute("0.9.2342.19200300100.1.3", "b"), ()),
        (attribute("department", "a"), ()),
    ],
)
def test_what_aws_does_not_say_clearly_is_in_doubt(given: str, keys: tuple[str, ...]) -> None:
    assert assertion_of(response(given)).doubtful == keys


ENTITY = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">{}]>'
BOMB = ENTITY.format(
    "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
)
OUTSIDE = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
BAD: dict[str, tuple[bytes, str]] = {
    "billion laughs": (response(before=BOMB, inside="&i;"), "has a DOCTYPE"),
    "external entity": (response(before=OUTSIDE, inside="&x;"), "has a DOCTYPE"),
    "external DTD": (response(before='<!DOCTYPE r SYSTEM "http://127.0.0.1/x">'), "has a DOCTYPE"),
    "parameter entity": (
        response(before='<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1/x">%p;]>'),
        "has a DOCTYPE",
    ),
    "DOCTYPE in base64": (base64.b64encode(response(before=BOMB)), "has a DOCTYPE"),
    "UTF-16": (
        base64.b64encode(response(before='<?xml version="1.0"?>' + BOMB).decode().encode("utf-16")),
        "has a DOCTYPE",
    ),
    "entity out of nowhere": (response(inside="&nothing;"), "not valid XML: undefined entity"),
    "deep": (response(inside="<a>" * 70 + "</a>" * 70), "nested deeper than 64 levels"),
    "unclosed": (b"<a>", "not valid XML: no element found"),
    "not base64": (b"a.b.c.d", "is not base64"),
    "base64 of nothing": (b"AAAA", "not valid XML"),
    "other XML": (b"<html></html>", "is no SAML response"),
    "SAML 1.1": (
        b'<Response xmlns="urn:oasis:names:tc:SAML:1.0:protocol"></Response>',
        "is no SAML response",
    ),
    "no assertion": (response(many=0), "holds no assertions"),
    "two assertions": (response(many=2), "holds 2 assertions"),
    "encrypted": (
        response(many=0).replace(b"</samlp", b"<saml:EncryptedAssertion/></samlp"),
        "encrypted",
    ),
    "no subject": (response(subject=""), "needs exactly one SubjectConfirmation"),
    "two subjects": (response(subject=SUBJECT * 2), "needs exactly one SubjectConfirmation"),
    "no recipient": (response(subject=SUBJECT.replace("Recipient", "x")), "has no Recipient"),
    "no time": (response(subject=SUBJECT.replace("2026-11-23T12", "soon")), "NotOnOrAfter that is"),
    "time out of range": (
        response(subject=SUBJECT.replace("2026-11-23T12:05:00.123Z", "9999-12-31T23:59:59-14:00")),
        "NotOnOrAfter that is",
    ),
    "two session names": (
        response(attribute(f"{AWS}RoleSessionName", "alice", "bob")),
        "has 2 values for RoleSessionName",
    ),
    "empty": (b"", "must have 4 to 100000 characters"),
    "long": (base64.b64encode(response(inside="x" * MAX_LENGTH)), "must have 4 to 100000"),
    "long XML": (response(inside="x" * 76_000), "must have 4 to 100000"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_response_is_refused(name: str) -> None:
    content, words = BAD[name]
    assert words in refused(content)


def test_a_response_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw, text = tmp_path / "response.xml", tmp_path / "response.b64"
    raw.write_bytes(b"\xef\xbb\xbf" + response())
    text.write_bytes(base64.encodebytes(response()))
    wanted = assertion_of(response())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(response())))
    for value in (str(raw), f"file://{text}", base64.b64encode(response()).decode(), "-"):
        assert read_assertion(value).asserted == wanted.asserted


@pytest.mark.parametrize("value", ["SECRET", "SECRET" * 90_000, "SECRET\0", "/"])
def test_a_value_that_is_neither_is_not_shown(value: str) -> None:
    with pytest.raises(InputError) as raised:
        read_assertion(value)
    assert "SECRET" not in str(raised.value)


ONE, TWO = RolePair(SAML_ROLE, PROVIDER), RolePair(OTHER_ROLE, PROVIDER)


@pytest.mark.parametrize(
    ("pairs", "role", "provider", "wanted"),
    [
        ([ONE], None, None, ONE),
        ([ONE, ONE], None, None, ONE),
        ([ONE, TWO], SAML_ROLE, None, ONE),
        ([ONE, RolePair(OTHER_ROLE, OTHER)], None, OTHER, RolePair(OTHER_ROLE, OTHER)),
        ([ONE], OTHER_ROLE, None, TWO),
        ([ONE], OTHER_ROLE, OTHER, RolePair(OTHER_ROLE, OTHER)),
        ([], SAML_ROLE, PROVIDER, ONE),
    ],
)
def test_the_assertion_completes_what_is_not_said(
    pairs: list[RolePair], role: str | None, provider: str | None, wanted: RolePair
) -> None:
    assert chosen(pairs, role, provider) == wanted


@pytest.mark.parametrize(
    ("pairs", "role", "words"),
    [
        (
            [ONE, TWO],
            None,
            f"--role-arn is missing (the assertion names {SAML_ROLE} with {PROVIDER}, ",
        ),
        ([ONE, RolePair(SAML_ROLE, OTHER)], SAML_ROLE, "--principal-arn is missing"),
        ([], SAML_ROLE, "the assertion names no role"),
    ],
)
def test_a_choice_is_left_to_the_user(pairs: list[RolePair], role: str | None, words: str) -> None:
    with pytest.raises(InputError) as raised:
        chosen(pairs, role, None)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("void", "words"),
    [(False, "is missing or empty"), (True, "needs the ARNs of a role and of a SAML provider")],
)
def test_an_assertion_without_a_pair_says_why(void: bool, words: str) -> None:
    with pytest.raises(InputError, match=f"names no role: its attribute Role {words}"):
        chosen([], SAML_ROLE, None, void=void)


def test_xml_is_taken_and_said_to_be_none_that_sts_takes() -> None:
    """People decode a response to look at it; the very file is refused by AWS."""
    (note,) = assertion_of(response()).notes
    assert note.startswith("STS takes the SAMLResponse in base64")
    assert not assertion_of(base64.b64encode(response())).notes


@pytest.mark.parametrize("form", ["SAMLResponse={}", "RelayState=a%3Db&SAMLResponse={}\n"])
def test_the_form_that_the_browser_posts_is_taken(form: str) -> None:
    """It is what the network tab of a browser copies."""
    encoded = base64.b64encode(response())
    for value in (urllib.parse.quote(encoded, safe=""), encoded.decode()):
        text = form.format(value)
        assert assertion_of(text.encode()) == read_assertion(text) == assertion_of(encoded)


_XML = st.sampled_from([
    b"<", b">", b"&a;", b"<a>", b"</a>", b"<!DOCTYPE a [", b"]>", b"<!ENTITY a 'b'>", b"<![CDATA[",
    b"]]>", b"<?x ?>", b"<!--", b"-->", b"\xff", b"\0", b"xmlns='}'", b"<Assertion xmlns='", b"'/>",
])  # fmt: skip


@given(st.binary(max_size=2_000) | st.lists(_XML).map(b"".join))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    check_any(content)


@given(st.data())
def test_any_change_to_a_response_is_read_or_refused(data: st.DataObject) -> None:
    """Part of a real response gives way to something else."""
    whole = response()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 200)))
    piece = data.draw(st.binary(max_size=20) | _XML)
    check_any(whole[:start] + piece + whole[end:])


def check_any(content: bytes) -> None:
    """A result or one line, and at once."""
    started, line = time.process_time(), ""
    try:
        assert assertion_of(content).asserted["saml:aud"]
    except InputError as error:
        line = str(error)
    assert len(line.splitlines()) <= 1
    assert time.process_time() - started < 1
