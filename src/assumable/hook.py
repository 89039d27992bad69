"""Notes with the diagnosis on errors of the AWS SDK, once `install` was called (docs/api.md).

INVARIANT: whatever happens in here, who called the SDK gets the very error it would have got.
"""

import contextlib
import contextvars
import functools
import logging
import os
import shlex
import threading
import time
import urllib.parse
import weakref
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec

from assumable.errors import AssumableError, InputError, place_of
from assumable.formats.bearer import Bearer, by_assertion, by_token
from assumable.formats.endpoint import endpoint_of, is_of_aws
from assumable.formats.scenario import Scenario
from assumable.model.call import Api, Call, Network, UserCaller
from assumable.model.world import World
from assumable.question import call_of_bearer

BUDGET = 3.0
"""Seconds that a diagnosis may take."""
OPERATIONS = ("AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML")
_REFUSALS = frozenset((
    "AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException",
    "IDPRejectedClaim", "InvalidClientTokenId", "InvalidIdentityToken", "InvalidParameterValue",
    "MalformedInput", "MalformedPolicyDocument", "PackedPolicyTooLarge", "RegionDisabled",
    "RegionDisabledException", "ValidationError",
))  # fmt: skip
"""Codes of calls that were refused for what they are (FACTS sections 0 and 7).

The rest is about the moment.
"""
_BY_ITSELF = frozenset(("env", "container-role", "iam-role"))
"""Where credentials are found whoever looks for them, and whatever the profile is."""
_NOT_KNOWN = "PROFILE"
_AT_ONCE = 4
"""Diagnoses under way; one that is over its budget counts until it has ended."""
_LOG = logging.getLogger("assumable")
_ours = contextvars.ContextVar("assumable_ours", default=False)
"""Whether a call is made for a diagnosis: such a call gets none of its own."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What `install` was told."""

    snapshot: Path | None
    budget: float
    caller_profile: str | None
    role_profile: str | None
    org_profile: str | None


class _Refusal(NamedTuple):
    """A call that AWS refused."""

    api: Api
    parameters: Mapping[str, Any]
    text: str
    """What the error says."""
    credentials: Any
    """Those that signed the call; None where nothing did."""
    region: str | None
    endpoint_url: str | None
    """Where the call went, unless that was the endpoint that its Region has."""


class _State:
    """What is installed in this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.settings: Settings | None = None
        self.wrapper: Any = None
        self.slots = threading.BoundedSemaphore(_AT_ONCE)
        self.seen: weakref.WeakSet[Exception] = weakref.WeakSet()
        """Errors that have passed the call that they are of."""


_state = _State()


def install(
    *,
    snapshot: str | os.PathLike[str] | None = None,
    budget: float = BUDGET,
    caller_profile: str | None = None,
    role_profile: str | None = None,
    org_profile: str | None = None,
) -> None:
    """From now on errors of `sts:AssumeRole` and its siblings carry a note; the last call counts.

    With `snapshot`, a folder, nothing is sent to AWS; else the call's own credentials read it, and
    the profiles do what they do in `assumable why`. `budget` is in seconds: no error is held back
    for longer. InputError for one that is no positive number.
    """
    if not isinstance(budget, int | float) or not 0 < budget < threading.TIMEOUT_MAX:
        raise InputError("must be a positive number of seconds", "budget")
    settings = Settings(
        snapshot=None if snapshot is None else Path(snapshot),
        budget=budget,
        caller_profile=caller_profile,
        role_profile=role_profile,
        org_profile=org_profile,
    )
    base = _base_client()
    with _state.lock:
        _state.settings = settings
        if _state.wrapper is None:
            _state.wrapper = base._make_api_call = _wrapped(base._make_api_call)


def uninstall() -> None:
    """From now on errors are as they were."""
    with _state.lock:
        _state.settings = None
        if _state.wrapper is None:
            return
        base = _base_client()
        # Somebody may have wrapped it once more; ours then stays within, and does nothing.
        if base._make_api_call is _state.wrapper:
            base._make_api_call = _state.wrapper.__wrapped__
            _state.wrapper = None


def _base_client() -> Any:
    """The class of every client: no public event comes after an error is made of an answer."""
    from botocore.client import BaseClient

    return BaseClient


def _wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
    from botocore.exceptions import ClientError

    @functools.wraps(original)
    def make_api_call(client: Any, operation_name: str, api_params: Any) -> Any:
        try:
            return original(client, operation_name, api_params)
        except ClientError as error:
            settings = _state.settings
            if settings is not None and operation_name in OPERATIONS and not _ours.get():
                with _quietly():
                    _annotate(error, client, operation_name, api_params, settings)
            raise

    return make_api_call


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """What goes wrong here is told to the log alone, without its text, which may hold a secret."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # the caller's own error must get through
        _LOG.debug("no diagnosis: %s%s", type(error).__name__, place_of(error))


