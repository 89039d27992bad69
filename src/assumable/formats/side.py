"""Side files: what one administrator tells the other of a call, format `assumable/side/1`.

docs/sides.md says what is in them and what is not.
"""

import hashlib
import hmac
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from assumable.errors import InputError
from assumable.formats.reading import read_document
from assumable.formats.writing import FILED, indented
from assumable.source import Document, Location

FORMAT = "assumable/side/1"
MAX_SIDE_BYTES = 2_000_000
UNDISCLOSED = "(undisclosed)"
"""Stands for a value, a principal or a resource that the file does not say; no call has it."""
_SEALED = "hmac-sha256:"

Unsaid = Literal["unknown"]
KeyValue = str | tuple[str, ...] | None
"""One value, the values of a multivalued key, or null where the key is not in the request."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not known here is refused, so that nobody relies on it."""


class Told(_Part, frozen=True, kw_only=True, omit_defaults=True):
    """A policy: outcomes under the keys of a policy document, the document itself, or unknown."""

    document: dict[str, Any] | Unsaid
    name: str = ""
    """Only where the side is full."""
    arn: str = ""
    """As `name`."""


class Level(_Part, frozen=True, kw_only=True):
    """The policies at one level of an organization, from the root down to the account."""

    policies: tuple[Told, ...]
    id: str = ""
    """Only where the side is full."""


class SharedCall(_Part, frozen=True, kw_only=True):
    """What both administrators know of the call; the two sides must say the same."""

    api: Literal["AssumeRole"] = "AssumeRole"
    caller: str
    parameters: dict[str, Any]
    """Nothing secret; in a role's side the ExternalId is sealed."""
    context: dict[str, KeyValue] = msgspec.field(default_factory=dict)
    """Condition keys that the input itself states and that both sides know."""


class Blamed(_Part, frozen=True, kw_only=True, omit_defaults=True):
    """A blocking cause that this side alone establishes."""

    code: str
    cause: str
    variant: str = ""


class Via(_Part, frozen=True, kw_only=True, omit_defaults=True):
    """How the request reaches STS, as far as it is no condition key."""

    region: str | None = None
    endpoint: Literal["regional", "global"] = "regional"
    vpc_endpoint: str | None = None
    """A name, null for none, `unknown`."""
    vpc_endpoint_policy: Told | None = None
    """Null for the default policy, and where there is no endpoint."""
    assumed: bool = False
    """Whether nobody has said that there is no endpoint."""


class Carried(_Part, frozen=True, kw_only=True, omit_defaults=True):
    """What the caller's session carries from the call that made it."""

    policies: tuple[Told, ...] = ()
    transitive_tags: dict[str, str] = msgspec.field(default_factory=dict)
    """Handed on along the chain, so the role's account sees them anyway."""
    source_identity: str | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    complete: bool = True
    """False where it may carry more than is said here."""


class Parts(_Part, frozen=True, kw_only=True):
    """What both kinds of side have."""

    schema: Literal["assumable/side/1"] = "assumable/side/1"
    digest: str = ""
    """SHA-256 over the rest of the object: canonical JSON, keys sorted, without white space."""
    full: bool
    """Whether policies are there as they are."""
    time: datetime
    """The time of the call as this side was made."""
    salt: str
    """The key of the sealed values of this file."""
    call: SharedCall
    regions: dict[str, str] = msgspec.field(default_factory=dict)
    """Regions and whether the account has them on, in the words of ec2:DescribeRegions."""
    every_region: bool = False
    """Whether all other Regions are on."""
    suspended: bool | None = False
    """Whether the organization says that the account cannot be used; None where it is not known."""
    keys: dict[str, KeyValue] = msgspec.field(default_factory=dict)
    """Condition keys about this side that the other side's policies may ask for."""
    unknown_keys: tuple[str, ...] = ()
    """Those whose value was declared not known."""
    every_tag: bool = False
    """Whether `keys` has all tags of the principal or role."""
    blocking: tuple[Blamed, ...] = ()


class CallerSide(Parts, frozen=True, kw_only=True, tag_field="side", tag="caller"):
    """What the caller's administrator tells."""

    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    """Stand-ins for the parameters that only the caller knows, such as TokenCode."""
    mfa_code_is_wrong: bool = False
    exists: bool | Unsaid
    principal_arn: str | None = None
    """Of a role with its path; null where that is not known."""
    credentials: str = ""
    mfa: bool | Unsaid = False
    mfa_age: int | Unsaid | None = None
    session: Carried = Carried()
    identity: tuple[Told, ...] = ()
    boundary: Told | None = None
    scps: tuple[Level, ...] | Unsaid | None = None
    """Null where none apply."""
    via: Via = Via()


class RoleSide(Parts, frozen=True, kw_only=True, tag_field="side", tag="role"):
    """What the role's administrator tells."""

    exists: bool | Unsaid
    trust: Told | None = None
    max_session_duration: int | Unsaid = "unknown"
    rcps: tuple[Level, ...] | Unsaid | None = None
    """Null where none apply."""


Side = CallerSide | RoleSide


class Seal(msgspec.Struct, frozen=True):
    """Hides values so that only somebody who has the same value can tell."""

    salt: str

    def of(self, value: str) -> str:
        """The sealed value: HMAC-SHA-256 under the salt of the file."""
        code = hmac.new(self.salt.encode(), value.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return _SEALED + code.hexdigest()


def is_sealed(value: object) -> bool:
    """Whether a value is hidden by a seal."""
    return isinstance(value, str) and value.startswith(_SEALED)


def written(side: Side) -> str:
    """The text of the file, its digest included."""
    plain = msgspec.to_builtins(side)
    plain["digest"] = _digest(plain)
    return indented(plain, FILED) + "\n"


def read_side(path: Path) -> Side:
    """A side file; InputError with the position when it is not one, or was changed."""
    return parse_side(read_document(path, limit=MAX_SIDE_BYTES))


def parse_side(document: Document) -> Side:
    """A side from a document."""
    value = document.value
    schema = value.get("schema") if isinstance(value, dict) else None
    if schema != FORMAT:
        raise InputError(
            f"is no side file of the format {FORMAT}", document.name, "assumable export-side"
        )
    try:
        side: Side = msgspec.convert(value, CallerSide | RoleSide)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        where = Location(document, _pointer(path.removesuffix("`")))
        place = where if where.span() is not None else Location(document, "")
        raise InputError(f"{message[:1].lower()}{message[1:]}", str(place)) from None
    if not hmac.compare_digest(str(value.get("digest")), _digest(value)):
        raise InputError(
            "the digest is not that of the content: the file was changed or cut",
            document.name,
            "ask for it again",
        )
    return side


def _digest(value: dict[str, Any]) -> str:
    rest = {key: item for key, item in value.items() if key != "digest"}
    canonical = msgspec.json.encode(rest, order="sorted")
    return "sha256:" + hashlib.sha256(canonical).hexdigest()


def _pointer(path: str) -> str:
    """The JSON pointer of a place as msgspec writes it: `.call.parameters[...]`, `.trust`."""
    steps = path.replace("[", ".").replace("]", "").split(".")
    pointer = ""
    for step in filter(None, steps):
        if step.isdigit() or step.isidentifier():
            pointer += f"/{step}"
        else:
            break  # the name of a member, which msgspec does not say
    return pointer


def schema() -> dict[str, Any]:
    """The JSON Schema of side files."""
    return msgspec.json.schema(CallerSide | RoleSide)
