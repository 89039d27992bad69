"""`--assume ITEM=VALUE`: deciding what AWS's documentation, or the input, leaves open."""

from collections.abc import Iterable

from assumable.engine.open_items import OPEN_ITEMS
from assumable.errors import InputError

_OF_THE_INPUT = {"organization": ("open", "unknown"), "session": ("plain", "unknown")}
"""What may be taken for granted where it could not be read."""


def assumptions(texts: Iterable[str]) -> dict[str, bool]:
    """What the user decided; True is the first reading of an item. InputError for other words."""
    return dict(map(_assumption, texts))


def _assumption(text: str) -> tuple[str, bool]:
    known = _OF_THE_INPUT | {item.id: item.values for item in OPEN_ITEMS.values()}
    item, _, value = text.partition("=")
    words = known.get(item)
    if words is None:
        what = f"`{item}` is no open item" if item else "names no open item"
        raise InputError(what, "--assume", f"one of {', '.join(known)}")
    if not value:
        choices = " or ".join(f"{item}={word}" for word in words)
        raise InputError(f"{item} needs a value", "--assume", choices)
    if value not in words:
        raise InputError(
            f"`{value}` is no value of {item}", "--assume", f"one of {', '.join(words)}"
        )
    return item, value == words[0]