def _annotate(
    error: Any, client: Any, operation_name: str, api_params: Any, settings: Settings
) -> None:
    """Add the note to an error of this very call, if it was refused."""
    if client.meta.service_model.service_name != "sts" or error.operation_name != operation_name:
        return
    if error in _state.seen:  # raised by a call within this one, which renewed its credentials
        return
    _state.seen.add(error)
    if error.response.get("Error", {}).get("Code") not in _REFUSALS:
        return
    endpoint, region = client.meta.endpoint_url, client.meta.region_name
    refusal = _Refusal(
        api=cast("Api", operation_name),
        parameters=dict(api_params),
        text=str(error),
        credentials=client._get_credentials(),
        region="us-east-1" if region == "aws-global" else region,
        endpoint_url=None if _is_of_region(endpoint, region) else endpoint,
    )
    text = _in_time(settings.budget, functools.partial(_answer, refusal, settings))
    error.add_note(text or _overdue(refusal, settings))


def _is_of_region(url: str, region: str | None) -> bool:
    """Whether this is AWS's public endpoint of the Region; the others decide the call too."""
    endpoint = endpoint_of(url)
    if endpoint is not None and endpoint.service == "sts":
        return endpoint.region == region and not endpoint.vpc_endpoint
    return is_of_aws(urllib.parse.urlsplit(url).hostname or "")


