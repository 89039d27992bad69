"""An STS on loopback that refuses what it is told to refuse, and hangs on everything else."""

import threading
import urllib.parse
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

_BODY = (
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
    "<Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId>"
    "</ErrorResponse>"
)


class Refusal(NamedTuple):
    """What is answered to an operation."""

    code: str
    message: str = ""
    status: int = 403


class Server:
    """Runs until it is closed; `asked` are the operations, in order."""

    def __init__(self) -> None:
        self.refusals: Mapping[str, Refusal] = {}
        self.asked: list[str] = []
        self.closing = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                action = urllib.parse.parse_qs(body)["Action"][0]
                server.asked.append(action)
                refusal = server.refusals.get(action)
                if refusal is None:
                    server.closing.wait()
                    return
                text = _BODY.format(code=refusal.code, message=refusal.message).encode()
                self.send_response(refusal.status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Let go of whoever waits."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
