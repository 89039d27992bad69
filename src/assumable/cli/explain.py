"""`assumable explain`: what an error text says and rules out, or what a cause or rule means."""

import importlib.resources
import re
import shlex
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import click

from assumable import arn
from assumable.engine.open_items import OPEN_ITEMS
from assumable.errors import InputError
from assumable.findings.registry import CAUSES
from assumable.formats.message import (
    EVERY_KIND,
    Message,
    by_prior,
    counts_of,
    kind_of_call,
    parse_message,
)

_CODE = re.compile(r"AS\d{3,4}", re.IGNORECASE)
_NAME = re.compile(r"AS\d{4}|[a-z-]{1,40}", re.IGNORECASE)
_RULE = re.compile(r"[RT]\d+(?:\.\d+[a-z]?)?|[UC]-\d+", re.IGNORECASE)
# Tokens, assertions and keys are long words of base64; XML may be an assertion as well.
_SECRET = re.compile(r"[A-Za-z0-9+/_=.-]{40}|<\??\w|(?:AKIA|ASIA)[A-Z0-9]{12}")
_ACCEPTED = "a code such as AS301, a cause such as external-id, or the error text in quotes"
_MAX_INPUT = 100_000
_WIDTH = 100
_TOP = 5
_COLUMN = 28
_COLOR = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_UNSIGNED = ("AssumeRoleWithWebIdentity", "AssumeRoleWithSAML")
_FILE_NAME = re.compile(r"[\w.~-]*/[\w./~-]*|[\w.-]+\.(?:txt|log|json|ya?ml|out|err|md|xml|html?)")
_PROFILE = re.compile(
    r"\bprofile:? (?:\"([^\"]{1,200})\"|'([^']{1,200})'|\(([^)]{1,200})\)|(\S{1,200}) which has)",
    re.IGNORECASE,
)
_MASKED = re.compile(r"\*\*|[<>…]|\.\.\.|X{4}")