def _in_time(seconds: float, answer: Callable[[], str]) -> str | None:
    """The answer, if it is there in time: its thread is a daemon, and left alone after that.

    What goes wrong in it is raised here.
    """
    deadline = time.monotonic() + seconds
    if not _state.slots.acquire(timeout=seconds):
        return None
    done: Future[str] = Future()

    def run() -> None:
        _ours.set(True)
        try:
            done.set_result(answer())
        except Exception as error:  # noqa: BLE001  # it is raised where somebody waits
            done.set_exception(error)
        finally:
            _state.slots.release()

    try:
        threading.Thread(target=run, name="assumable-hook", daemon=True).start()
    except RuntimeError:  # no more threads, or the process is about to end
        _state.slots.release()
        raise
    try:
        return done.result(max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        return None


# From the refusal to the note


def _answer(refusal: _Refusal, settings: Settings) -> str:
    """The note; who cannot be answered is told why, and what AWS's own text means."""
    from assumable.diagnose import diagnose
    from assumable.findings.observed import observe
    from assumable.formats.message import parse_message
    from assumable.render import note

    more, profile = _by_hand(refusal, settings), _profile(refusal)
    signed = refusal.api == "AssumeRole" and profile not in ("", _NOT_KNOWN)
    signs = f" --profile {shlex.quote(profile)}" if signed else ""
    try:
        world, call = _scenario(refusal, settings)
        return note.render(diagnose(world, call, error=observe(refusal.text, call)), more, signs)
    except AssumableError as error:
        message = parse_message(refusal.text)
        return note.unanswered(str(error), message.meaning if message else "", more)


def _overdue(refusal: _Refusal, settings: Settings) -> str:
    from assumable.render import note

    late = f"there was none within {settings.budget:g} s"
    return note.unanswered(late, "", _by_hand(refusal, settings))


def _scenario(refusal: _Refusal, settings: Settings) -> Scenario:
    """The call that was refused, in the world that the settings choose."""
    now = datetime.now(UTC)
    bearer = _bearer(refusal, now)
    if settings.snapshot is None:
        return _live(refusal, settings, bearer, now)
    from assumable.ask import through, with_credentials
    from assumable.formats import dump

    world = _world(settings.snapshot, _state_of(settings.snapshot))
    if bearer is not None:
        call = call_of_bearer(bearer, refusal.parameters, region=refusal.region, now=now)
        return Scenario(world, through(call, refusal.endpoint_url))
    caller = _caller(refusal)
    if not caller:
        raise InputError("AWS's text does not name the caller, and a snapshot cannot tell it")
    call = dump.call_of(caller, refusal.parameters, region=refusal.region, now=now)
    call = through(call, refusal.endpoint_url)
    frozen = refusal.credentials and refusal.credentials.get_frozen_credentials()
    return Scenario(world, with_credentials(call, has_token=bool(frozen and frozen.token)))


def _live(refusal: _Refusal, settings: Settings, bearer: Bearer | None, now: datetime) -> Scenario:
    from assumable.ask import read_bearer, read_live
    from assumable.aws.reader import Readers

    readers = Readers(
        credentials=refusal.credentials,
        caller_profile=settings.caller_profile,
        role_profile=settings.role_profile,
        org_profile=settings.org_profile,
        region=refusal.region,
        endpoint_url=refusal.endpoint_url,
        timeout=settings.budget,
    )
    if bearer is None:
        return read_live(refusal.parameters, readers, now=now)
    if refusal.credentials is None and settings.role_profile is None:
        raise InputError("a token reads no policies", "", "install the hook with a role_profile")
    call = call_of_bearer(bearer, refusal.parameters, region=refusal.region, now=now)
    return read_bearer(call, readers)


def _bearer(refusal: _Refusal, now: datetime) -> Bearer | None:
    """Who calls with a token or an assertion; None when credentials signed the call."""
    given = refusal.parameters
    if refusal.api == "AssumeRoleWithWebIdentity":
        from assumable.formats.token import claims_of

        return by_token(claims_of(str(given.get("WebIdentityToken", "")).encode()), now)
    if refusal.api == "AssumeRoleWithSAML":
        from assumable.formats.assertion import assertion_of

        assertion = assertion_of(str(given.get("SAMLAssertion", "")).encode())
        role_arn, principal_arn = given.get("RoleArn"), given.get("PrincipalArn")
        return by_assertion(assertion, now, role_arn=role_arn, principal_arn=principal_arn)
    return None


def _caller(refusal: _Refusal) -> str:
    """The ARN of the caller, where AWS's text names it."""
    from assumable.formats.message import parse_message

    message = parse_message(refusal.text)
    return message.caller if message is not None else ""


def _state_of(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when a snapshot is written again, or `latest` names another one."""
    from assumable.formats.snapshot import files_of

    # A file with a dot in front is still being written.
    paths = [path for path in sorted(folder.glob("[!.]*")) if path.is_file()]
    if (folder / "aws").is_dir():  # an iam-collect store
        paths += files_of(folder).paths()
    files = ((str(path), path.stat()) for path in paths)
    return tuple((name, of.st_mtime_ns, of.st_size) for name, of in files)


@functools.lru_cache(maxsize=1)
def _world(folder: Path, state: tuple[tuple[str, int, int], ...]) -> World:
    """A snapshot, read once: a large one may be there in time for the next error only."""
    del state
    from assumable.formats import dump

    return dump.read_snapshot(folder)


def _by_hand(refusal: _Refusal, settings: Settings) -> str:
    """The command that asks the same at more length; codes and tokens stay out of it."""
    from assumable.findings.commands import assume_role

    # A stand-in: who calls is not among the parameters, and the text need not name it.
    caller = UserCaller(arn=_caller(refusal))
    given = {k: v for k, v in refusal.parameters.items() if k != "TokenCode"}  # it is spent
    call = Call(
        api=refusal.api, caller=caller, parameters=given, network=Network(), time=datetime.now(UTC)
    )
    flags = assume_role(call).split(" ", 3)[3]  # after `aws sts assume-role`
    more: dict[str, Any] = {"--region": refusal.region}
    if settings.snapshot is not None:
        signed = refusal.api == "AssumeRole"
        more |= {"--snapshot": settings.snapshot, "--caller": caller.arn if signed else None}
    else:
        more |= {
            "--profile": _profile(refusal),
            "--caller-profile": settings.caller_profile,
            "--role-profile": settings.role_profile,
            "--org-profile": settings.org_profile,
            "--endpoint-url": refusal.endpoint_url,
        }
    said = [f"{flag} {shlex.quote(str(value))}" for flag, value in more.items() if value]
    return " ".join(["assumable why", flags, *said])


def _profile(refusal: _Refusal) -> str:
    """The profile with the credentials of the call; PROFILE, for people to fill in, if none has.

    A client does not know which one it was made with: one with the same keys, or that gives
    sessions of the same role, does as well. Empty where none is needed.
    """
    from botocore.session import Session

    from assumable.formats.profiles import read_client
    from assumable.model.routed import profile_giving

    credentials = refusal.credentials
    if credentials is None or credentials.method in _BY_ITSELF:
        return ""
    if getattr(credentials, "refresh_needed", None) is None:  # a look at these sends nothing
        for name, settings in Session().full_config["profiles"].items():
            key = settings.get("aws_access_key_id")
            if key and key == credentials.access_key and "role_arn" not in settings:
                return str(name)
    with contextlib.suppress(AssumableError):
        found = profile_giving(read_client(None, os.environ), _caller(refusal))
        return found or _NOT_KNOWN
    return _NOT_KNOWN
