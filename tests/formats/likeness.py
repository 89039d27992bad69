"""Worlds held against each other, whoever read them: the same facts from the same places."""

from collections.abc import Mapping
from typing import Any

import msgspec

from assumable.formats.touching import touches_sts
from assumable.model.policy import Layer, Policy
from assumable.source import Location


def plain(value: Any) -> Any:
    """A world in dictionaries and lists; of documents the names, not the texts."""
    if isinstance(value, Location):
        return _place(value)
    if isinstance(value, msgspec.Struct):
        names = [name for name in value.__struct_fields__ if name != "document"]
        return {"is": type(value).__name__, **{n: plain(getattr(value, n)) for n in names}}
    if isinstance(value, Mapping):
        return {key: plain(held) for key, held in value.items()}
    if isinstance(value, tuple):
        return [plain(held) for held in value]
    return value


def _place(location: Location) -> tuple[str, str]:
    """File and pointer, also of a policy that stands in the file as text."""
    name, pointer = location.document.name, location.pointer
    if not pointer and " at /" in name:
        name, _, pointer = name.partition(" in ")[2].rpartition(" at ")
    return name, pointer


def sliced(value: Any) -> Any:
    """What is to be left of a world that was read in full, as `plain` has it."""
    if isinstance(value, dict) and value.get("is") == "Policy":
        return _cut(value)
    if isinstance(value, dict):
        return {key: sliced(held) for key, held in value.items()} | _lasting(value)
    if isinstance(value, list):
        return [sliced(held) for held in value]
    return value


def _cut(policy: dict[str, Any]) -> dict[str, Any]:
    name, statements = policy["name"], policy["statements"]
    if name["layer"] is not Layer.TRUST:
        statements = [
            s for s in statements if touches_sts(s["actions"], not_action=s["not_action"])
        ]
    if name["layer"] in (Layer.IDENTITY, Layer.BOUNDARY) and name["arn"]:
        name = {**name, "owner": ""}
    return {**policy, "name": name, "statements": statements, "other_versions": []}


def _lasting(principal: dict[str, Any]) -> dict[str, Any]:
    """Identity policies that are left with something to say."""
    if "policies" not in principal:
        return {}
    left = [sliced(policy) for policy in principal["policies"]]
    return {"policies": [p for p in left if p["is"] != "Policy" or p["statements"]]}


def shared_tuples(policies: list[Policy]) -> dict[str, set[int]]:
    """The identities of the statements of policies, by what they say."""
    found: dict[str, set[int]] = {}
    for policy in policies:
        text = repr((policy.version, policy.statements))
        found.setdefault(text, set()).add(id(policy.statements))
    return found
