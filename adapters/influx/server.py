"""An InfluxDB 2 server: points written and erased at once, totals read; every failure is one of two kinds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.influx.point import (
    MACHINE_TAG,
    MEASUREMENT,
    TOTAL_FIELD,
    Point,
    line,
    time_ns,
)
from notifications.plain import plain
from schedules.hours import MS_PER_HOUR

_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_NS_PER_S = 1_000_000_000
_MOST_SAID = 300
_ABOUT_THE_DATA = frozenset({400, 413, 422})
_NO_DELETION = frozenset({405, 501})
_ADVICE = {
    401: "the token is not taken; put a valid one into influx.token_file and restart",
    403: "the token may not write to the bucket; give it read and write permission",
    404: "the server knows no such organisation or bucket; check influx.org and influx.bucket",
}


@dataclass(frozen=True, slots=True)
class InfluxSettings:
    """Where InfluxDB is; `timeout_s` is the longest wait for one answer."""

    url: str
    org: str
    bucket: str
    token: str = field(repr=False)
    timeout_s: float = 10.0
    ca_file: Path | None = None


class RefusedPointError(Exception):
    """The server does not want what it was given; the same again will not do. Says why."""


class InfluxFaultError(Exception):
    """The server cannot take anything now; says why, what to do (`advice`), and for how long it asks us to wait."""

    def __init__(self, reason: str, advice: str | None = None, wait_s: float | None = None) -> None:
        """`advice` only where somebody has to do something."""
        super().__init__(reason)
        self.advice = advice
        self.wait_s = wait_s


class InfluxServer:
    """One server and bucket; nothing is connected before it is used."""

    def __init__(self, settings: InfluxSettings) -> None:
        """Prepare; the client library is imported when it is needed."""
        self.settings = settings
        self._made: Any = None

    @property
    def _client(self) -> Any:  # noqa: ANN401 - the library is imported late
        if self._made is None:
            from influxdb_client.client.influxdb_client import InfluxDBClient
            from urllib3 import Retry

            ours = self.settings
            options: dict[str, Any] = {"timeout": round(ours.timeout_s * 1000), "retries": Retry(0, redirect=0)}
            if ours.ca_file is not None:
                options["ssl_ca_cert"] = str(ours.ca_file)
            self._made = InfluxDBClient(ours.url, ours.token, org=ours.org, enable_gzip=True, **options)
        return self._made

    def write(self, points: Sequence[Point]) -> None:
        """Write points and wait for the answer; the same ones again change nothing.

        RefusedPointError if at least one of them is not wanted; InfluxFaultError if nothing can be written now.
        """
        from influxdb_client.client.write_api import SYNCHRONOUS

        lines = [line(point) for point in points]
        with _faults():
            self._client.write_api(write_options=SYNCHRONOUS).write(self.settings.bucket, record=lines)

    def erase(self, machine_id: str, time_ms: int, number: int) -> None:
        """Delete the point of the reading of this number, if it is there; errors as of `write`."""
        at_ns = time_ns(time_ms, number)
        self._delete(at_ns, at_ns + 1, f'_measurement="{MEASUREMENT}" AND {MACHINE_TAG}={json.dumps(machine_id)}')

    def erase_all(self) -> None:
        """Delete every point that we ever wrote to the bucket; errors as of `write`."""
        self._delete(0, (datetime(2200, 1, 1, tzinfo=UTC) - _1970) // timedelta(seconds=1) * _NS_PER_S, _OF_US)

    def _delete(self, begins_ns: int, ends_ns: int, predicate: str) -> None:
        with _faults(deleting=True):
            self._client.delete_api().delete(_rfc3339(begins_ns), _rfc3339(ends_ns), predicate, self.settings.bucket)

    def totals(self, machine_id: str, begins_ms: int, ends_ms: int) -> Iterator[tuple[int, int]]:
        """A machine's total hours by time, `ends_ms` excluded: (ms since 1970, engine time in ms); InfluxFaultError."""
        query = (
            f"from(bucket: {json.dumps(self.settings.bucket, ensure_ascii=False)})"
            f" |> range(start: {_rfc3339(begins_ms * 1_000_000)}, stop: {_rfc3339(ends_ms * 1_000_000)})"
            f' |> filter(fn: (r) => r._measurement == "{MEASUREMENT}" and r._field == "{TOTAL_FIELD}"'
            f" and r.{MACHINE_TAG} == {json.dumps(machine_id)})"
            ' |> keep(columns: ["_time", "_value"]) |> group() |> sort(columns: ["_time"])'
        )
        with _faults():
            for record in self._client.query_api().query_stream(query):
                yield (record.get_time() - _1970) // timedelta(milliseconds=1), round(record.get_value() * MS_PER_HOUR)

    def try_out(self) -> None:
        """Ask the server to write nothing, and to read nothing: it checks token, organisation and bucket alone.

        InfluxFaultError if it does not answer, or does not let us.
        """
        from influxdb_client.client.write_api import SYNCHRONOUS

        with suppress(RefusedPointError), _faults():
            self._client.write_api(write_options=SYNCHRONOUS).write(self.settings.bucket, record=b"# nothing")
        list(self.totals("", 0, 1))

    def close(self) -> None:
        """Close the connections."""
        if self._made is not None:
            self._made.close()
            self._made = None


_OF_US = f'_measurement="{MEASUREMENT}"'


def _rfc3339(at_ns: int) -> str:
    """An instant with all nine digits of its second."""
    seconds, rest = divmod(at_ns, _NS_PER_S)
    return f"{_1970 + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


@contextmanager
def _faults(*, deleting: bool = False) -> Iterator[None]:
    """What the library raises, as one of our two errors; no header, and so no secret, gets into their words."""
    from influxdb_client.rest import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        raise _error_of(error, deleting=deleting) from None
    except (HTTPError, OSError) as error:
        raise InfluxFaultError(plain(f"does not answer: {error}", _MOST_SAID)) from None


def _error_of(error: Any, *, deleting: bool) -> Exception:  # noqa: ANN401 - the library is imported late
    status = int(error.status or 0)
    said = error.message.decode("utf-8", "replace") if isinstance(error.message, bytes) else str(error.message)
    reason = plain(f"{status}: {said}", _MOST_SAID)
    if status in _ABOUT_THE_DATA or (deleting and status in _NO_DELETION):
        return RefusedPointError(reason)
    return InfluxFaultError(reason, _ADVICE.get(status), _seconds(error.retry_after))


def _seconds(retry_after: str | None) -> float | None:
    """The header Retry-After in seconds; a date, which InfluxDB does not send, counts as none."""
    try:
        return None if retry_after is None else max(0.0, float(retry_after))
    except ValueError:
        return None
