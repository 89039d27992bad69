"""JSON that people read as well."""

import msgspec


def indented(value: object) -> str:
    """A value as JSON, two spaces a level, without a line break at the end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
