"""Puts policies into a side file: blinded, or as they are."""

from typing import Literal

from assumable.engine.layers import Part
from assumable.formats.side import (
    Level,
    Told,
)
from assumable.model.policy import Layer, Policy
from assumable.model.world import PolicyOrUnknown
from assumable.sides.blind import Blinds


class Teller:
    """Puts policies into the file: blinded, or as they are."""

    def __init__(self, blinds: Blinds, *, full: bool) -> None:
        self._blinds, self._full = blinds, full

    def all(self, layer: Layer, parts: list[Part]) -> tuple[Told, ...]:
        """The policies of a layer that is one gate."""
        return self.policies(layer, tuple(p for part in parts for p in part.policies))

    def levels(
        self, layer: Layer, parts: list[Part]
    ) -> tuple[Level, ...] | Literal["unknown"] | None:
        """Those of a layer with levels; None where it plays no part."""
        if not all(part.level for part in parts):
            return "unknown"
        levels = (
            Level(
                policies=self.policies(layer, part.policies),
                id=part.level if self._full else "",
            )
            for part in parts
        )
        return tuple(levels) or None

    def policies(self, layer: Layer, policies: tuple[PolicyOrUnknown, ...]) -> tuple[Told, ...]:
        """Policies that are one gate together."""
        if not self._full:
            return self._blinds.told(layer, policies)
        return tuple(
            Told(document=policy.document, name=policy.name.name, arn=policy.name.arn)
            if isinstance(policy, Policy)
            else Told(document="unknown")
            for policy in policies
        )
