"""Sealed values, opened by somebody who has the same value."""

from collections.abc import Iterator
from typing import Any

import msgspec

from assumable.engine.context import RequestContext
from assumable.formats.side import (
    UNDISCLOSED,
    CallerSide,
    RoleSide,
    Seal,
    Told,
    is_sealed,
)
from assumable.model.call import (
    Open,
    Present,
    Value,
)
from assumable.model.world import (
    Unknown,
)

_SETTLE = "`assumable export-side` with --given or --full"


class Opened:
    """What a side's sealed values come to for somebody who knows the other side."""

    def __init__(self, context: RequestContext, seal: Seal, caller_arn: str) -> None:
        """Nothing is opened yet; `unknown` collects the tests that stay undisclosed."""
        self.context, self.seal, self.caller_arn = context, seal, caller_arn
        self.unknown: dict[str, Value] = {}

    def told(self, policy: Told) -> Told:
        """The policy with the values that could be opened."""
        if not isinstance(policy.document, dict):
            return policy
        document = dict(policy.document)
        statements = document.get("Statement")
        if isinstance(statements, list):
            document["Statement"] = [self._statement(item) for item in statements]
        return msgspec.structs.replace(policy, document=document)

    def _statement(self, statement: Any) -> Any:
        if not isinstance(statement, dict):
            return statement
        block = statement.get("Condition")
        changed = dict(statement)
        found: dict[str, dict[str, Any]] = {}
        for operator, key, values in _tests(block):
            opened = self._test(operator, key, values)
            found.setdefault(opened[0], {})[opened[1]] = opened[2]
        principal = statement.get("Principal")
        names = principal.get("AWS") if isinstance(principal, dict) else None
        if isinstance(names, list) and any(map(is_sealed, names)):
            changed["Principal"] = {"AWS": self._principals(names, found)}
        return {**changed, "Condition": found} if found else changed

    def _principals(self, names: list[Any], block: dict[str, dict[str, Any]]) -> list[Any]:
        """The role behind the caller's session, if one of the names is that."""
        value = self.context.get("aws:PrincipalArn")
        if isinstance(value, Unknown):
            self._unknown("Principal", block)
            return [self.caller_arn]
        mine = {self.seal.of(text) for text in _values(value)}
        return [
            (self.caller_arn if name in mine else UNDISCLOSED) if is_sealed(name) else name
            for name in names
        ]

    def _test(self, operator: str, key: str, values: list[Any]) -> tuple[str, str, list[Any]]:
        value = self.context.get(key)
        if values == [UNDISCLOSED] and _is_open(value):
            name = f"the undisclosed test of {key} by {operator}"
            self.unknown[name.lower()] = Unknown("not disclosed", _SETTLE, present=True)
            return "StringEquals", name, ["passed"]
        folds = "ignorecase" in operator.lower()
        known = {self.seal.of(text.lower() if folds else text): text for text in _values(value)}
        opened = [known.get(v, UNDISCLOSED) if is_sealed(v) else v for v in values]
        return operator, key, opened

    def _unknown(self, what: str, block: dict[str, dict[str, Any]]) -> None:
        name = f"the undisclosed {what}"
        self.unknown[name.lower()] = Unknown("not disclosed", _SETTLE, present=True)
        block.setdefault("StringEquals", {})[name] = ["passed"]


def _tests(block: Any) -> Iterator[tuple[str, str, list[Any]]]:
    for operator, keys in block.items() if isinstance(block, dict) else ():
        for key, values in keys.items() if isinstance(keys, dict) else ():
            yield operator, key, values if isinstance(values, list) else [values]


def _is_open(value: Value) -> bool:
    """Whether a test that nobody sees could hold or not."""
    return isinstance(value, Present | Unknown | Open)


def _values(value: Value) -> tuple[str, ...]:
    if isinstance(value, Open):
        return (*_values(value.if_true), *_values(value.if_false))
    return value.values if isinstance(value, Present) else ()


def opened_caller(side: CallerSide, opened: Opened) -> CallerSide:
    """The side with every policy opened."""
    via = side.via
    endpoint = via.vpc_endpoint_policy
    session = side.session
    return msgspec.structs.replace(
        side,
        identity=tuple(map(opened.told, side.identity)),
        boundary=opened.told(side.boundary) if side.boundary else None,
        scps=_levels(side.scps, opened),
        session=msgspec.structs.replace(
            session, policies=tuple(map(opened.told, session.policies))
        ),
        via=msgspec.structs.replace(
            via, vpc_endpoint_policy=opened.told(endpoint) if endpoint else None
        ),
    )


def opened_role(side: RoleSide, opened: Opened) -> RoleSide:
    """The side with every policy opened."""
    return msgspec.structs.replace(
        side,
        trust=opened.told(side.trust) if side.trust else None,
        rcps=_levels(side.rcps, opened),
    )


def _levels(levels: Any, opened: Opened) -> Any:
    if not isinstance(levels, tuple):
        return levels
    return tuple(
        msgspec.structs.replace(level, policies=tuple(map(opened.told, level.policies)))
        for level in levels
    )
