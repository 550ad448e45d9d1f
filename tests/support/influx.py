"""A small InfluxDB 2 in memory, a real one as the tests see it, and a proxy before either that misbehaves."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

from adapters.influx.server import InfluxSettings
from tests.support.line_protocol import BadLineError, Written, points

ORG, BUCKET, TOKEN = "maker", "hours", "influx-token-canary"
_WEEK_NS = 7 * 86_400 * 1_000_000_000
Value = float | int | str | bool
Answer = tuple[int, bytes, Mapping[str, str]]
Points = dict[tuple[str, int], tuple[str, float, float]]
"""(machine, time in ns): (source, total hours, dial hours)."""


def refusing(status: int, message: str, **headers: str) -> Answer:
    """An answer of the API's own shape."""
    return status, json.dumps({"code": "some code", "message": message}).encode(), headers


class Upstream(Protocol):
    """A server of InfluxDB, as the tests look at it past the product."""

    settings: InfluxSettings

    def points(self, machines: str) -> Points:
        """Our points of machines whose numbers begin so."""

    def write_line(self, line: str) -> None:
        """Write past the product."""


@dataclass
class FakeInflux:
    """What is stored, by measurement, tags and time."""

    settings: InfluxSettings = field(default_factory=lambda: InfluxSettings("http://127.0.0.1:0", ORG, BUCKET, TOKEN))
    stored: dict[tuple[str, tuple[tuple[str, str], ...], int], dict[str, Value]] = field(default_factory=dict)
    types: dict[tuple[str, str, int], type] = field(default_factory=dict)

    def points(self, machines: str) -> Points:
        found = {}
        for (measurement, tags, at), fields in self.stored.items():
            named = dict(tags)
            if named["machine_id"].startswith(machines) and "total_hours" in fields:
                assert (measurement, set(named)) == ("hour_meter", {"machine_id", "source"})
                assert {name: type(value) for name, value in fields.items()} == _FIELDS
                key = named["machine_id"], at
                assert key not in found, "one reading is one point"
                found[key] = (named["source"], float(fields["total_hours"]), float(fields["dial_hours"]))
        return found

    def write_line(self, line: str) -> None:
        self.take(points(line))

    def take(self, written: list[Written]) -> str | None:
        """Store points; those with a field of another type than its week has are left out, and named."""
        refused = None
        for each in written:
            kinds = {(each.measurement, name, each.at // _WEEK_NS): type(value) for name, value in each.fields}
            if any(self.types.setdefault(key, kind) is not kind for key, kind in kinds.items()):
                refused = f"partial write: field type conflict in {each.measurement}, dropped=1"
                continue
            self.stored.setdefault((each.measurement, each.tags, each.at), {}).update(dict(each.fields))
        return refused

    def delete(self, begins: int, ends: int, predicate: str) -> None:
        """Both ends included, as the real one does."""
        wanted = [re.fullmatch(r'(\w+)="([^"]*)"', part) for part in predicate.split(" AND ")]
        assert all(wanted), predicate
        named = {match[1]: match[2] for match in wanted if match}
        for key in list(self.stored):
            measurement, tags, at = key
            if begins <= at <= ends and named.items() <= {"_measurement": measurement, **dict(tags)}.items():
                del self.stored[key]

    def query(self, flux: str) -> str:
        """Our one query, answered as annotated CSV."""
        match = _QUERY.fullmatch(flux)
        assert match, flux
        begins, ends = (nanoseconds(match[name]) for name in ("start", "stop"))
        head = "#datatype,string,long,dateTime:RFC3339,double\r\n#group,false,false,false,false\r\n"
        head += "#default,_result,,,\r\n,result,table,_time,_value\r\n"
        rows = [
            f",,0,{_rfc3339(at)},{fields['total_hours']!r}\r\n"
            for (_, tags, at), fields in sorted(self.stored.items(), key=lambda item: item[0][2])
            if dict(tags)["machine_id"] == match["machine"] and begins <= at < ends
        ]
        return head + "".join(rows) + "\r\n" if rows else "\r\n"


_QUERY = re.compile(
    rf'from\(bucket: "{BUCKET}"\) \|> range\(start: (?P<start>\S+), stop: (?P<stop>\S+)\)'
    r' \|> filter\(fn: \(r\) => r\._measurement == "hour_meter" and r\._field == "total_hours"'
    r' and r\.machine_id == "(?P<machine>[^"]*)"\)'
    r' \|> keep\(columns: \["_time", "_value"\]\) \|> group\(\) \|> sort\(columns: \["_time"\]\)'
)


def nanoseconds(text: str) -> int:
    seconds, _, rest = text.removesuffix("Z").partition(".")
    moment = datetime.fromisoformat(f"{seconds}+00:00")
    return int(moment.timestamp()) * 1_000_000_000 + int(rest.ljust(9, "0") or 0)


def _rfc3339(at: int) -> str:
    seconds, rest = divmod(at, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


_FIELDS = {"total_hours": float, "dial_hours": float}


class _FakeHandler(BaseHTTPRequestHandler):
    influx: FakeInflux

    def do_POST(self) -> None:
        where, body = urlsplit(self.path), _body(self)
        query = {name: values[0] for name, values in parse_qs(where.query).items()}
        _reply(self, self._obeyed(where.path, query, body))

    def _obeyed(self, path: str, query: Mapping[str, str], body: bytes) -> Answer:
        influx = self.influx
        if self.headers.get("Authorization") != f"Token {TOKEN}":
            return refusing(401, "unauthorized access")
        if query.get("org") != ORG:
            return refusing(404, "organization not found")
        if path == "/api/v2/query":
            found = influx.query(json.loads(body)["query"]).encode()
            return 200, found, {"Content-Type": "text/csv; charset=utf-8"}
        if query.get("bucket") != BUCKET:
            return refusing(404, "bucket not found")
        if path == "/api/v2/delete":
            asked = json.loads(body)
            influx.delete(nanoseconds(asked["start"]), nanoseconds(asked["stop"]), asked["predicate"])
            return 204, b"", {}
        assert (path, query.get("precision")) == ("/api/v2/write", "ns")
        try:
            refused = influx.take(points(body.decode()))
        except BadLineError as error:
            refused = f"unable to parse: {error}"
        return (204, b"", {}) if refused is None else refusing(400, refused)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Nothing is printed."""


@contextmanager
def fake_influx(influx: FakeInflux | None = None) -> Iterator[FakeInflux]:
    """The fake runs on 127.0.0.1."""
    made = influx or FakeInflux()
    with _serving(type("Handler", (_FakeHandler,), {"influx": made})) as port:
        made.settings = InfluxSettings(f"http://127.0.0.1:{port}", ORG, BUCKET, TOKEN)
        yield made


@dataclass
class RealInflux:
    """A server that somebody runs; asked in plain HTTP."""

    settings: InfluxSettings

    def points(self, machines: str) -> Points:
        flux = (
            f'from(bucket: "{self.settings.bucket}") |> range(start: 0, stop: 2200-01-01T00:00:00Z)'
            f' |> filter(fn: (r) => r._measurement == "hour_meter" and r.machine_id =~ /^{machines}/)'
            " |> map(fn: (r) => ({r with at: int(v: r._time)}))"
            ' |> keep(columns: ["machine_id", "source", "_field", "_value", "at"]) |> group()'
        )
        found: dict[tuple[str, int], dict[str, str]] = {}
        text = self._ask("query", {}, flux.encode(), "application/vnd.flux")
        for row in csv.DictReader(io.StringIO(text)):
            if row.get("machine_id"):
                fields = found.setdefault((row["machine_id"], int(row["at"])), {"source": row["source"]})
                fields[row["_field"]] = row["_value"]
        return {
            key: (fields["source"], float(fields["total_hours"]), float(fields["dial_hours"]))
            for key, fields in found.items()
        }

    def write_line(self, line: str) -> None:
        self._ask("write", {"bucket": self.settings.bucket, "precision": "ns"}, line.encode(), "text/plain")

    def _ask(self, what: str, more: Mapping[str, str], body: bytes, kind: str) -> str:
        query = urlencode({"org": self.settings.org, **more})
        request = urllib.request.Request(f"{self.settings.url}/api/v2/{what}?{query}", body)
        request.add_header("Authorization", f"Token {self.settings.token}")
        request.add_header("Content-Type", kind)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text: str = answer.read().decode()
        return text


@dataclass
class Between:
    """A proxy before a server. `answer` may answer instead of it, given the path and how many lines came; `hush`: the
    server does what it is asked, and the connection breaks before anybody hears of it; `hold`: requests wait for it.
    """

    upstream: Upstream
    answer: Callable[[str, int], Answer | None] = lambda _path, _lines: None
    hush: bool = False
    hold: threading.Event | None = None
    asked: list[tuple[str, int]] = field(default_factory=list)
    port: int = 0

    @property
    def settings(self) -> InfluxSettings:
        """How the product reaches the server through us."""
        to = self.upstream.settings
        return InfluxSettings(f"http://127.0.0.1:{self.port}", to.org, to.bucket, to.token)


class _BetweenHandler(BaseHTTPRequestHandler):
    between: Between

    def do_POST(self) -> None:
        between, body = self.between, _body(self)
        path = urlsplit(self.path).path
        lines = len(body.splitlines()) if path.endswith("/write") else 0
        between.asked.append((path.rpartition("/")[2], lines))
        if between.hold is not None:
            between.hold.wait()
        told = between.answer(path, lines) or self._forwarded(body)
        if between.hush:
            self.close_connection = True
        else:
            _reply(self, told)

    def _forwarded(self, body: bytes) -> Answer:
        request = urllib.request.Request(f"{self.between.upstream.settings.url}{self.path}", body)
        for name in ("Authorization", "Content-Type", "Accept"):
            request.add_header(name, self.headers.get(name) or "")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                kind = {"Content-Type": answer.headers.get("Content-Type") or "text/plain"}
                return answer.status, answer.read(), kind
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), {}

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Nothing is printed."""


@contextmanager
def between(upstream: Upstream, port: int = 0) -> Iterator[Between]:
    """The proxy runs on 127.0.0.1, at a port of its own or a given one."""
    made = Between(upstream)
    with _serving(type("Handler", (_BetweenHandler,), {"between": made}), port) as made.port:
        try:
            yield made
        finally:
            if made.hold is not None:
                made.hold.set()


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    return gzip.decompress(body) if handler.headers.get("Content-Encoding") == "gzip" else body


def _reply(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    status, body, headers = answer
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    if status != 204:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that went away is what some tests are about."""


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler], port: int = 0) -> Iterator[int]:
    server = _Server(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
