"""What a rule may look at: the call, and which action is judged in which layer."""

from assumable.engine.facts import Facts
from assumable.model.call import Call
from assumable.model.policy import Layer


class Question:
    """One action's evaluation in one layer."""

    def __init__(self, facts: Facts, action: str, layer: Layer) -> None:
        """Keep what the rules ask for."""
        self.facts, self.action, self.layer = facts, action, layer

    @property
    def call(self) -> Call:
        """The call whose context this is."""
        return self.facts.call

    @property
    def is_main_action(self) -> bool:
        """Whether this is the AssumeRole… action itself, not one of its companions."""
        return self.action == f"sts:{self.call.api}"
