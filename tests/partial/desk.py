"""Connections to a cloud in this process, some of whose answers are refused.

They are real ones, of real clients of botocore: only what would be sent is answered here.
"""

import copy
import functools
from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar
from random import Random
from typing import Any, NamedTuple

from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import EndpointConnectionError

from assumable.aws.clients import Calls, Connection
from tests.partial.cloud import PAGED, Cloud, RefusedError

_asking: ContextVar["Served"] = ContextVar("_asking")


class Question(NamedTuple):
    """One operation of somebody of an account."""

    account: str
    operation: str
    parameters: tuple[tuple[str, Any], ...]


def question(account: str, operation: str, asked: Mapping[str, Any]) -> Question:
    """The same question for every page of the answer."""
    parameters = ((name, tuple(value) if isinstance(value, list) else value)
                  for name, value in sorted(asked.items())
                  if name not in ("Marker", "NextToken", "MaxItems", "MaxResults"))  # fmt: skip
    return Question(account, operation, tuple(parameters))


class Refusals(NamedTuple):
    """What is refused: the same question always is, and at a lower share a part of the same."""

    seed: int = 0
    share: float = 0.0
    expires_after: int | None = None
    """After so many requests the credentials have expired."""
    granted: frozenset[str] = frozenset()
    """Operations of which nothing is refused after all."""
    alone: Question | None = None
    """One that is refused in any case."""

    def of(self, asked: Question) -> str:
        """How a question is refused; empty when it is answered."""
        rng = Random(f"{self.seed} {asked}")
        if asked == self.alone:
            return "AccessDenied"
        if asked.operation in self.granted or rng.random() >= self.share:
            return ""
        return rng.choices(["AccessDenied", "Throttling", "ExpiredToken", "cut", "page"],
                           [50, 10, 10, 10, 20])[0]  # fmt: skip


class Desk:
    """Where the questions of one run arrive; it keeps what was answered, and how."""

    def __init__(self, cloud: Cloud, refusals: Refusals) -> None:
        self.cloud, self._refusals = cloud, refusals
        self.answered: dict[Question, Any] = {}
        """Whole answers; an absence by AWS's code."""
        self.refused: dict[Question, str] = {}
        self.sent: Counter[tuple[Question, int]] = Counter()
        """Requests, by the page that they ask for."""

    def ask(self, account: str, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """A page of the answer; RefusedError with a code, EndpointConnectionError."""
        key = question(account, operation, asked)
        how = self._refusals.of(key)
        start = int(asked.get("Marker") or asked.get("NextToken") or 0)
        self.sent[key, start] += 1
        after = self._refusals.expires_after
        if after is not None and self.sent.total() > after:
            how = "ExpiredToken"
        if how == "page":
            how = "Throttling" if start else ""
        if how:
            self.answered.pop(key, None)
            self.refused[key] = how
            if how == "cut":
                raise EndpointConnectionError(endpoint_url="https://aws.example")
            raise RefusedError(how)
        whole = outcome(self.cloud, key)
        self.answered[key] = whole
        if isinstance(whole, str):
            if whole.startswith("AccessDenied"):
                self.refused[key] = whole
            raise RefusedError(whole)
        return copy.deepcopy(_page(operation, whole, start))  # the client decodes it in place


def outcome(cloud: Cloud, asked: Question) -> Any:
    """What AWS answers when nothing is refused: everything, or its code."""
    try:
        return cloud.answer(asked.account, asked.operation, dict(asked.parameters))
    except RefusedError as code:
        return str(code)


def _page(operation: str, whole: dict[str, Any], start: int) -> dict[str, Any]:
    """One entry at a time of what comes in pages."""
    key = PAGED.get(operation)
    if key is None:
        return whole
    page: dict[str, Any] = {key: whole[key][start : start + 1]}
    if start + 1 < len(whole[key]):
        token = str(start + 1)
        more = {"NextToken": token} if key == "Policies" else {"IsTruncated": True, "Marker": token}
        page |= more
    return page


class Served(Connection):
    """Somebody of an account, who asks at a desk; every question is sent where it is asked."""

    def __init__(self, desk: Desk, account: str) -> None:
        self.desk, self.account = desk, account
        self.calls, self.region = Calls(), None
        vars(self)["process_failure"] = ""  # no profile, and so no process, gives its credentials
        self._prepare()

    def prefetch(self, *questions: Any) -> None:
        """Ask now: the order of the questions is then the same every time."""
        for asked in questions:
            self._answer(asked)

    def client(self, service: str) -> Any:
        """A client that asks for whoever took it last."""
        _asking.set(self)
        return _client(service)


@functools.cache
def _client(service: str) -> Any:
    """Made once: that takes longer than all that a run asks."""
    client = Connection(None, "us-east-1", None).client(service)

    def note(params: Any, context: Any, **_: Any) -> None:
        context["asked"] = params

    def answer(model: Any, context: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        served = _asking.get()
        try:
            found, status = served.desk.ask(served.account, model.name, context["asked"]), 200
        except RefusedError as code:
            found, status = {"Error": {"Code": str(code), "Message": "no"}}, 403
        return AWSResponse("", status, HTTPHeaders(), None), {**found, "ResponseMetadata": {}}

    client.meta.events.register_last("before-parameter-build", note)
    client.meta.events.register_last("before-call", answer)
    return client
