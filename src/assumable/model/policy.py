"""Policy documents: parsed tolerantly, every element with its JSON pointer.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import enum
import functools
import re
from typing import Any, Literal, NamedTuple, cast

import msgspec

from assumable import arn
from assumable.source import Location, escape

VERSION_WITH_VARIABLES = "2012-10-17"
_STATEMENT_KEYS = frozenset(
    [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ]
)
_OPERATOR = re.compile(
    r"(?:(?P<qualifier>ForAllValues|ForAnyValue):)?(?P<base>[A-Za-z]+?)(?P<if_exists>IfExists)?",
    re.IGNORECASE,
)
OPERATORS = frozenset(
    [
        "stringequals",
        "stringnotequals",
        "stringequalsignorecase",
        "stringnotequalsignorecase",
        "stringlike",
        "stringnotlike",
        "numericequals",
        "numericnotequals",
        "numericlessthan",
        "numericlessthanequals",
        "numericgreaterthan",
        "numericgreaterthanequals",
        "dateequals",
        "datenotequals",
        "datelessthan",
        "datelessthanequals",
        "dategreaterthan",
        "dategreaterthanequals",
        "bool",
        "binaryequals",
        "ipaddress",
        "notipaddress",
        "arnequals",
        "arnlike",
        "arnnotequals",
        "arnnotlike",
        "null",
    ]
)


Qualifier = Literal["", "forallvalues", "foranyvalue"]


class Operator(NamedTuple):
    """What the name of a condition operator says."""

    base: str
    """In lower case, without qualifier and `IfExists`."""
    qualifier: Qualifier
    if_exists: bool


@functools.lru_cache(maxsize=1_024)
def operator_of(name: str) -> Operator | None:
    """The operator of that name; None when there is none.

    >>> operator_of("ForAnyValue:StringLikeIfExists")
    Operator(base='stringlike', qualifier='foranyvalue', if_exists=True)
    """
    parts = _OPERATOR.fullmatch(name)
    base = parts["base"].lower() if parts else ""
    if parts is None or base not in OPERATORS or (base == "null" and parts["if_exists"]):
        return None
    qualifier = cast("Qualifier", (parts["qualifier"] or "").lower())
    return Operator(base, qualifier, bool(parts["if_exists"]))


class Effect(enum.StrEnum):
    """What a statement does when it matches."""

    ALLOW = "Allow"
    DENY = "Deny"


class Layer(enum.StrEnum):
    """Where a policy is attached; the kinds of policy that AWS evaluates."""

    TRUST = "trust"
    IDENTITY = "identity"
    BOUNDARY = "boundary"
    SESSION = "session-policy"
    SCP = "scp"
    RCP = "rcp"
    VPC_ENDPOINT = "vpc-endpoint"


class PrincipalEntry(msgspec.Struct, frozen=True):
    """One value of a `Principal` element; kind `*` is the bare `"Principal": "*"`."""

    kind: Literal["AWS", "Federated", "Service", "CanonicalUser", "*"]
    value: str
    pointer: str


class Condition(msgspec.Struct, frozen=True):
    """One key under one operator of a `Condition` block, its values are alternatives."""

    operator: str
    base: str
    """The operator in lower case, without qualifier and `IfExists`."""
    qualifier: Qualifier
    if_exists: bool
    key: str
    values: tuple[str, ...]
    pointer: str


class Statement(msgspec.Struct, frozen=True):
    """One statement; `actions` belong to `NotAction` when `not_action` is set, and so on."""

    index: int
    sid: str
    effect: Effect
    actions: tuple[str, ...]
    not_action: bool
    principals: tuple[PrincipalEntry, ...] | None
    not_principal: bool
    resources: tuple[str, ...] | None
    not_resource: bool
    conditions: tuple[Condition, ...]
    pointer: str

    @property
    def label(self) -> str:
        """How people refer to it: its Sid, or its number counting from 1."""
        return f"statement {self.index + 1}" + (f" ({self.sid})" if self.sid else "")


class PolicyName(msgspec.Struct, frozen=True):
    """Which policy this is, in the words of AWS."""

    layer: Layer
    name: str
    owner: str = ""
    """ARN of the user, group or role it is attached to, or the target of an SCP or RCP."""
    arn: str = ""
    """The policy's own ARN; empty when it is inline."""
    account: str = ""
    """The account whose administrator can edit it."""


