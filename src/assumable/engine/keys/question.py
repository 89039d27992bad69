"""What a rule may look at: the call, and which action is judged in which layer."""

from assumable.engine.facts import Facts
from assumable.model.call import Call, Value
from assumable.model.policy import Layer


class Question:
    """One action's evaluation in one layer."""

    __slots__ = ("_values", "action", "call", "facts", "layer")

    def __init__(self, facts: Facts, action: str, layer: Layer) -> None:
        """Keep what the rules ask for; keys are derived when they are first asked for."""
        self.facts, self.action, self.layer = facts, action, layer
        self.call: Call = facts.call
        self._values: dict[str, Value] = {}

    @property
    def is_main_action(self) -> bool:
        """Whether this is the AssumeRole… action itself, not one of its companions."""
        return self.action == f"sts:{self.call.api}"
