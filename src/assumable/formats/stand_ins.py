"""A scenario document that can be shown to anybody: stand-ins for the secrets in it."""

import re
from typing import Any

from assumable import arn
from assumable.formats.profiles import SECRET_VARIABLES, VARIABLES
from assumable.formats.redact_client import redact_block
from assumable.model.call import SECRET_PARAMETERS


def without_secrets(document: Any) -> Any:
    """The document with codes, tokens, assertions and keys replaced; all else is as it was.

    A stand-in has the length and the kind of characters of the secret, on which alone an answer
    depends.
    """
    match document:
        case dict():
            return {key: _member(key, value) for key, value in document.items()}
        case list():
            return [without_secrets(item) for item in document]
        case _:
            return document


def _member(key: Any, value: Any) -> Any:
    if key == "ProvidedContexts" and isinstance(value, list):
        return [_context(entry) for entry in value]
    if key in SECRET_PARAMETERS:
        return _stand_in(value)
    if key == "client" and isinstance(value, dict):
        variables = value.get("environment")
        block = redact_block({k: v for k, v in value.items() if k != "environment"}, str)
        return block if variables is None else {**block, "environment": _kept(variables)}
    return without_secrets(value)


def _context(entry: Any) -> Any:
    """A context with its provider, which a condition may ask for."""
    if not isinstance(entry, dict):
        return _stand_in(entry)
    return {
        key: value if _is_provider(key, value) else _stand_in(value) for key, value in entry.items()
    }


def _is_provider(key: Any, value: Any) -> bool:
    return key == "ProviderArn" and isinstance(value, str) and arn.parse(value) is not None


def _kept(variables: Any) -> Any:
    """The variables that an SDK reads; others say nothing of the call, and may be secrets."""
    if not isinstance(variables, dict):
        return variables
    return {
        k: "set" if v and k in SECRET_VARIABLES else v
        for k, v in variables.items()
        if k in VARIABLES
    }


def _stand_in(value: Any) -> Any:
    match value:
        case bool() | None:
            return value
        case int() | float():
            return type(value)(re.sub(r"\d", "1", str(value)))
        case str():
            return re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "0", value))
        case list():
            return [_stand_in(item) for item in value]
        case dict():
            return {str(n): _stand_in(item) for n, item in enumerate(value.values())}
        case _:
            return value
