"""A real HTTP receiver in threads of its own, which misbehaves as it is told."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG = "hang"
CUT = "cut"
DRIP = "drip"


@dataclass
class Request:
    """What came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - a JSON value
        return json.loads(self.body)


@dataclass
class Answers:
    """What the receiver answers next (the last answer for ever), and what it has heard."""

    status: int = 200
    body: bytes = b'{"errcode":0,"errmsg":"ok","code":0}'
    headers: Mapping[str, str] = field(default_factory=dict)
    mischief: str | None = None
    heard: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    """Answers by the script."""

    answers: Answers

    def _answer(self) -> None:
        answers = self.answers
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answers.heard.append(Request(self.command, self.path, headers, body))
        if answers.mischief == HANG:
            answers.released.wait()
        if answers.mischief in (HANG, CUT):
            self.close_connection = True
            return
        self.send_response(answers.status)
        for name, value in answers.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answers.body)))
        self.end_headers()
        self._write(answers)

    def _write(self, answers: Answers) -> None:
        if answers.mischief != DRIP:
            self.wfile.write(answers.body)
            return
        for byte in answers.body:
            if answers.released.wait(0.05):
                return
            self.wfile.write(bytes([byte]))

    do_POST = do_GET = do_PUT = _answer  # noqa: N815 - the server looks for these names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Nothing is printed."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that went away is what some tests are about."""


@contextmanager
def receiver(answers: Answers, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A receiver on 127.0.0.1 that answers by the script; gives its port."""
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"answers": answers}))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        answers.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
