"""`assumable explain`: what an error text says and rules out, or what a cause means."""

import importlib.resources
import re
import shlex
import sys
import textwrap
from collections.abc import Iterator

import click

from assumable import arn
from assumable.errors import InputError
from assumable.findings.registry import CAUSES
from assumable.formats.message import Message, by_prior, kind_of_call, parse_message, priors

_CODE = re.compile(r"AS\d{3}", re.IGNORECASE)
_ACCEPTED = "a code such as AS301, a cause such as external-id, or the error text in quotes"
# Causes that no check establishes from a world, so that the registry does not know them.
_WITHOUT_CHECK = {
    "region": ("AS007", "the Region is not enabled"),
    "client-config": ("AS008", "the client uses other credentials or settings than meant"),
    "propagation": ("AS009", "a change has not reached every part of AWS yet"),
}


@click.command(name="explain", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("words", nargs=-1, metavar="CODE | CAUSE | ERROR TEXT | -")
def command(words: tuple[str, ...]) -> None:
    """What does this error text or cause mean, and what does it rule out?

    CODE is one like AS301, CAUSE one like external-id; - reads the error text from standard input.
    """
    text = sys.stdin.read() if words == ("-",) else " ".join(words)
    text = text.strip()
    if not text:
        raise InputError("nothing to explain", "", _ACCEPTED)
    page = _page(text)
    if page is not None:
        click.echo(plain(page) if sys.stdout.isatty() else page, nl=False)
        return
    message = parse_message(text)
    if message is None:
        shown = textwrap.shorten(text, 60, placeholder="…")
        raise InputError(f"`{shown}` is no cause and no known error", "", _ACCEPTED)
    click.echo("\n".join(_lines(message)))


# The page of a cause


def _page(text: str) -> str | None:
    """The Markdown page of a cause, named by its code or its slug."""
    known = {slug: cause.code for slug, cause in CAUSES.items()}
    known |= {slug: code for slug, (code, _) in _WITHOUT_CHECK.items()}
    code = text.upper() if _CODE.fullmatch(text) else known.get(text.lower())
    if code not in known.values():
        return None
    page = importlib.resources.files("assumable") / "causes" / f"{code}.md"
    return page.read_text(encoding="utf-8") if page.is_file() else None


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
    return ["  " + "".join(cell.ljust(28) for cell in cells).rstrip()]


def _inline(text: str) -> str:
    text = re.sub(r"\[([^\]]+)\]\((https?://[^)]+)\)", r"\1 <\2>", text)
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    return text.replace("**", "").replace("`", "")


# An error text


def _lines(message: Message) -> Iterator[str]:
    status = f"HTTP {message.status}" if message.status else "no answer of STS itself"
    yield f"{message.code}  {status}".strip()
    named = {
        "caller": message.caller, "action": message.action, "role": message.role,
        "layer": message.layer,
    }  # fmt: skip
    for label, value in named.items():
        account = arn.account_of(value)
        if value:
            yield f"  {label:<8}{value}" + (f"   (account {account})" if account else "")
    yield ""
    yield from _wrapped(message.meaning[:1].upper() + message.meaning[1:] + ".")
    if message.caller:
        yield "Is this the caller that you meant? AWS prints whose credentials signed."
    yield from _ruled_out(message)
    yield from _likely(message)
    yield from _next(message)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False)


def _label(slug: str) -> str:
    cause = CAUSES.get(slug)
    code, title = (cause.code, cause.title) if cause else _WITHOUT_CHECK[slug]
    return f"{code} {slug:<24}{title}"


def _ruled_out(message: Message) -> Iterator[str]:
    if message.rules_out:
        yield ""
        yield "Ruled out as the reason for this text: AWS words these in another way."
        yield from (f"  {_label(slug)}" for slug in message.rules_out)


def _likely(message: Message) -> Iterator[str]:
    ranked = by_prior(message)
    if not ranked:
        return
    yield ""
    if len(ranked) == 1:
        yield "It means:"
        yield f"  {_label(ranked[0][0])}"
    else:
        yield "What it can mean, the most frequent first:"
        yield from (f"  {count:>3}  {_label(slug)}" for slug, count in ranked)
        kind = kind_of_call(message)
        of_kind = sum(priors()[kind].values())
        total = sum(sum(counts.values()) for counts in priors().values())
        yield from _wrapped(
            f"The numbers are priors from {total} public failures, never evidence: how often each "
            f"was the cause in the {of_kind} of this kind ({kind})."
        )
    yield f"More about one of them: assumable explain {_label(ranked[0][0]).split()[0]}"


def _next(message: Message) -> Iterator[str]:
    yield ""
    if message.causes == ("client-config",):
        yield "Next: see whose credentials the profile gives"
        yield "  aws sts get-caller-identity --profile PROFILE"
    elif message.action in ("sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"):
        yield "Next: put the role's account and the token's claims into a scenario file, and ask"
        yield "  assumable why --scenario FILE"
    else:
        whose = f"of {arn.display_name(message.caller)}" if message.caller else "that failed"
        role = shlex.quote(message.role or "ROLE-ARN")
        yield f"Next: ask why, with the profile {whose} and every other flag of the call"
        yield f"  assumable why --role-arn {role} --profile PROFILE"
