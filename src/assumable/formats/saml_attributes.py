"""The attributes of a SAML assertion that STS reads, and the keys that it makes of them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from assumable.errors import InputError
from assumable.formats.xml import Element
from assumable.model.assertion import SAML_ATTRIBUTES, SAML_ROLE, SAML_SESSION_NAME

FLAG = "--saml-assertion"
_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_LISTS = ("Role", "TransitiveTagKeys")
_SINGLE = ("RoleSessionName", "SessionDuration", "SourceIdentity")
_TAG = "PrincipalTag:"
# eduPerson and eduOrg, in the order of their object identifiers.
_EDU_PERSON = (
    "eduPersonAffiliation", "eduPersonNickname", "eduPersonOrgDN", "eduPersonOrgUnitDN",
    "eduPersonPrimaryAffiliation", "eduPersonPrincipalName", "eduPersonEntitlement",
    "eduPersonPrimaryOrgUnitDN", "eduPersonScopedAffiliation", "eduPersonTargetedID",
    "eduPersonAssurance",
)  # fmt: skip
_EDU_ORG = (
    "eduOrgHomePageURI", "eduOrgIdentityAuthNPolicyURI", "eduOrgLegalName", "eduOrgSuperiorURI",
    "eduOrgWhitePagesURI",
)  # fmt: skip
_EDU = {
    **{f"urn:oid:1.3.6.1.4.1.5923.1.1.1.{n}": name for n, name in enumerate(_EDU_PERSON, 1)},
    **{f"urn:oid:1.3.6.1.4.1.5923.1.2.1.{n}": name for n, name in enumerate(_EDU_ORG, 2)},
    "urn:oid:2.5.4.3": "cn",
}
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
# Active Directory and X.500, the identifiers as the page spells them.
_OTHERS = {
    f"{_CLAIMS}name": "name",
    "http://schemas.xmlsoap.org/claims/CommonName": "commonName",
    f"{_CLAIMS}givenname": "givenName",
    f"{_CLAIMS}surname": "surname",
    f"{_CLAIMS}emailaddress": "mail",
    "2.5.4.3": "commonName",
    "2.5.4.4": "surname",
    "2.4.5.42": "givenName",
    "2.5.4.45": "x500UniqueIdentifier",
    "0.9.2342.19200300100.1.1": "uid",
    "0.9.2342.19200300100.1.3": "mail",
    "0.9.2342.19200300.100.1.45": "organizationStatus",
}
_DOCUMENTED = {**_EDU, **_OTHERS}
# The page gives this one to `uid`, but lists a key that has its name; and some identifiers differ
# by a dot or two from those that X.500 has.
_DOUBTFUL = {
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid": (
        "uid", "primaryGroupSID",
    ),
    "2.5.4.42": ("givenName",),
    "0.9.2342.19200300.100.1.1": ("uid",),
    "0.9.2342.19200300.100.1.3": ("mail",),
}  # fmt: skip
# What the service authorization reference types as lists (R5.17, C-6).
_MANY = frozenset((
    "cn", "eduPersonAffiliation", "eduPersonAssurance", "eduPersonEntitlement", "eduPersonNickname",
    "eduPersonOrgUnitDN", "eduPersonScopedAffiliation", "eduPersonTargetedID", *_EDU_ORG,
))  # fmt: skip
_NAMES = frozenset((*_DOCUMENTED.values(), "primaryGroupSID"))


class Attributes(NamedTuple):
    """What STS makes of the attributes of an assertion."""

    known: dict[str, Any]
    """AWS's own attributes by their names, the others as `saml:*` keys; Role is always there."""
    doubtful: tuple[str, ...]
    """`saml:*` keys that STS may make of an attribute: AWS does not say clearly."""
    notes: tuple[str, ...]


def attributes_of(assertion: Element) -> Attributes:
    """The attributes that STS reads; InputError for several values where it takes one."""
    found: dict[str, list[str]] = {SAML_ROLE: []}
    doubtful: list[str] = []
    names: list[str] = []
    for attribute in assertion.each(_SAML, "AttributeStatement", "Attribute"):
        name = attribute.attributes.get("Name", "")
        key = _key(name)
        if key is None:
            doubtful += _possible_keys(name, attribute.attributes.get("FriendlyName", ""))
        else:
            values = [value.text for value in attribute.each(_SAML, "AttributeValue")]
            found.setdefault(key, []).extend(values)
        names.append(name)
    known = {key: _shaped(key, values) for key, values in found.items()}
    known.setdefault(SAML_SESSION_NAME, [])  # as for Role: it is known that there is none
    return Attributes(
        known=known,
        doubtful=tuple(key for key in dict.fromkeys(doubtful) if key not in found),
        notes=tuple(_near_misses(names)),
    )


def _key(name: str) -> str | None:
    """The key of an attribute that AWS's page names, None for any other (R5.17, R5.19)."""
    if name.startswith(SAML_ATTRIBUTES):
        own = name.removeprefix(SAML_ATTRIBUTES)
        known = own in (*_LISTS, *_SINGLE) or (own.startswith(_TAG) and own != _TAG)
        return name if known else None
    return f"saml:{_DOCUMENTED[name]}" if name in _DOCUMENTED else None


def _possible_keys(name: str, friendly_name: str) -> Iterator[str]:
    """The keys of an attribute under another spelling of its identifier, or under a plain name."""
    bare = name.removeprefix("urn:oid:")
    mapped = _DOUBTFUL.get(bare) or ((_OTHERS[bare],) if bare in _OTHERS else ())
    plain = tuple(text for text in (name, friendly_name) if text in _NAMES)
    return (f"saml:{key}" for key in mapped or plain)


def _shaped(key: str, values: list[str]) -> str | list[str]:
    own = key.removeprefix(SAML_ATTRIBUTES)
    if key.startswith("saml:"):
        return values[0] if len(values) == 1 and own.removeprefix("saml:") not in _MANY else values
    if own in _LISTS:
        return values
    if own.startswith(_TAG) and len(values) != 1:
        return values  # which of several STS takes is not documented: the engine leaves it open
    if len(values) != 1:
        raise InputError(f"has {len(values)} values for {own}, AWS takes one", FLAG)
    return values[0]


def _near_misses(names: list[str]) -> Iterator[str]:
    """Attributes that differ from AWS's own only in letter case or in what stands before them."""
    for own in (*_LISTS, *_SINGLE):
        similar = any(name.lower().rpartition("/")[2] == own.lower() for name in names)
        if similar and f"{SAML_ATTRIBUTES}{own}" not in names:
            yield (
                f"the assertion has an attribute much like {SAML_ATTRIBUTES}{own}, but not of this "
                "very name: AWS takes no notice of it"
            )