@click.command(name="explain", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("words", nargs=-1, metavar="CODE | CAUSE | ERROR TEXT | FILE | -")
def command(words: tuple[str, ...]) -> None:
    """What does this error text or cause mean, and what does it rule out?

    CODE is one like AS301, or AS1001 of the audit, CAUSE one like external-id. FILE holds the
    error text, and - reads it from standard input.
    Without any: which cause it may be, by error text and by symptom.
    """
    if not words:
        _show(_read("index"))
        return
    given = " ".join(words)
    text = readable(given if _page(given) else pasted(given))
    if not text:
        raise InputError("nothing to explain", "", _ACCEPTED)
    page = _page(text)
    if page is not None:
        _show(page)
        return
    if _RULE.fullmatch(text):
        click.echo(_rule(text[0].upper() + text[1:].lower()))
        return
    message = parse_message(text)
    if message is None:
        raise _unknown(text)
    columns = shutil.get_terminal_size().columns if _is_terminal() else _WIDTH
    click.echo("\n".join(_lines(message, text, max(min(columns, _WIDTH), 20))))


def _show(page: str) -> None:
    click.echo(plain(page) if _is_terminal() else page, nl=False)


def _unknown(text: str) -> InputError:
    """The refusal of a text; what may be a secret is not repeated."""
    if _SECRET.search(text):
        what = "this is no cause and no known error, and it may be a secret"
        return InputError(what, "", "`assumable why` takes --web-identity-token, --saml-assertion")
    shown = textwrap.shorten(text, 60, placeholder="…")
    shown = shown if len(shown) > 1 else text[:59] + "…"
    return InputError(f"`{shown}` is no cause and no known error", "", _ACCEPTED)


def _rule(name: str) -> str:
    """Where a rule or an open item that an answer cites is written down."""
    item = OPEN_ITEMS.get(name)
    if item is None:
        return f"{name}: see docs/rules.md, which lists the rules and where each comes from"
    choices = " or ".join(f"{name}={word}" for word in item.values)
    return f"{name}: {item.question} See docs/rules.md; --assume {choices} decides it."


def pasted(value: str) -> str:
    """The beginning of a text that is given itself, in a file, or on standard input as `-`.

    InputError for what looks like the name of a file and is none.
    """
    if value == "-":
        return _standard_input()
    path = Path(value.removeprefix("file://"))
    try:
        if path.is_file():
            with path.open("rb") as file:
                return file.read(_MAX_INPUT).decode(errors="replace")
    except (OSError, ValueError):  # too long a name, for one, as texts are
        pass
    if value.startswith("file://"):
        raise InputError("cannot be read", value)
    if _FILE_NAME.fullmatch(value):
        raise InputError("no such file", value)
    return value


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _standard_input() -> str:
    """The beginning of standard input: what a pipe without end still answers."""
    if sys.stdin is None:
        return ""
    return sys.stdin.buffer.read(_MAX_INPUT).decode(errors="replace")


def readable(text: str) -> str:
    r"""The text with nothing in it that a terminal would obey or hide.

    >>> readable("a\x00b \x1b[31mred\x1b[0m \u202ec")
    'a b red \\u202ec'
    """
    text = _COLOR.sub("", text.removeprefix("\ufeff"))
    return " ".join("".join(map(_visible, text)).split())


def _visible(character: str) -> str:
    if character in " \N{HORIZONTAL ELLIPSIS}" or character.isprintable():
        return character
    category, number = unicodedata.category(character), ord(character)
    if category == "Cc" or character.isspace():
        return " "
    if category == "Cs":
        return f"\\x{number & 0xFF:02x}"  # a byte of an argument that is no UTF-8
    if number <= 0xFF:  # noqa: PLR2004  # one byte
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004


# The page of a cause


def _page(text: str) -> str | None:
    """The Markdown page of a cause or of a rule of the audit, by its code or its slug."""
    known = {slug: cause.code for slug, cause in CAUSES.items()}
    code = text.upper() if _CODE.fullmatch(text) else known.get(text.lower())
    return _read(code) if code in known.values() else _page_of_rule(text)


def _page_of_rule(text: str) -> str | None:
    """The page of a rule of the audit."""
    if not _NAME.fullmatch(text):  # most texts are none, and the rules take time to load
        return None
    from assumable.audit.registry import RULES

    known = {slug: rule.code for slug, rule in RULES.items()}
    code = text.upper() if _CODE.fullmatch(text) else known.get(text.lower())
    return _read(code, "audit/pages") if code in known.values() else None


def _read(name: str | None, folder: str = "causes") -> str:
    page = importlib.resources.files("assumable") / folder / f"{name}.md"
    return page.read_text(encoding="utf-8")


def plain(markdown: str) -> str:
    """Markdown as readable plain text: marks go, words and order stay."""
    lines: list[str] = []
    is_code = False
    for line in markdown.splitlines():
        if line.startswith("```"):
            is_code = not is_code
        elif is_code:
            lines.append(f"    {line}" if line else "")
        elif line.startswith("#"):
            title = _inline(line.lstrip("# "))
            lines += [title, ("=" if line.startswith("# ") else "-") * len(title)]
        elif line.startswith("|"):
            lines += _table_row(line)
        else:
            lines.append(_inline(line))
    return "\n".join(lines) + "\n"


def _table_row(line: str) -> list[str]:
    cells = [_inline(cell.strip()) for cell in line.strip("|").split("|")]
    if not "".join(cells).strip("-: "):
        return []
    if len(cells[0]) < _COLUMN:
        return ["  " + "".join(cell.ljust(_COLUMN) for cell in cells).rstrip()]
    indent = " " * 6
    rest = textwrap.wrap(
        " ".join(cells[1:]), _WIDTH, initial_indent=indent, subsequent_indent=indent
    )
    return [f"  {cells[0]}", *rest]


def _inline(text: str) -> str:
    text = re.sub(r"\[([^\]]+)\]\((https?://[^)]+)\)", r"\1 <\2>", text)
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    return text.replace("**", "").replace("`", "")


# An error text


def _lines(message: Message, text: str, width: int) -> Iterator[str]:
    yield from _said(message, width)
    yield from _likely(message, width)
    yield from _next(message, text, width)
    if message.rules_out:
        codes = " ".join(sorted(CAUSES[slug].code for slug in message.rules_out))
        yield ""
        yield from _wrapped("not: ", f"{codes} (worded differently)", width)


def _said(message: Message, width: int) -> Iterator[str]:
    status = f"HTTP {message.status}" if message.status else "not the words of STS itself"
    yield f"{message.code}  {status}".strip()
    named = {
        "caller": message.caller, "action": message.action, "call": message.call,
        "role": message.role, "layer": message.layer,
    }  # fmt: skip
    for label, value in named.items():
        account = arn.account_of(value)
        if value:
            whole = value + (f" (account {account})" if account else "")
            yield from _wrapped(f"  {label:<8}", whole, width)
    yield ""
    meaning = message.meaning[:1].upper() + message.meaning[1:] + "."
    if message.caller:
        meaning += " Is this the caller that you meant? AWS prints whose credentials signed."
    yield from _wrapped("", meaning, width)


def _wrapped(label: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=label,
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _row(slug: str, count: int, width: int) -> list[str]:
    cause = CAUSES[slug]
    label = f"  {count or '':>3}  {cause.code} {slug:<24}"
    if width - len(label) < len(cause.title) // 2:  # a narrow terminal: the title below
        return [label.rstrip(), *_wrapped(" " * 7, cause.title, width)]
    return _wrapped(label, cause.title, width)


def _likely(message: Message, width: int) -> Iterator[str]:
    ranked = by_prior(message)
    if not ranked:
        return
    yield ""
    if len(ranked) == 1:
        yield "it means"
        yield from _row(ranked[0][0], 0, width)
    else:
        counted = [row for row in ranked[1:] if row[1]] or list(ranked[1:])
        top = [ranked[0], *counted][:_TOP]
        yield from _wrapped("most likely  ", _source(message), width)
        for slug, count in top:
            yield from _row(slug, count, width)
        rest = [CAUSES[slug].code for slug, _ in ranked if slug not in dict(top)]
        if rest:
            yield from _wrapped(f"  {len(rest)} more: ", " ".join(rest), width)
    yield from _wrapped("", f"read more: assumable explain {CAUSES[ranked[0][0]].code}", width)


def _source(message: Message) -> str:
    """What the numbers are."""
    kind = kind_of_call(message)
    of_kind = sum(counts_of(kind).values())
    if not of_kind:
        return f"(too few public failures of {kind} to count)"
    which = "" if kind == EVERY_KIND else f" of {kind}"
    return f"(of {of_kind} public failures{which}: priors, never evidence)"


def _next(message: Message, text: str, width: int) -> Iterator[str]:
    if not message.causes:
        return
    yield ""
    kind = kind_of_call(message)
    is_known = message.role and not _MASKED.search(message.role)
    role = f"--role-arn {shlex.quote(message.role if is_known else 'ROLE-ARN')}"
    if message.causes == ("client-config",):
        yield from _of_profile(text, width)
    elif kind in _UNSIGNED:
        yield from _of_bearer(kind, role, width)
    elif kind == "service":
        said = "put the role's account and the service into a scenario file, and ask"
        yield from _wrapped("next  ", said, width)
        yield from _command("assumable why", "--scenario FILE", width=width)
    elif message.action == "sts:AssumeRoot" or message.code == "InvalidAction":
        said = "ask why, with a snapshot that holds organization.json"
        yield from _wrapped("next  ", said, width)
        yield from _command(
            "assumable why", "--snapshot DIR", f"--caller {shlex.quote(message.caller or 'ARN')}",
            f"--target-principal {shlex.quote(message.role or 'ACCOUNT')}",
            "--task-policy-arn arn=TASK-POLICY-ARN", width=width,
        )  # fmt: skip
    else:
        whose = f"of {arn.display_name(message.caller)}" if message.caller else "that failed"
        said = f"ask why, with the profile {whose} and every other flag of the call"
        yield from _wrapped("next  ", said, width)
        yield from _command(
            "assumable why", role, "--role-session-name SESSION", "--profile PROFILE", width=width
        )


def _of_profile(text: str, width: int) -> Iterator[str]:
    """A profile that the text names can be asked about; else the client says whose keys it has."""
    named = _PROFILE.search(text)
    name = next(filter(None, named.groups())) if named else ""
    if name and not _MASKED.search(name):
        yield from _wrapped("next  ", f"ask what is wrong with the profile {name}", width)
        yield from _command("assumable why", f"--profile {shlex.quote(name)}", width=width)
        return
    yield from _wrapped("next  ", "see whose credentials the profile gives", width)
    yield from _command("aws sts get-caller-identity", "--profile PROFILE", width=width)


def _of_bearer(kind: str, role: str, width: int) -> Iterator[str]:
    """Only the role's side is read for a token or an assertion."""
    is_token = kind == "AssumeRoleWithWebIdentity"
    what = "token, or what a GitHub job says in it," if is_token else "assertion"
    said = f"ask why, with the {what} and a profile that may read the role's account"
    yield from _wrapped("next  ", said, width)
    reader = "--profile PROFILE"
    if is_token:
        yield from _command("assumable why", role, "--web-identity-token FILE", reader, width=width)
        job = "--github repo=OWNER/REPO ref=REF"
        yield from _command("assumable why", role, job, reader, width=width)
    else:
        yield from _command("assumable why", role, "--saml-assertion FILE", reader, width=width)


def _command(*parts: str, width: int) -> Iterator[str]:
    """A command that can be copied, continued at a flag where a line is too long."""
    line = "  "
    for number, part in enumerate(parts):
        room = width if number == len(parts) - 1 else width - len(" \\")
        if line.strip() and len(f"{line} {part}") > room:
            yield f"{line} \\"
            line = "    "
        line = f"{line} {part}" if line.strip() else f"{line}{part}"
    yield line
