"""The only way to AWS: clients that can read what a diagnosis needs, and nothing else.

INVARIANT: no client leaves this module without the guard, so an operation outside the list that
its connection was given is refused before anything is signed or sent.
"""

import contextlib
import contextvars
import copy
import functools
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

from assumable import __version__
from assumable import arn as arns
from assumable.aws.allowed import ALLOWED, ASSUMING, Operations
from assumable.aws.credentials import assume, begin_with, give, process_error
from assumable.errors import AssumableError, InputError, UnreadableError, unsecret
from assumable.formats.endpoint import endpoint_of
from assumable.model.route import Start
from assumable.model.world import Unknown

# IAM and Organizations have one endpoint per partition, but a client must be told some Region.
FALLBACK_REGION = "us-east-1"
CONNECT_TIMEOUT, READ_TIMEOUT, ATTEMPTS = 5, 20, 4
AT_ONCE = 8
"""Questions under way at the same time; a client keeps ten connections open."""
# The thing asked about does not exist, as each service says it.
_ABSENT = frozenset((
    "NoSuchEntity", "AWSOrganizationsNotInUseException", "ChildNotFoundException",
    "AccountNotFoundException", "InvalidVpcEndpointId.NotFound",
    "ServiceAccessNotEnabledException", "OrganizationNotInAllFeaturesModeException",
    "ResourceNotFoundException",
))  # fmt: skip
_DENIALS = frozenset(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"))

Answer = dict[str, Any]


class OperationRefusedError(AssumableError):
    """An operation outside the allow-list was about to be sent: a bug of ours, and harmless."""


class Identity(NamedTuple):
    """Whose credentials these are, as GetCallerIdentity says it."""

    arn: str
    account: str
    unique_id: str
    """`AIDA…` of a user, `AROA…` of the role behind a session."""

    @property
    def place(self) -> tuple[str, str]:
        """Partition and account that these credentials are of."""
        own = arns.parse(self.arn)
        return ("", self.account) if own is None else own.place


class Question(NamedTuple):
    """One operation with its parameters."""

    service: str
    operation: str
    parameters: tuple[tuple[str, str | tuple[str, ...]], ...]

    @classmethod
    def of(cls, service: str, operation: str, **parameters: str | tuple[str, ...]) -> "Question":
        """The same question whatever the order of its parameters."""
        return cls(service, operation, tuple(sorted(parameters.items())))


class Calls:
    """How many requests were sent, by operation, over all connections of one diagnosis."""

    def __init__(self, listener: Callable[[str], None] | None = None) -> None:
        """`listener` hears each operation just before it is sent."""
        self._listener, self._lock = listener, threading.Lock()
        self.counted: dict[str, int] = {}

    def count(self, operation: str) -> None:
        """One more request: `iam:GetRole`."""
        with self._lock:
            self.counted[operation] = self.counted.get(operation, 0) + 1
            if self._listener is not None:
                self._listener(operation)

    @property
    def total(self) -> int:
        """How many there were, each page of a list counted."""
        return sum(self.counted.values())


class Connection:
    """Read-only access to AWS with the credentials of one profile, or of a role that reads.

    Its threads are daemons: none of them keeps a process alive that wants to end.

    Answers are kept, and each question is sent once, from whatever thread it is asked.
    """

    def __init__(
        self,
        profile: str | None,
        region: str | None,
        endpoint_url: str | None,
        calls: Calls | None = None,
        *,
        role_arn: str = "",
        external_id: str = "",
        start: Start | None = None,
        credentials: Any = None,
        timeout: float | None = None,
        allowed: Operations = ALLOWED,
    ) -> None:
        """Nothing is sent yet; InputError when there is no such profile.

        `credentials`, an object of botocore, stand in place of those of the profile; with `start`,
        they are those that the way of the profile starts from, before any role is assumed. With
        `role_arn`, they assume that role, which then reads. `timeout` is in seconds: how long one
        request may take, which is then sent only once. What is not `allowed` is refused.
        """
        from botocore.exceptions import BotoCoreError, ProfileNotFound
        from botocore.session import Session

        self.endpoint_url, self._timeout = endpoint_url, timeout
        self.calls, self._allowed = calls or Calls(), allowed
        self._prepare()
        try:
            self._session = Session(profile=profile)
            self._session.register_component("data_loader", _loader())
            self._session.get_scoped_config()  # refuses a profile that does not exist
            # AWS_REGION is what the `aws` command reads; the SDK alone knows the other name.
            known = self._session.get_config_variable("region") or os.environ.get("AWS_REGION")
            self.region: str | None = region or known
            if self.region:  # for the profile's own sign-in, where it has one
                self._session.set_config_variable("region", self.region)
            if credentials is not None:
                self._give(credentials)
            if role_arn and not self.process_failure:
                place = self._place_of("sts")
                assume(self._session, role_arn, *place, external_id, self._config)
            if start is not None:
                begin_with(self._session, start)
        except ProfileNotFound as error:
            raise InputError(f"no profile `{error.kwargs['profile']}` is configured", "",
                             "`aws configure list-profiles` shows them") from None  # fmt: skip
        except BotoCoreError as error:
            raise InputError(one_line(error)) from None

    def _give(self, credentials: Any) -> None:
        try:
            give(self._session, credentials)
        except failures() as error:  # they were to be renewed first
            raise UnreadableError(f"there are no credentials: {reason(error)}") from None

    def _prepare(self) -> None:
        """Nothing is asked yet."""
        self._answers: dict[Question, Future[Answer | Exception]] = {}
        self._lock, self._making = threading.Lock(), threading.Lock()
        self._room = threading.BoundedSemaphore(AT_ONCE)

    @property
    def credentials(self) -> Any:
        """An object of botocore with the credentials in use; None where there are none."""
        return self._session.get_credentials()

    def in_region(self, region: str) -> "Connection":
        """The same credentials, asking in another Region."""
        other = copy.copy(self)
        other._prepare()  # noqa: SLF001  # of the same class
        other._making = self._making  # noqa: SLF001  # the session is shared
        other.region = region
        other.__dict__.pop("_clients", None)
        return other

    @functools.cached_property
    def has_session_token(self) -> bool:
        """Whether the credentials are temporary."""
        credentials = self.credentials
        return credentials is not None and bool(credentials.get_frozen_credentials().token)

    @property
    def identity(self) -> Identity:
        """Who calls; UnreadableError when AWS cannot be asked even that."""
        if isinstance(self.who, UnreadableError):
            raise self.who
        return self.who

    @functools.cached_property
    def process_failure(self) -> str:
        """How the `credential_process` of the profile failed; empty where none did."""
        error = process_error(self._session)
        return "" if error is None else one_line(error)

    @functools.cached_property
    def who(self) -> Identity | UnreadableError:
        """Who calls, or why that could not be read; it is asked once."""
        if self.process_failure:
            return UnreadableError(f"who the caller is could not be read: {self.process_failure}")
        try:
            found = self.client("sts").get_caller_identity()
        except EOFError:
            return UnreadableError("the profile asks for an MFA code, but there is no terminal")
        except failures() as error:
            text = f"who the caller is could not be read: {reason(error)}"
            return UnreadableError(text, error_code(error))
        return Identity(found["Arn"], found["Account"], found["UserId"].partition(":")[0])

    def ask(
        self, service: str, operation: str, what: str, on: str, **parameters: str | tuple[str, ...]
    ) -> Answer | Unknown | None:
        """AWS's whole answer, every page of it; each question is sent once.

        None when AWS says that there is no such thing; when it refuses, an Unknown that names the
        permission: `operation` on the ARN `on`.
        """
        answer = self._answer(Question.of(service, operation, **parameters))
        if not isinstance(answer, Exception):
            return answer
        code = error_code(answer)
        if code in _ABSENT:
            return None
        said = "" if code in _DENIALS else f" ({reason(answer)})"
        return Unknown(f"{what} not read{said}", f"{service}:{operation} on {on}")

    def prefetch(self, *questions: Question) -> None:
        """Begin to ask what will be asked: the answers are then there, or on their way."""
        for question in questions:
            # The context goes along: a hook knows by it that the questions are our own.
            run = contextvars.copy_context().run
            target = functools.partial(run, self._answer_early, question)
            threading.Thread(target=target, name="assumable-aws", daemon=True).start()

    def _answer_early(self, question: Question) -> None:
        with self._room, contextlib.suppress(Exception):  # whoever asks for it hears of it
            self._answer(question)

    def _answer(self, question: Question) -> Answer | Exception:
        with self._lock:
            known = self._answers.get(question)
            answer = known or self._answers.setdefault(question, Future())
        if known is None:
            try:
                sent = self._send(question.service, question.operation, dict(question.parameters))
                answer.set_result(sent)
            except BaseException as error:  # whoever waits for it must hear of it as well
                answer.set_exception(error)
                raise
        return answer.result()

    def _send(self, service: str, operation: str, parameters: dict[str, Any]) -> Answer | Exception:
        from botocore import xform_name

        client, name = self.client(service), xform_name(operation)
        try:
            if client.can_paginate(name):
                pages = client.get_paginator(name).paginate(**parameters)
                whole: Answer = pages.build_full_result()
                return whole
            answer: Answer = getattr(client, name)(**parameters)
        except failures() as error:
            return error
        return answer

    def client(self, service: str) -> Any:
        """The guarded client of one service, made once."""
        with self._making:  # clients may be shared by threads, sessions may not
            return self._clients(service)

    @functools.cached_property
    def _clients(self) -> Any:
        return functools.cache(self._new_client)

    @functools.cached_property
    def _config(self) -> Any:
        from botocore.config import Config

        return Config(
            connect_timeout=self._timeout or CONNECT_TIMEOUT,
            read_timeout=self._timeout or READ_TIMEOUT,
            retries={"mode": "adaptive", "total_max_attempts": 1 if self._timeout else ATTEMPTS},
            user_agent_extra=f"assumable/{__version__}",
        )

    def _new_client(self, service: str) -> Any:
        if service not in self._allowed:
            raise OperationRefusedError(f"no client for {service}: it is not on the allow-list")
        url, region = self._place_of(service)
        try:
            client = self._session.create_client(
                service,
                region_name=region,
                endpoint_url=url,
                config=self._config,
            )
        except ValueError as error:  # a malformed --endpoint-url or --region
            raise InputError(one_line(error)) from None
        _guard(client, self._allowed)
        client.meta.events.register("before-call", self._count)
        return client

    def _place_of(self, service: str) -> tuple[str | None, str]:
        """Where a service is asked: an endpoint of AWS serves one of them, a test server all."""
        endpoint = endpoint_of(self.endpoint_url)
        if endpoint is None:
            return self.endpoint_url, self.region or FALLBACK_REGION
        if endpoint.service == service:
            return self.endpoint_url, endpoint.signed_for
        return None, endpoint.region or self.region or FALLBACK_REGION

    def _count(self, model: Any, **_: Any) -> None:
        self.calls.count(f"{model.service_model.service_name}:{model.name}")


@functools.cache
def _loader() -> Any:
    """The service models, read once however many connections there are."""
    from botocore.loaders import create_loader

    return create_loader(os.environ.get("AWS_DATA_PATH"))


def _guard(client: Any, allowed: Operations) -> None:
    """Refuse what is not allowed at the first and at the last moment before a request."""

    def refuse(model: Any, **_: Any) -> None:
        service = model.service_model.service_name
        if model.name not in allowed.get(service, ()):
            raise OperationRefusedError(f"{service}:{model.name} is not on the allow-list")

    # Parameters are offered before they are validated or presigned; `before-call` is the last
    # event ahead of signing, for whatever found another way there.
    for event in ("provide-client-params", "before-call"):
        client.meta.events.register_first(event, refuse)


def failures() -> tuple[type[Exception], ...]:
    """Every way in which asking AWS can fail."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    return ClientError, BotoCoreError, ResponseParserError


def error_code(error: Exception) -> str:
    """AWS's own code of a failure, empty when it did not come from AWS."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def reason(error: Exception) -> str:
    """A failure in one line: AWS's code and message, or what the SDK says.

    Secrets are left out: AWS repeats a session token to whoever signs with the wrong key.
    """
    code = error_code(error)
    if not code:
        return one_line(error)
    message = error.response["Error"].get("Message", "")  # type: ignore[attr-defined]  # it has a code
    return f"{code}: {unsecret(' '.join(str(message).split()))}" if message else code


def one_line(error: Exception) -> str:
    """An exception's text without line breaks and without its full stop."""
    return unsecret(" ".join(str(error).split()).removesuffix(".")) or type(error).__name__


# Probes: the one client that may do more than read, made only where the user asks for it.


def assuming_client(
    profile: str | None, region: str | None, endpoint_url: str | None, start: Start | None = None
) -> Any:
    """A client of STS that may make the calls of `ASSUMING` and no other, each of them once.

    With `start`, the credentials are those that the way of the profile starts from. InputError
    when there is no such profile, Region or endpoint.
    """
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    config = Config(
        connect_timeout=CONNECT_TIMEOUT, read_timeout=READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": 1},
        user_agent_extra=f"assumable/{__version__}",
    )  # fmt: skip
    try:
        session = Session(profile=profile if start is None else start.profile or None)
        session.register_component("data_loader", _loader())
        if start is not None:
            begin_with(session, start)
        known = session.get_config_variable("region") or os.environ.get("AWS_REGION")
        endpoint = endpoint_of(endpoint_url)
        client = session.create_client(
            "sts",
            region_name=endpoint.signed_for if endpoint else region or known or FALLBACK_REGION,
            endpoint_url=endpoint_url,
            config=config,
        )
    except (ValueError, BotoCoreError) as error:
        raise InputError(one_line(error)) from None
    _guard(client, {"sts": ASSUMING})
    return client
