"""Rules on the session tags of a request, with the answer AWS gives (FACTS 4, 4.2, R9.1).

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

import re
from collections.abc import Iterator

from assumable.engine.limits import Fault, missing, mistyped, too_short, violation
from assumable.model.call import Call

MAX_TAGS, MAX_KEY, MAX_VALUE = 50, 128, 256
# `\p{L}`, `\p{N}` and `_` are Python's `\w`; `\p{Z}` is its `\s` without the control characters.
_CHARACTERS = re.compile(r"(?:[\w.:/=+\-@]|[^\S\t\n\r\f\v\x1c-\x1f\x85])*")
_PRINTED = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]"
_TOO_MANY = f"have length less than or equal to {MAX_TAGS}"


def tag_faults(call: Call, value: object) -> Iterator[Fault]:
    """What is wrong with `Tags`: number, keys, values, duplicates, keys that were inherited."""
    if not isinstance(value, list):
        yield mistyped("Tags", value, list)
        return
    if len(value) > MAX_TAGS:
        yield violation("Tags", "tags", "'[…]'", _TOO_MANY)
    keys = list[str]()
    for number, tag in enumerate(value):
        if not isinstance(tag, dict):
            yield mistyped(f"Tags[{number}]", tag, dict)
            continue
        keys.append(str(tag.get("Key", "")).lower())
        for name, shortest, longest in (("Key", 1, MAX_KEY), ("Value", 0, MAX_VALUE)):
            yield from _member_faults(number, name, tag.get(name), shortest, longest)
    if len(set(keys)) != len(keys):
        text = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        yield _conflict("Tags", text)
    inherited = {key.lower() for key in call.session.transitive_tag_keys}
    if not inherited.isdisjoint(keys):
        text = (
            "One of the specified transitive tag keys can't be set because it conflicts with a "
            "transitive tag key from the calling session."
        )
        yield _conflict("Tags", text)


def _member_faults(
    number: int, name: str, value: object, shortest: int, longest: int
) -> Iterator[Fault]:
    """What is wrong with the key or the value of a tag, counted from 0."""
    path = f"Tags[{number}].{name}"
    if value is None:
        yield missing(path)
    elif not isinstance(value, str):
        yield mistyped(path, value, str)
    elif len(value) < shortest:
        yield too_short(path, len(value), shortest)
    else:
        for constraint in _broken(value, shortest, longest):
            member = f"tags.{number + 1}.member.{name.lower()}"
            yield violation("Tags", member, f"'{value}'", constraint)


def _broken(text: str, shortest: int, longest: int) -> Iterator[str]:
    """The constraints that a key or value breaks."""
    if not _CHARACTERS.fullmatch(text):
        yield f"satisfy regular expression pattern: {_PRINTED}{'+' if shortest else '*'}"
    if len(text) > longest:
        yield f"have length less than or equal to {longest}"


def transitive_faults(call: Call, value: object) -> Iterator[Fault]:
    """What is wrong with `TransitiveTagKeys`: each must be the key of a tag of the same request."""
    if not isinstance(value, list):
        yield mistyped("TransitiveTagKeys", value, list)
        return
    if len(value) > MAX_TAGS:
        yield violation("TransitiveTagKeys", "transitiveTagKeys", "'[…]'", _TOO_MANY)
    keys = [key for key in value if isinstance(key, str)]
    for number, key in enumerate(value):
        path = f"TransitiveTagKeys[{number}]"
        if not isinstance(key, str):
            yield mistyped(path, key, str)
        elif not key:
            yield too_short(path, 0, 1)
    broken = dict.fromkeys(rule for key in keys for rule in _broken(key, 1, MAX_KEY))
    if broken:
        rules = ", ".join(f"Member must {rule}" for rule in broken)
        shown = f"'[{', '.join(keys)}]'"
        constraint = f"satisfy constraint: [{rules}]"
        yield violation("TransitiveTagKeys", "transitiveTagKeys", shown, constraint)
    sent = {key.lower() for key in call.tags}
    if any(key.lower() not in sent for key in keys):
        text = "The specified transitive tag key must be included in the requested tags."
        yield _conflict("TransitiveTagKeys", text)


def _conflict(name: str, message: str) -> Fault:
    return Fault(name, "InvalidParameterValue", 400, message, variant=name)
