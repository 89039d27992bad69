"""What was found out before, for as long as there is room."""

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(dict[K, V]):
    """Answers that can be found again: when there are too many, all are forgotten.

    Only `remembered[key] = answer` adds one.
    """

    __slots__ = ("_most",)

    def __init__(self, most: int) -> None:
        """Empty; of so many answers none is forgotten."""
        super().__init__()
        self._most = most

    def __setitem__(self, key: K, answer: V) -> None:
        """Remember an answer."""
        if len(self) >= self._most:
            self.clear()
        super().__setitem__(key, answer)
