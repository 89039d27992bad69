"""How evidence changes the odds of hypotheses: soundly, since a call may have several causes.

INVARIANT: a cause is ruled out only by an answer that it would have prevented; what merely speaks
against a cause leaves it a tenth of its weight.
"""

from collections.abc import Collection, Iterable

import msgspec

from assumable.findings.hypotheses import Certainty, Hypothesis
from assumable.formats.message import Message
from assumable.formats.message_patterns import COMPANIONS

UNLIKELY = 0.1
"""What is left of the weight of a cause that the evidence speaks against."""
_FLOOR, _RARE = 0.5, 0.05
"""The weight of a cause that was never counted, in public failures, and of one that is odd here."""
# AWS looks at these before it looks at any policy, so that a refusal by a policy rules them out
# (FACTS section 0). The role's own limit comes after the policies (U-2), and may be next.
_BEFORE_POLICIES = frozenset((
    "parameter", "caller-not-found", "root-caller", "region", "identity-provider", "credentials",
))  # fmt: skip


class Bearing(msgspec.Struct, frozen=True, kw_only=True):
    """What one observation says about the hypotheses, by cause."""

    rules_out: tuple[str, ...] = ()
    less_likely: tuple[str, ...] = ()
    points_to: tuple[str, ...] = ()
    confirms: tuple[str, ...] = ()
    """Causes that AWS itself names, in words that it has for nothing else."""
    refused: bool | None = None
    """Whether AWS refused the call that is asked about; None when this does not tell."""


class Odds:
    """The hypotheses with the weight that the evidence so far leaves each of them."""

    def __init__(self, hypotheses: Iterable[Hypothesis], *, is_complete: bool = True) -> None:
        """By their priors; `is_complete` is whether one of them is behind any refusal."""
        self._is_complete = is_complete
        self._known = {each.cause: each for each in hypotheses}
        self.weights = {
            cause: each.prior + (_RARE if each.is_rare else _FLOOR)
            for cause, each in self._known.items()
        }
        self.passing = sum(self.weights.values())
        """The weight of there being no cause at all; as long as nobody saw a refusal, even odds."""
        self._unnamed = 0.0 if is_complete else self.passing
        """The weight of causes that are none of these."""
        self._pointed: set[str] = set()
        self._confirmed: set[str] = set()
        self.refused = False

    def take(self, bearing: Bearing, *, is_told: bool = False) -> None:
        """Take an observation into account; one that was only told may be old."""
        for cause in bearing.rules_out:
            self.weights.pop(cause, None)
        for cause in bearing.less_likely:
            if cause in self.weights and cause not in self._confirmed:
                self.weights[cause] *= UNLIKELY
        self._pointed.update(bearing.points_to)
        self._confirmed.update(bearing.confirms)
        if bearing.refused is not None:
            self.refused = bearing.refused
            self.passing *= UNLIKELY if is_told else 0.0

    @property
    def is_settled(self) -> bool:
        """Whether a refusal was seen, and one cause alone can be behind it."""
        return not self.weights or self._is_alone

    @property
    def _is_alone(self) -> bool:
        return self._is_complete and self.refused and len(self.weights) == 1

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """Those that remain, the likeliest first."""
        total = sum(self.weights.values()) + self._unnamed
        ranked = sorted(self.weights, key=lambda cause: (-self.weights[cause], cause))
        return tuple(
            msgspec.structs.replace(
                self._known[cause],
                share=round(self.weights[cause] / total, 3),
                certainty=self._certainty(cause),
            )
            for cause in ranked
        )

    def _certainty(self, cause: str) -> Certainty:
        if cause in self._confirmed or self._is_alone:
            return "confirmed"
        return "likely" if cause in self._pointed else "possible"


def bearing_of(message: Message, causes: Collection[str]) -> Bearing:
    """What a refusal with this text says about the causes.

    A text without a code is not AWS's own, and throttling has no cause here: they say nothing. A
    text about none of the causes proves none of them.
    """
    if not message.code or not message.causes:
        return Bearing()
    named = [cause for cause in causes if cause in message.causes]
    if message.code != "AccessDenied" or (len(message.causes) == 1 and not message.layer):
        return _by_name(message, causes, named)
    ruled_out = [cause for cause in causes if cause in _BEFORE_POLICIES & set(message.rules_out)]
    pointed = [cause for cause in named if cause == COMPANIONS.get(message.action)]
    if message.layer:  # R7.5 to R7.7: never certain, since it may be the wrong side
        pointed = named
    if not named:
        return Bearing(rules_out=tuple(ruled_out))
    doubted = [cause for cause in causes if cause not in named]
    if pointed:
        doubted = [cause for cause in causes if cause not in pointed]
    elif message.action:  # R3.2: the text would name the action that the attributes need
        doubted += [cause for cause in named if cause in COMPANIONS.values()]
    return Bearing(
        rules_out=tuple(ruled_out),
        less_likely=tuple(cause for cause in doubted if cause not in ruled_out),
        points_to=tuple(pointed),
        refused=True,
    )


def _by_name(message: Message, causes: Collection[str], named: list[str]) -> Bearing:
    """A text of its own: it is not about the others, which may come next."""
    if not named:
        return Bearing()
    others = tuple(cause for cause in causes if cause not in named)
    alone = len(message.causes) == 1
    return Bearing(
        less_likely=others,
        points_to=() if alone else tuple(named),
        confirms=tuple(named) if alone else (),
        refused=True,
    )
