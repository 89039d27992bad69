"""Secrets that are easy to find again, and everything that one run leaves behind."""

import base64
import io
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from assumable.cli.main import main
from tests.bearers import AWS, CLAIMS, PROVIDER, SAML_ROLE, SUBJECT, attribute, jwt, response

CODE = "918273"
ENVIRONMENT = (
    "AKIAENVIRONMARKED234",
    "ofTheEnvironment/marked+secret+key012345",
    "FwoGZXIvYXdzEnvironmentMarked/" * 12,
)
IN_FILE = (
    "AKIAINAFILEMARKED234",
    "inAFile/marked+secret+key+abcdef01234567",
    "IQoJb3JpZ2luX2VjInAFileMarked+" * 12,
)
TOKEN = jwt({**CLAIMS, "jti": "marked-jti-5521"}, signature=b"bWFya2VkLXNpZ25hdHVyZQ").decode()
_SIGNED = """<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
  <ds:SignatureValue>bWFya2VkLXZhbHVlLW9mLXNpZ25hdHVyZQ==</ds:SignatureValue></ds:Signature>"""
XML = response(
    attribute(f"{AWS}Role", f"{SAML_ROLE},{PROVIDER}"),
    attribute(f"{AWS}RoleSessionName", "alice"),
    attribute("https://idp.example.com/marked-attribute", "marked-attribute-value"),
    subject=SUBJECT + _SIGNED,
).decode()
ASSERTION = base64.b64encode(XML.encode()).decode()
EXTERNAL_ID = "acme-42-of-its-own"

SECRETS: dict[str, str] = {
    "the MFA code": CODE,
    "the signature of the token": TOKEN.split(".")[2],
    "the claims of the token, encoded": TOKEN.split(".")[1],
    "what the token says and nobody asks": "marked-jti-5521",
    "the assertion, encoded": ASSERTION[200:240],
    "the assertion's beginning": ASSERTION[:40],
    "the assertion's XML": "<saml:",
    "the signature of the assertion": "bWFya2VkLXZhbHVlLW9mLXNpZ25hdHVyZQ",
    "what the assertion says and nobody asks": "marked-attribute-value",
} | {
    f"the {what} of the {where}": keys[number]
    for where, keys in {"environment": ENVIRONMENT, "profile": IN_FILE}.items()
    for number, what in enumerate(("key id", "secret key", "session token"))
}


class Left(NamedTuple):
    """What a run leaves behind."""

    status: int
    output: str
    errors: str
    logged: str
    written: str
    """The names and contents of the files that were written or changed."""

    def secrets(self, *more: str) -> list[str]:
        """What of the marked secrets, and of others that are given, is in any of it."""
        wanted = SECRETS | {f"{text[:4]}… itself": text for text in more}
        return [
            f"{what} in {place}"
            for place, text in self._asdict().items()
            for what, secret in wanted.items()
            if secret in str(text)
        ]


class Home:
    """A home, a working directory and a place for temporary files, all within one folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._patch = monkeypatch
        self.work = folder / "work"
        for name in ("home/.aws", "work", "tmp", "cache"):
            (folder / name).mkdir(parents=True)
        monkeypatch.chdir(self.work)
        for variable, name in {
            "HOME": "home", "TMPDIR": "tmp", "TEMP": "tmp", "XDG_CACHE_HOME": "cache",
        }.items():  # fmt: skip
            monkeypatch.setenv(variable, str(folder / name))
        for name in ("AWS_PROFILE", "AWS_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def environment(self, keys: tuple[str, ...]) -> None:
        """Keys in the environment."""
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        for name in names:
            self._patch.delenv(name, raising=False)
        for name, value in zip(names, keys, strict=False):
            self._patch.setenv(name, value)

    def profile(self, name: str, keys: tuple[str, ...]) -> None:
        """A profile with keys."""
        fields = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        lines = [f"{field} = {value}" for field, value in zip(fields, keys, strict=False)]
        with (self.folder / "home/.aws/credentials").open("a") as file:
            file.write("\n".join([f"[{name}]", *lines, ""]))

    def file(self, name: str, text: str) -> str:
        """A file of the working directory."""
        (self.work / name).write_text(text, encoding="utf-8")
        return name

    def files(self) -> dict[Path, bytes]:
        """Every file there is."""
        return {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    def left(self, run: Callable[[], object], stdin: str = "") -> Left:
        """What is left behind by something that runs in this home."""
        before, output, errors = self.files(), io.StringIO(), io.StringIO()
        log = _Log()
        with pytest.MonkeyPatch.context() as patch, log.listening():
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            patch.setattr(sys, "stdout", output)
            patch.setattr(sys, "stderr", errors)
            status = _status(run)
        written = [
            f"{path.relative_to(self.folder)}: {content.decode(errors='replace')}"
            for path, content in self.files().items()
            if before.get(path) != content
        ]
        return Left(
            status, output.getvalue(), errors.getvalue(), "\n".join(log.lines), "\n".join(written)
        )

    def run(self, *words: str, stdin: str = "") -> Left:
        """What the command leaves behind."""
        self._patch.setattr(sys, "argv", ["assumable", *words])
        return self.left(main, stdin)


def _status(run: Callable[[], object]) -> int:
    """The exit code; an exception that gets through is printed with all that hangs on it."""
    try:
        run()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 0
    except Exception:  # noqa: BLE001  # its text is looked through as well
        sys.stderr.write(traceback.format_exc())
        return 1
    return 0


class _Log(logging.Handler):
    """Hears everything that is logged: of `assumable` from DEBUG on, of the rest as it is set."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {record.getMessage()} {record.exc_info or ''}")

    def listening(self) -> "_Listening":
        return _Listening(self)


class _Listening:
    """The log, set up as somebody does who looks for a fault of ours."""

    def __init__(self, log: _Log) -> None:
        self._log, self._own = log, logging.getLogger("assumable")

    def __enter__(self) -> None:
        self._level = self._own.level
        self._own.setLevel(logging.DEBUG)
        logging.getLogger().addHandler(self._log)

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self._log)
        self._own.setLevel(self._level)


def loggers() -> Iterator[tuple[str, int, int, bool]]:
    """How each logger is set up: its level, its handlers, whether it is silenced."""
    known = {"": logging.getLogger(), **logging.Logger.manager.loggerDict}
    for name, logger in sorted(known.items()):
        if isinstance(logger, logging.Logger):
            yield name, logger.level, len(logger.handlers), logger.disabled
