"""A command that failed, word by word: what it asks of STS, and with which set-up. Nothing runs.

The flags of `aws` are read as its own parser does, which takes the beginning of a flag for the
whole: https://docs.aws.amazon.com/cli/latest/reference/#options
"""

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import msgspec

from assumable.errors import InputError
from assumable.formats.command import PARAMETERS
from assumable.formats.endpoint import endpoint_of
from assumable.formats.reading import read_text

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_AWS = ("aws", "aws2")
_ELSEWHERE = frozenset((
    "aws-vault", "aws-okta", "saml2aws", "granted", "sudo", "su", "doas", "ssh", "docker", "podman",
    "nerdctl",
))  # fmt: skip
"""Programs that run another one, with credentials or an environment of their own."""
_AROUND = frozenset((
    "timeout", "nice", "ionice", "nohup", "setsid", "stdbuf", "xargs", "time", "watch", "exec",
    "command",
))  # fmt: skip
"""Programs that run another one as it is; flags of their own stand before it."""
_SHELLS = frozenset(("sh", "bash", "zsh", "dash", "ksh", "fish", "cmd"))
_PYTHON = re.compile(r"(python|pypy)(3(\.\d+)?)?|py")
_GLOBAL = {
    **dict.fromkeys((
        "endpoint-url", "output", "query", "profile", "region", "color", "ca-bundle",
        "cli-read-timeout", "cli-connect-timeout", "cli-binary-format", "cli-error-format",
    ), "one"),
    **dict.fromkeys((
        "debug", "no-verify-ssl", "no-paginate", "version", "no-sign-request", "v2-debug",
        "no-cli-pager", "cli-auto-prompt", "no-cli-auto-prompt",
    ), "none"),
}  # fmt: skip
"""How many values each flag takes that `aws` itself has."""
_SEVERAL = ("policy-arns", "tags", "transitive-tag-keys", "provided-contexts")
_SESSION = ("role-arn", "policy-arns", "policy", "duration-seconds")
_OPERATIONS = {
    ("sts", "assume-role"): (
        *_SESSION, "role-session-name", "tags", "transitive-tag-keys", "external-id",
        "serial-number", "token-code", "source-identity", "provided-contexts",
    ),
    ("sts", "assume-role-with-web-identity"): (
        *_SESSION, "role-session-name", "web-identity-token", "provider-id",
    ),
    ("sts", "assume-role-with-saml"): (*_SESSION, "principal-arn", "saml-assertion"),
    ("sts", "assume-root"): ("target-principal", "task-policy-arn", "duration-seconds"),
    ("eks", "get-token"): ("cluster-name", "cluster-id", "role-arn"),
    ("eks", "update-kubeconfig"): (
        "name", "kubeconfig", "role-arn", "alias", "user-alias", "proxy-url", "assume-role-arn",
    ),
}  # fmt: skip
_OWN_SETTINGS = "settings of the command's own were not looked at, only its profile was"
_INPUTS = ("cli-input-json", "cli-input-yaml")


class WrappedError(InputError):
    """The command runs another one, of which its words tell nothing for certain."""

    def __init__(self, program: str, what: str, help_text: str) -> None:
        """`program` is the one that runs it."""
        super().__init__(f"`{program}` {what}", "", help_text)
        self.program = program


