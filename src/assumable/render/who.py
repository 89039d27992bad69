"""Who can assume a role, as text and as Markdown: one condition after the other, first names."""

import textwrap
from collections.abc import Iterator

from assumable import arn
from assumable.errors import printable
from assumable.org.trusts import EVERY, Other, is_account
from assumable.org.whocan import Way, WhoCan
from assumable.render.markup import code, prose

_INDENT = "          "
_TAGGED = "roles of which only a tagged session passes, where somebody may tag it"
_BESIDES = "who cannot be listed one by one, if nothing on their own side denies it"


def render(answer: WhoCan, *, width: int = 100, most: int = 20) -> str:
    """The whole answer; of the principals under one condition the first `most` are named."""
    lines = (text for line in _lines(answer, most) for text in _wrapped(line, width))
    return "\n".join(map(printable, lines)) + "\n"


def _lines(answer: WhoCan, most: int) -> Iterator[str]:
    yield _headline(answer)
    for way in answer.ways:
        yield ""
        yield from _way(way, most)
    if answer.tagged:
        yield ""
        yield f"tagged    {_TAGGED}"
    for way in answer.tagged:
        yield from _way(way, most)
    if answer.others:
        yield ""
        yield f"besides   {_BESIDES}"
    for other in answer.others:
        yield f"{_INDENT}{_who(other)} ({_named((other.statement,))})"
        if other.condition:
            yield f"{_INDENT}  if {other.condition}"


def _way(way: Way, most: int) -> Iterator[str]:
    when = f"if        {way.condition}" if way.condition else "always"
    yield f"{when} ({_named(way.statements)})"
    for text in way.principals[:most]:
        yield f"{_INDENT}{text}"
    yield from (f"{_INDENT}{text}" for text in _left(way, most))


def _headline(answer: WhoCan) -> str:
    shown = f"{arn.display_name(answer.role)} ({arn.account_of(answer.role)})"
    if answer.not_known:
        return f"{shown}: not known who can assume it: {answer.not_known}"
    total = sum(len(way.principals) for way in answer.ways)
    tagged = sum(len(way.principals) for way in answer.tagged)
    more = f", {tagged} more with session tags" if tagged else ""
    return f"{shown}: {total} of the {answer.known} principals known can assume it{more}"


def _left(way: Way, most: int) -> Iterator[str]:
    left = len(way.principals) - most
    if left > 0:
        yield f"and {left} more (--limit shows them)"


def _who(other: Other) -> str:
    """Somebody whom nobody can list, in words."""
    provider = other.name.partition("-provider/")[2] or other.name
    account = arn.account_of(other.name) or other.name
    match other.kind:
        case "federated" if other.name == EVERY:
            return "bearers of tokens or assertions of any provider"
        case "federated" if ":saml-provider/" in other.name:
            return f"bearers of SAML assertions of {provider}"
        case "federated":
            return f"bearers of tokens of {provider}"
        case "account" if is_account(other.name):
            return f"whomever account {account} permits, which was not read"
        case "account":
            return f"{arn.display_name(other.name)} ({account}), which was not read"
        case "everyone":
            return "everyone"
        case _:
            return f"service {other.name}"


def _named(statements: tuple[int, ...]) -> str:
    """The statements of the trust policy that let them in."""
    numbers = ", ".join(map(str, statements))
    return f"statement{'s' if len(statements) > 1 else ''} {numbers}" if numbers else "own role"


def _wrapped(line: str, width: int) -> list[str]:
    if len(line) <= width or line.lstrip().startswith("arn:"):
        return [line]
    indent = f"{_INDENT}  " if line.startswith(f"{_INDENT}  if") else _INDENT
    return textwrap.wrap(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def markdown(answer: WhoCan, *, most: int = 20) -> str:
    """The same for a ticket or a pull request."""
    return "\n".join(_paragraphs(answer, most)) + "\n"


def _paragraphs(answer: WhoCan, most: int) -> Iterator[str]:
    yield f"**{prose(_headline(answer))}**"
    for way in answer.ways:
        yield from ("", f"### {_heading(way)}", "")
        yield from _listed(way, most)
    if answer.tagged:
        yield from ("", f"### {_TAGGED.capitalize()}")
    for way in answer.tagged:
        yield from ("", _heading(way), "")
        yield from _listed(way, most)
    if answer.others:
        yield from ("", f"### Besides, {_BESIDES}", "")
    for other in answer.others:
        under = f" if {other.condition}" if other.condition else ""
        yield f"- {prose(_who(other) + under)} ({_named((other.statement,))})"


def _heading(way: Way) -> str:
    when = f"If {way.condition}" if way.condition else "Always"
    return f"{prose(when)} ({_named(way.statements)})"


def _listed(way: Way, most: int) -> Iterator[str]:
    yield from (f"- {code(text)}" for text in way.principals[:most])
    yield from (f"- {text}" for text in _left(way, most))
