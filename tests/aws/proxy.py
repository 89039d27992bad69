"""A proxy on loopback that lets calls to AWS through, but for the operations that shall fail."""

import contextlib
import http.client
import json
import socket
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Failure = Callable[[BaseHTTPRequestHandler], None]
XML = "<ErrorResponse><Error><Code>{0}</Code><Message>{0} said so</Message></Error></ErrorResponse>"


def error(code: str, status: int) -> Failure:
    """AWS's answer of that code."""
    return answer(XML.format(code), "text/xml", status)


def refusal(code: str) -> Failure:
    """The same of a service that speaks JSON, such as Organizations."""
    said = json.dumps({"__type": code, "Message": f"{code} said so"})
    return answer(said, "application/x-amz-json-1.1", 400)


def answer(content: str, kind: str, status: int = 200) -> Failure:
    """No failure, unless the status says so: what AWS answers, where the server behind cannot."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        body = content.encode()
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return send


def reset(handler: BaseHTTPRequestHandler) -> None:
    """The connection breaks before anything is said."""
    with contextlib.suppress(OSError):
        handler.connection.shutdown(socket.SHUT_RDWR)
    handler.connection.close()


def cut(handler: BaseHTTPRequestHandler) -> None:
    """The connection breaks in the middle of the answer."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/xml")
    handler.send_header("Content-Length", "4000")
    handler.end_headers()
    handler.wfile.write(b"<ListUserPoliciesResponse><ListUserPoliciesResult>")
    handler.wfile.flush()
    reset(handler)


garbage = answer("<html>the office's login page", "text/html")
"""What is answered is no answer of AWS."""


def silence(handler: BaseHTTPRequestHandler) -> None:
    """Nothing is said for longer than the client waits."""
    time.sleep(1.5)
    reset(handler)


class Proxy:
    """Fails chosen operations, as often as it is told to."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urllib.parse.urlsplit(upstream)
        self.failures: dict[str, tuple[Failure, int]] = {}
        """By operation: how it fails, and how many times."""
        self.passing: dict[str, int] = {}
        """By operation: how many requests pass before the first one fails."""
        self.seen: Counter[str] = Counter()
        self.bodies: list[str] = []
        self.refused: set[str] = set()
        """What is denied: every request whose body holds one of these texts."""
        self.hanging: int | None = None
        """The request that is never answered, counted over all operations."""
        self.reached = threading.Event()
        """That request has come."""
        self._lock = threading.Lock()

    def hang(self, handler: BaseHTTPRequestHandler) -> None:
        """Say that it has come, and nothing to who asks."""
        self.reached.set()
        with contextlib.suppress(OSError):
            handler.connection.recv(1)  # until the other end is gone

    def failure_of(self, operation: str, body: str) -> Failure | None:
        """How the operation fails this time."""
        with self._lock:
            self.seen[operation] += 1
            if self.seen.total() == self.hanging:
                return self.hang
            if any(text in body for text in self.refused):
                return error("AccessDenied", 403)
            failure, times = self.failures.get(operation, (None, 0))
            passes = self.seen[operation] <= self.passing.get(operation, 0)
            if failure is None or times == 0 or passes:
                return None
            self.failures[operation] = (failure, times - 1)
            return failure

    def forward(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        """Ask the real server, and hand its answer back."""
        with contextlib.closing(http.client.HTTPConnection(self._upstream.netloc)) as connection:
            connection.request(handler.command, handler.path, body, dict(handler.headers))
            answer = connection.getresponse()
            content = answer.read()
        handler.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)


@contextlib.contextmanager
def proxying(upstream: str) -> Iterator[tuple[Proxy, str]]:
    """A running proxy and its address."""
    proxy = Proxy(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            target = self.headers.get("X-Amz-Target", "")
            text = body.decode(errors="replace")
            form = urllib.parse.parse_qs(text)
            path = self.path.strip("/") or "?"
            operation = target.rpartition(".")[2] or form.get("Action", [path])[0]
            failure = proxy.failure_of(operation, urllib.parse.unquote(text))
            if failure is None:
                proxy.forward(self, body)
            else:
                self.close_connection = True
                failure(self)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
