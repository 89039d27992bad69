"""JSON that people read as well."""

import json
from typing import Any

import msgspec

FILED = 1
"""The indent of files that we write to be read again: lines that evidence can name."""


def indented(value: object, indent: int = 2) -> str:
    """A value as JSON, some spaces a level, without a line break at the end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=indent).decode()


def pretty(document: Any) -> str:
    """A document that was read from JSON or YAML, whatever is in it, as people lay it out."""
    compact = json.dumps(document, ensure_ascii=False)  # with an indent it is far slower
    return msgspec.json.format(compact, indent=2)
