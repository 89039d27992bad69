"""The exceptions that front ends turn into one clear line and an exit code."""

import re

_LONGEST = 500
_SECRET = re.compile(
    r"eyJ[\w-]{8,}\.[\w.-]+"  # a JWT
    r"|<\??\w+[: ].*"  # XML, such as an assertion
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}"  # the id of a key
    r"|(?<![\w+/=-])(?=[^/ ])(?=\S{0,39}[A-Z])(?=\S{0,39}[a-z])(?=\S{0,39}\d)"
    r"[A-Za-z0-9+/]{40}(?![\w+/=.-])"  # a secret key: no path, and letters of both cases
    r"|[A-Za-z0-9+/=]{100,}",  # a session token, an assertion
    re.DOTALL,
)


class AssumableError(Exception):
    """Root of every error that the package raises on purpose."""

    exit_code = 70


class InputError(AssumableError):
    """Something that the user gave cannot be read: what, where, and how to mend it."""

    exit_code = 2

    def __init__(self, message: str, where: str = "", help_text: str = "") -> None:
        """Keep the three parts apart, so that a front end can lay them out."""
        self.message, self.where, self.help_text = message, where, help_text
        super().__init__(message)

    def __str__(self) -> str:
        """`where: message (help)` on one printable line, whatever the input holds."""
        where, message, help_text = map(_part, (self.where, self.message, self.help_text))
        line = f"{where}: {message}" if where else message
        return f"{line} ({help_text})" if help_text else line


def printable(text: str) -> str:
    r"""The text with every character escaped that moves the cursor, reorders the line or hides.

    >>> print(printable("a\x1b[2J"))
    a\x1b[2J
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else _escaped(character) for character in text
    )


def unsecret(text: str) -> str:
    """The text without what looks like a key, a token or an assertion that was given elsewhere.

    >>> unsecret("no such file: eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln")
    'no such file: …'
    """
    return _SECRET.sub("…", text)


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:  # noqa: PLR2004  # one byte
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def _part(text: str) -> str:
    """A part of an error line: a secret is left out, and a value that fills a screen is cut."""
    text = unsecret(text)
    return printable(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def place_of(error: Exception) -> str:
    """The innermost line of ours; the error's own text may hold a claim or another secret."""
    found, step = "", error.__traceback__
    while step is not None:
        module = str(step.tb_frame.f_globals.get("__name__", ""))
        if module.startswith("assumable."):
            found = f" at {module}:{step.tb_lineno}"
        step = step.tb_next
    return found


class UnreadableError(AssumableError):
    """The world could not be read at all: AWS or the network refused."""

    exit_code = 4

    def __init__(self, message: str, code: str = "") -> None:
        """`code` is AWS's own, where AWS refused."""
        super().__init__(message)
        self.code = code
