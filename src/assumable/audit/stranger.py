"""A stranger: somebody with an AWS account of his own, who chooses whatever a caller can.

He names his users and roles, tags them, has MFA, sends what he likes. He does not choose his
account number, nor the network and the organization of others. What he tries is taken from the
conditions of the trust policy; whether it gets him in, the engine says.
"""

import ipaddress
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from assumable.audit.conditions import MFA_KEYS, is_private
from assumable.audit.ground import Ground, Subject
from assumable.audit.witness import (
    STRANGER,
    Witness,
    by_principal,
    is_certain,
    passes,
    principal,
    written,
)
from assumable.engine.truth import Truth
from assumable.globs import has_wildcard, matches
from assumable.model.call import Absent, Mfa, Network, Present, Value
from assumable.model.policy import Condition

_ORGANIZATION = "o-stranger00"
_PATH = f"{_ORGANIZATION}/r-strg/ou-strg-stranger/"
_ADDRESS = "198.18.0.7"
"""Of a range that is nobody's (RFC 2544)."""
_TRIES = 256
_USUAL = "stranger"
_NO_ORGANIZATION: Mapping[str, Value] = {
    "aws:principalorgid": Absent("the stranger's account is in no organization"),
    "aws:principalorgpaths": Absent("the stranger's account is in no organization"),
}
_OWN_ORGANIZATION: Mapping[str, Value] = {
    "aws:principalorgid": Present((_ORGANIZATION,), "the stranger's own"),
    "aws:principalorgpaths": Present((_PATH,), "the stranger's own", multivalued=True),
}
_SENT = {"sts:rolesessionname": "RoleSessionName", "sts:sourceidentity": "SourceIdentity"}
_SAID = ("aws:useragent", "aws:referer", "aws:requestedregion")
_TAG, _REQUEST_TAG = "aws:principaltag/", "aws:requesttag/"


class Knows(NamedTuple):
    """What a stranger has beside an account of his own."""

    external_id: bool = False
    """The external ID, which is no secret: it stands in tickets and configurations."""
    network: bool = False
    """A way out of the networks that the trust policy accepts."""


NOTHING = Knows()


class _Choice(NamedTuple):
    """One thing that he chooses: a key and its value; None leaves it out."""

    key: str
    value: str | None


def stranger_in(
    ground: Ground, subject: Subject, knows: Knows = NOTHING
) -> tuple[Witness, Truth] | None:
    """The first stranger who gets in, and whether that is sure; None where none does."""
    for witness in itertools.islice(_strangers(ground, subject, knows), _TRIES):
        truth = passes(ground, subject, witness)
        if is_certain(truth):
            return witness, truth
    return None


def _strangers(ground: Ground, subject: Subject, knows: Knows) -> Iterator[Witness]:
    asked = _by_key(c for s in subject.trust.statements for c in s.conditions)
    names = tuple(_principals(asked.get("aws:principalarn", ()), subject.partition))
    addresses = _addresses(asked, knows)
    organizations = [_NO_ORGANIZATION]
    if any(key.startswith("aws:principalorg") for key in asked):
        organizations.append(_OWN_ORGANIZATION)
    choices = [_choices(key, found, knows) for key, found in sorted(asked.items())]
    mfa = [Mfa(present=True, age=1), Mfa(False)] if _asks_mfa(asked) else [Mfa(False)]
    for own_arn, address, organization, proof in itertools.product(
        names, addresses, organizations, mfa
    ):
        for chosen in itertools.product(*filter(None, choices)):
            tags = {
                c.key[len(_TAG) :]: c.value for c in chosen if c.key.startswith(_TAG) and c.value
            }
            yield by_principal(
                "somebody with any AWS account",
                subject,
                principal(own_arn, tags),
                ground.now,
                parameters=_parameters(chosen),
                overrides={**organization, **_overrides(chosen)},
                network=Network(source_ip=address, secure_transport=True),
                mfa=proof,
            )


def _by_key(conditions: Iterable[Condition]) -> dict[str, list[Condition]]:
    found: dict[str, list[Condition]] = {}
    for condition in conditions:
        found.setdefault(condition.key.lower(), []).append(condition)
    return found


def _asks_mfa(asked: Iterable[str]) -> bool:
    return any(key.startswith(MFA_KEYS) for key in asked)


def _principals(conditions: Iterable[Condition], partition: str) -> Iterator[str]:
    """Users and roles that a stranger makes: some of any name, and those that a pattern takes."""
    start = f"arn:{partition}:iam::{STRANGER}:"
    found = {f"{start}user/{_USUAL}": None, f"{start}role/{_USUAL}": None}
    for pattern in (value for condition in conditions for value in condition.values):
        tail = pattern.rsplit(":", 1)[-1]
        for kind in ("", "role/", "user/"):
            name = f"{kind}{written(tail)}"
            own = f"{start}{name}"
            if name.startswith(("user/", "role/")) and matches(pattern, own):
                found[own] = None
    return iter(found)


def _addresses(asked: Mapping[str, list[Condition]], knows: Knows) -> list[str]:
    found = [_ADDRESS]
    if knows.network:
        for condition in asked.get("aws:sourceip", ()):
            public = (value for value in condition.values if not is_private(value))
            found += filter(None, map(_first_address, public))
    return found


def _first_address(network: str) -> str:
    try:
        return str(ipaddress.ip_network(network, strict=False).network_address)
    except ValueError:
        return ""


def _choices(key: str, conditions: list[Condition], knows: Knows) -> list[_Choice]:
    """What he may try for a key; nothing where it is not his to choose."""
    values = tuple(dict.fromkeys(value for c in conditions for value in c.values))
    plain = [value for value in values if "${" not in value]
    if key == "sts:externalid":
        known = [written(value) for value in plain if knows.external_id]
        return [_Choice(key, text) for text in (None, _USUAL, *known)]
    free = key in _SENT or key in _SAID or key.startswith((_TAG, _REQUEST_TAG))
    if not free:
        return []
    texts = [written(value) if has_wildcard(value) else value for value in plain]
    absent = [None] if key not in ("sts:rolesessionname", "aws:requestedregion") else []
    return [_Choice(key, text) for text in (*texts[:3], _USUAL, *absent)]


def _parameters(chosen: Iterable[_Choice]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    tags = []
    for key, value in chosen:
        if value is None:
            continue
        if key in _SENT:
            found[_SENT[key]] = value
        elif key == "sts:externalid":
            found["ExternalId"] = value
        elif key.startswith(_REQUEST_TAG):
            tags.append({"Key": key[len(_REQUEST_TAG) :], "Value": value})
    return {**found, "Tags": tags} if tags else found


def _overrides(chosen: Iterable[_Choice]) -> dict[str, Value]:
    return {
        key: Present((value,), "chosen") if value is not None else Absent("left out")
        for key, value in chosen
        if key in _SAID
    }
