"""A maker's server for a fleet (ISO/TS 15143-3) with OAuth2 and pages, which can be made to misbehave."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

CLIENT, SECRET = "hourkeeper", "aemp-secret-canary"
Answer = tuple[int, bytes, Mapping[str, str]]
Equipment = tuple[str, float, str]
"""Serial number, hours, time."""


@dataclass
class FleetServer:
    """`pages` by path; `refusals` are given instead of the next answers of a path; `asked` are the paths that came."""

    pages: dict[str, bytes] = field(default_factory=dict)
    refusals: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    valid: set[str] = field(default_factory=set)
    logins: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def has(self, *pages: list[Equipment]) -> None:
        """Have these machines, page by page under `/fleet/1` and so on."""
        for number, page in enumerate(pages, start=1):
            last = number == len(pages)
            self.pages[f"/fleet/{number}"] = json_page(page, None if last else f"{self.url}/fleet/{number + 1}")

    def answer(self, path: str, authorization: str) -> Answer:
        """What it says to a GET."""
        self.asked.append(path)
        if self.refusals.get(path):
            return self.refusals[path].pop(0)
        if authorization.removeprefix("Bearer ") not in self.valid:
            return 401, b"", {}
        return (200, self.pages[path], {}) if path in self.pages else (404, b"", {})

    def log_in(self, authorization: str, body: bytes) -> Answer:
        """What it says to a login."""
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        pair = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        in_body = (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        if form["grant_type"] != "client_credentials" or not (in_body or authorization == f"Basic {pair}"):
            return 401, b'{"error": "invalid_client"}', {}
        self.logins += 1
        token = f"token-canary-{self.logins}"
        self.valid = {token}
        return 200, json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 3600}).encode(), {}


def json_page(machines: list[Equipment], following: str | None) -> bytes:
    """A page as most makers write it."""
    equipment = [
        {
            "EquipmentHeader": {"OEMName": "Maker", "Model": "LG855N", "SerialNumber": number},
            "CumulativeOperatingHours": {"Hour": hours, "datetime": at},
        }
        for number, hours, at in machines
    ]
    links = [{"rel": "next", "href": following}] if following else []
    return json.dumps({"version": "1", "Links": links, "Equipment": equipment}).encode()


@contextmanager
def fleet_server() -> Iterator[FleetServer]:
    """One on a free port of 127.0.0.1."""
    server = FleetServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(server.answer(self.path, self.headers.get("Authorization", "")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._say(server.log_in(self.headers.get("Authorization", ""), body))

        def _say(self, answer: Answer) -> None:
            status, body, headers = answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.port = listening.server_port
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