SESSION_POLICY = PolicyName(Layer.SESSION, "the caller's session policy")
"""The inline one of the caller's session."""


class Problem(msgspec.Struct, frozen=True):
    """A mistake in a document: fatal ones make it unusable, others make a part never match."""

    message: str
    pointer: str
    fatal: bool


class Policy(msgspec.Struct, frozen=True):
    """A policy document as it is evaluated, with the place it was read from."""

    name: PolicyName
    version: str
    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...]
    document: Any
    location: Location
    """Where the document stands, for evidence."""
    input_pointer: str | None = None
    """Where it stands in the input file, for patches; None when there is no such file."""
    other_versions: tuple[str, ...] = ()
    """Of a managed policy, those that are not in force, oldest first; empty where nobody said."""

    @property
    def fatal(self) -> Problem | None:
        """The first mistake that makes the whole document unusable."""
        return next((problem for problem in self.problems if problem.fatal), None)

    @property
    def has_variables(self) -> bool:
        """Policy variables are plain text in documents of the older version (R6.10)."""
        return self.version == VERSION_WITH_VARIABLES


class _Reader:
    """Collects statements and problems; a broken part never stops the rest."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.problems: list[Problem] = []

    def fault(self, pointer: str, message: str, *, fatal: bool = True) -> None:
        self.problems.append(Problem(message, pointer, fatal))

    def statements(self, document: Any) -> tuple[Statement, ...]:
        if not isinstance(document, dict):
            self.fault("", "a policy document must be an object")
            return ()
        found = document.get("Statement")
        for key in document.keys() - {"Version", "Id", "Statement"}:
            self.fault(f"/{escape(key)}", f"unknown policy element `{key}`")
        if isinstance(found, dict):
            return tuple(filter(None, [self.statement(found, 0, "/Statement")]))
        if not isinstance(found, list):
            self.fault(
                "/Statement" if found is not None else "", "a policy needs a `Statement` list"
            )
            return ()
        read = (self.statement(item, n, f"/Statement/{n}") for n, item in enumerate(found))
        return tuple(filter(None, read))

    def statement(self, value: Any, index: int, pointer: str) -> Statement | None:
        if not isinstance(value, dict):
            self.fault(pointer, "a statement must be an object")
            return None
        for key in sorted(value.keys() - _STATEMENT_KEYS):
            self.fault(f"{pointer}/{escape(key)}", f"unknown statement element `{key}`")
        if value.get("Effect") not in ("Allow", "Deny"):
            self.fault(
                f"{pointer}/Effect" if "Effect" in value else pointer,
                "`Effect` must be `Allow` or `Deny`",
            )
            return None
        action_key = self.one_of(value, pointer, "Action", "NotAction", needed=True)
        principal_key = self.one_of(
            value, pointer, "Principal", "NotPrincipal", needed=self.layer is Layer.TRUST
        )
        resource_key = self.one_of(
            value, pointer, "Resource", "NotResource", needed=self.layer is not Layer.TRUST
        )
        if principal_key == "NotPrincipal" and self.layer is not Layer.VPC_ENDPOINT:
            self.fault(
                f"{pointer}/NotPrincipal",
                "`NotPrincipal` is accepted in resource policies such as those of VPC endpoints "
                "only",
            )
        if self.layer is Layer.TRUST and resource_key:
            self.fault(
                f"{pointer}/{resource_key}",
                "a trust policy has no Resource element; "
                "it is ignored here and IAM refuses to save it",
                fatal=False,
            )
            resource_key = ""
        return Statement(
            index=index,
            sid=str(value.get("Sid", "")),
            effect=Effect(value["Effect"]),
            actions=self.strings(value.get(action_key), f"{pointer}/{action_key}"),
            not_action=action_key == "NotAction",
            principals=self.principals(value[principal_key], f"{pointer}/{principal_key}")
            if principal_key
            else None,
            not_principal=principal_key == "NotPrincipal",
            resources=self.strings(value[resource_key], f"{pointer}/{resource_key}")
            if resource_key
            else None,
            not_resource=resource_key == "NotResource",
            conditions=tuple(self.conditions(value.get("Condition"), f"{pointer}/Condition")),
            pointer=pointer,
        )

    def one_of(
        self, value: dict[str, Any], pointer: str, plain: str, negated: str, *, needed: bool
    ) -> str:
        if plain in value:
            if negated in value:
                self.fault(f"{pointer}/{negated}", f"`{plain}` and `{negated}` exclude each other")
            return plain
        if negated in value:
            return negated
        if needed:
            self.fault(pointer, f"a statement needs `{plain}` or `{negated}`")
        return ""

    def strings(self, value: Any, pointer: str) -> tuple[str, ...]:
        if isinstance(value, str):
            return (value,)
        items = value if isinstance(value, list) else [value]
        for n, item in enumerate(items):
            if value is not None and not isinstance(item, str):
                where = f"{pointer}/{n}" if isinstance(value, list) else pointer
                self.fault(where, "must be text or a list of texts")
        return tuple(item for item in items if isinstance(item, str))

    def principals(self, value: Any, pointer: str) -> tuple[PrincipalEntry, ...]:
        if value == "*":
            return (PrincipalEntry("*", "*", pointer),)
        if not isinstance(value, dict):
            self.fault(pointer, '`Principal` must be `*` or an object such as {"AWS": …}')
            return ()
        found: list[PrincipalEntry] = []
        for kind, names in value.items():
            below = f"{pointer}/{escape(kind)}"
            if kind not in ("AWS", "Federated", "Service", "CanonicalUser"):
                self.fault(below, f"unknown kind of principal `{kind}`")
                continue
            values = self.strings(names, below)
            many = isinstance(names, list)
            for n, name in enumerate(values):
                where = f"{below}/{n}" if many else below
                found.append(PrincipalEntry(kind, name, where))
                if complaint := principal_complaint(kind, name):
                    self.fault(where, complaint, fatal=False)
        return tuple(found)

    def conditions(self, value: Any, pointer: str) -> list[Condition]:
        if value is None:
            return []
        if not isinstance(value, dict):
            self.fault(pointer, "`Condition` must be an object")
            return []
        found: list[Condition] = []
        for operator, block in value.items():
            below = f"{pointer}/{escape(operator)}"
            parts = operator_of(operator)
            if parts is None:
                self.fault(below, f"unknown condition operator `{operator}`")
            elif not isinstance(block, dict):
                self.fault(below, "a condition operator takes an object of keys and values")
            else:
                for key, values in block.items():
                    where = f"{below}/{escape(key)}"
                    found.append(
                        Condition(operator, *parts, key, self.values(values, where), where)
                    )
        return found

    def values(self, value: Any, pointer: str) -> tuple[str, ...]:
        items = value if isinstance(value, list) else [value]
        found: list[str] = []
        for n, item in enumerate(items):
            if isinstance(item, bool):
                found.append("true" if item else "false")
            elif isinstance(item, str | int | float):
                found.append(str(item))
            else:
                where = f"{pointer}/{n}" if isinstance(value, list) else pointer
                self.fault(where, "a condition value must be text, a number or a boolean")
        return tuple(found)


def principal_complaint(kind: str, value: str) -> str:
    """Why a principal can never match, empty when it can (FACTS 2.1, R2.2, R2.5, R2.8, R2.9)."""
    wild = "*" in value or "?" in value
    if kind == "AWS" and value != "*":
        if arn.ACCOUNT_ID.fullmatch(value):
            return ""
        if arn.UNIQUE_ID.fullmatch(value):
            return f"`{value}` is the id of a deleted principal: IAM saves no policy that has it"
        parts = arn.parse(value)
        if wild:
            return f"`{value}` has a wildcard inside a principal; only a bare `*` is allowed"
        if parts is None or parts.service not in ("iam", "sts"):
            return f"`{value}` is not a principal that AWS accepts"
        if not arn.ACCOUNT_ID.fullmatch(parts.account):
            return f"`{value}` has no account ID of 12 digits"
        if parts.kind in ("group", "instance-profile"):
            return f"`{value}` is a {parts.kind}, which cannot be a principal"
    if kind == "Service" and wild:
        return f"`{value}` has a wildcard; a service principal is written out"
    return ""


def parse_policy(
    document: Any, name: PolicyName, location: Location, input_pointer: str | None = None
) -> Policy:
    """A policy from its parsed JSON; mistakes are kept in `problems`, never raised."""
    reader = _Reader(name.layer)
    statements = reader.statements(document)
    version = document.get("Version", "2008-10-17") if isinstance(document, dict) else ""
    if version not in ("2008-10-17", VERSION_WITH_VARIABLES):
        reader.fault("/Version", f"unknown policy version `{version}`")
    return Policy(
        name, str(version), statements, tuple(reader.problems), document, location, input_pointer
    )