class FailedCommand(msgspec.Struct, frozen=True, kw_only=True):
    """What a command tells of the call behind it."""

    program: str
    words: tuple[str, ...]
    """The command without what is set before it."""
    environment: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What is set before it; it may hold keys."""
    options: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """As options of `assumable why`, under their names."""
    asks: bool = False
    """Whether the command itself asks for a role, beside what its profile does."""
    notes: tuple[str, ...] = ()
    is_wrapped: bool = False
    """Whether the command that asks is within this one, and not known."""


def read_command(words: Sequence[str]) -> FailedCommand:
    """The command that the words are; InputError where it cannot be told what it would do.

    WrappedError is one of them.

    >>> read_command(["AWS_PROFILE=prod", "aws", "s3", "ls", "--region", "eu-west-1"]).options
    {'region': 'eu-west-1'}
    """
    environment, rest = parted(words)
    while _is_plain_env(rest):
        more, rest = parted(rest[1:])
        environment |= more
    program = _name(rest[0])
    if _PYTHON.fullmatch(program) and rest[1:3] == ("-m", "awscli"):
        program, rest = "aws", ("aws", *rest[3:])
    if program in ("env", *_AROUND) or (program in _SHELLS and _holds_command(rest)):
        what = "runs another command, which is not looked for"
        raise WrappedError(program, what, "write the command itself")
    if program in _ELSEWHERE:
        what = "runs a command with another set-up than this one"
        raise WrappedError(program, what, "give the command itself, where it runs")
    found = FailedCommand(program=program, words=rest, environment=environment)
    if program in _AWS:
        return _aws(found)
    return msgspec.structs.replace(found, notes=(_OWN_SETTINGS,))


def parted(words: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """What is set before a command, and the command itself; InputError where there is none."""
    rest = list(words)
    environment: dict[str, str] = {}
    while rest and _ASSIGNMENT.fullmatch(rest[0]):
        name, _, value = rest.pop(0).partition("=")
        environment[name] = value
    if not rest:
        raise InputError("no command stands after `--`", "", "as in: -- aws s3 ls")
    return environment, tuple(rest)


def _is_plain_env(words: Sequence[str]) -> bool:
    """Whether this is `env` without flags, before what it sets or the command."""
    return _name(words[0]) == "env" and len(words) > 1 and not words[1].startswith("-")


def _holds_command(words: Sequence[str]) -> bool:
    """Whether a shell is given a command rather than a file: by `-c`, `-o pipefail -ec`, `/c`."""
    for before, word in itertools.pairwise(words):
        if re.fullmatch(r"-[A-Za-z]*c|/[cC]", word):
            return True
        if not re.fullmatch(r"[-+].*|/[A-Za-z]", word) and not before.endswith("o"):
            return False
    return False


def _name(word: str) -> str:
    """The program, wherever it lies: `aws` of `/usr/local/bin/aws`, `aws.exe` and `aws.cmd`."""
    path = PureWindowsPath(word) if "\\" in word else PurePosixPath(word)
    return path.name.removesuffix(".exe").removesuffix(".cmd")


def _aws(command: FailedCommand) -> FailedCommand:
    taken, rest = _flags(command.words[1:], _GLOBAL)
    if "no-sign-request" in taken:
        raise InputError("--no-sign-request uses no credentials, so nobody assumes a role")
    options: dict[str, Any] = {name: taken[name] for name in ("profile", "region") if name in taken}
    service, operation = [*rest, "", ""][:2]
    if (service, operation) in _OPERATIONS:
        asked, notes = _asked((service, operation), rest[2:])
        options |= asked
        asks = service == "sts" or bool(asked)
        command = msgspec.structs.replace(command, asks=asks, notes=notes)
    url = taken.get("endpoint-url", "")
    # An endpoint of AWS's own is that of this one call, a stand-in is all of AWS.
    if service == "sts" and url and (command.asks or endpoint_of(url) is None):
        options["endpoint_url"] = url
    return msgspec.structs.replace(command, options=options)


def _asked(
    operation: tuple[str, str], arguments: Sequence[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The call that an operation makes, as options, and notes on it; none where it makes none."""
    known = {flag: "several" if flag in _SEVERAL else "one" for flag in _OPERATIONS[operation]}
    inputs = dict.fromkeys((*_INPUTS, "generate-cli-skeleton"), "one")
    found, _ = _flags(arguments, known | inputs)
    if operation[0] == "eks":
        return _of_eks(operation[1], found)
    if "cli-input-yaml" in found:
        raise InputError("YAML is not read", "--cli-input-yaml", "give flags, or --cli-input-json")
    given = _input(found["cli-input-json"]) if "cli-input-json" in found else {}
    options = given | {flag.replace("-", "_"): found[flag] for flag in found if flag in known}
    if "role-arn" in known and "role_arn" not in options:
        raise InputError("--role-arn is missing", "", f"aws sts {operation[1]} needs it")
    return options, ()


def _of_eks(operation: str, found: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The names of the sessions are those that awscli gives them."""
    if operation == "update-kubeconfig" and "assume-role-arn" in found:
        session = "EKSDescribeClusterSession"
        return {"role_arn": found["assume-role-arn"], "role_session_name": session}, ()
    if "role-arn" not in found:
        return {}, ()
    later = "update-kubeconfig only writes the role down: kubectl asks for it, by get-token"
    asked = {"role_arn": found["role-arn"], "role_session_name": "EKSGetTokenAuth"}
    return asked, (later,) if operation == "update-kubeconfig" else ()


def _flags(words: Sequence[str], known: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The values of the flags that are known, the last of each, and the words that are left."""
    found: dict[str, Any] = {}
    rest: list[str] = []
    pending = list(words)
    while pending:
        word = pending.pop(0)
        written, equals, value = word.removeprefix("--").partition("=")
        flag = _whole(written, known) if word.startswith("--") else ""
        if not flag:
            rest.append(word)
        elif known[flag] == "none":
            found[flag] = True
        elif known[flag] == "one":
            if not equals and not pending:
                raise InputError("has no value", f"--{flag}")
            found[flag] = value if equals else pending.pop(0)
        else:
            values = [value] if equals else []
            while not equals and pending and not pending[0].startswith("--"):
                values.append(pending.pop(0))
            found[flag] = tuple(values)
    return found, rest


def _whole(written: str, known: Mapping[str, str]) -> str:
    """The flag that is meant by its beginning; empty for none, InputError for several."""
    if written in known:
        return written
    meant = [flag for flag in known if written and flag.startswith(written)]
    if len(meant) > 1:
        several = " or ".join(f"--{flag}" for flag in meant)
        raise InputError("is ambiguous", f"--{written}", several)
    return meant[0] if meant else ""


def _input(text: str) -> dict[str, Any]:
    """The parameters of `--cli-input-json`, as options."""
    flag = "--cli-input-json"
    if text.startswith("file://"):
        text = read_text(Path(text.removeprefix("file://")))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("is no JSON", flag) from None
    if not isinstance(value, dict):
        raise InputError("is no JSON object", flag)
    return {
        PARAMETERS[name]: _as_flag(name, of) for name, of in value.items() if name in PARAMETERS
    }


def _as_flag(name: str, value: Any) -> Any:
    """A parameter as the words of its flag."""
    try:
        match name:
            case "Tags" | "ProvidedContexts":
                return (json.dumps(list(value)),)
            case "PolicyArns":
                return tuple(f"arn={each['arn']}" for each in value)
            case "TransitiveTagKeys":
                return tuple(map(str, value))
            case "TaskPolicyArn":
                return f"arn={value['arn']}"
            case _:
                return str(value)
    except (TypeError, KeyError):
        raise InputError(f"{name} has another shape in the API", "--cli-input-json") from None
