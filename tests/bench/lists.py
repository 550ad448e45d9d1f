"""Every list, filter and page of a national fleet over HTTP, beside the bare SQL that it asks, on both databases."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import psycopg
from sqlalchemy import event, make_url

from adapters.files.rules import read_rules
from adapters.store import people
from adapters.store.engine import Store
from adapters.store.people import Place
from adapters.store.rulebooks import adopt
from daemon.config import WebConfig
from daemon.keeper import Keeper, Telling
from daemon.web import server as web_server
from tests.bench.bench import Bench
from tests.bench.national import National, make_national, moved
from tests.bench.report import Report
from tests.support.lists import Asked, Statements, addresses
from tests.support.postgres import postgres

_ROUNDS = 21
_WANTED_MS, _WANTED_RATIO = 100, 3
_P95 = 0.95
_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Found:
    """p95 of an address and of its bare SQL, in ms; kB of the answer."""

    asked: Asked
    http_ms: float
    sql_ms: float
    first_ms: float
    kilobytes: float

    @property
    def ratio(self) -> float:
        return self.http_ms / self.sql_ms


def measure(bench: Bench, report: Report) -> None:
    """The largest fleet."""
    national = make_national(bench.folder / "national", bench.sizes[-1], bench.now_ms)
    _on(national, "SQLite", bench.now_ms, report)
    with postgres() as server:
        _on(moved(national, server.new_database()), "PostgreSQL", bench.now_ms, report)


def _on(national: National, database: str, now_ms: int, report: Report) -> None:
    found = [*measured(national, now_ms)]
    rows = [
        (f"{each.asked.who}: {each.asked.path}", each.http_ms, each.sql_ms, each.ratio, each.first_ms, each.kilobytes)
        for each in found
    ]
    title = f"{database}: {national.machines:,} machines, {national.open_orders:,} open orders, {_ROUNDS} rounds"
    report.table(title, ("", "p95 ms", "bare SQL ms", "ratio", "first ms", "kB"), rows)
    slow = [each for each in found if each.http_ms > _WANTED_MS]
    worst = max(found, key=lambda each: each.http_ms)
    above = [each for each in found if each.ratio > _WANTED_RATIO and each.http_ms > each.sql_ms + _WANTED_MS / 5]
    what = f"{len(found)} lists and pages, {national.machines:,} machines, {database}"
    report.note(f"{what}: the slowest p95", f"{worst.http_ms:.0f} ms ({worst.asked.path})", f"≤ {_WANTED_MS} ms")
    report.note(f"… over {_WANTED_MS} ms", f"{len(slow)}", "0")
    report.note(f"… over {_WANTED_RATIO} times their SQL, by more than 20 ms", f"{len(above)}", "0")


def measured(national: National, now_ms: int, only: str = "") -> Iterator[Found]:
    """Each address, asked of a server of its own, and what it asks the database."""
    with served(national, now_ms) as (ask, statements, store):
        for asked in addresses(national.centre, national.region, national.yard, "M0000123"):
            if asked.path.startswith(only):
                yield _measured(asked, ask, statements, store)


def _measured(asked: Asked, ask: Callable[[Asked], httpx2.Response], statements: Statements, store: Store) -> Found:
    statements.asked.clear()
    first_ms, answer = _timed(lambda: ask(asked))
    texts = list(statements.asked)
    answer.raise_for_status()
    http = [_timed(lambda: ask(asked))[0] for _ in range(_ROUNDS)]
    with _bare(store) as run:
        sql = [_timed(lambda: run(texts))[0] for _ in range(_ROUNDS)]
    return Found(asked, _p95(http), _p95(sql), first_ms, len(answer.content) / 1000)


def _timed(do: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = do()
    return (time.perf_counter() - began) * 1000, answer


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * _P95)]


@contextmanager
def _bare(store: Store) -> Iterator[Callable[[list[tuple[str, Any]]], None]]:
    """Runs statements by the driver alone."""
    if store.url.get_backend_name() == "sqlite":
        connection: Any = sqlite3.connect(str(store.url.database))
    else:
        connection = psycopg.connect(str(make_url(store.url).set(drivername="postgresql").render_as_string(False)))

    def run(texts: list[tuple[str, Any]]) -> None:
        for text, parameters in texts:
            connection.execute(text, parameters).fetchall()
        connection.rollback()

    try:
        yield run
    finally:
        connection.close()


@contextmanager
def served(national: National, now_ms: int) -> Iterator[tuple[Callable[[Asked], httpx2.Response], Statements, Store]]:
    """The real server on a port of its own, asked with everybody's token."""
    with ExitStack() as stack:
        store = Store(national.url)
        stack.callback(store.close)
        with store.write() as connection:
            keeper = Keeper(store, adopt(connection, read_rules(), 0), Telling(channel="log"))
        places = {
            "manager": Place("manager"),
            "centre": Place("service_centre", service_centre=national.centre),
            "yard": Place("yard", yard=national.yard),
        }
        tokens = _tokens(store, places, now_ms)
        statements = Statements()
        event.listen(store.engine, "before_cursor_execute", statements.hear)
        with web_server.listening("127.0.0.1", 0) as probe:
            port = probe.getsockname()[1]
        stop = threading.Event()
        config = WebConfig(listen=f"127.0.0.1:{port}")
        thread = threading.Thread(target=web_server.serve_until, args=(keeper, lambda: now_ms, config, stop))
        thread.start()
        stack.callback(thread.join)
        stack.callback(stop.set)
        client = stack.enter_context(httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=_TIMEOUT_S))
        _until_it_answers(client)
        headers = {who: {"Authorization": f"Bearer {token}"} for who, token in tokens.items()}
        yield (lambda asked: client.get(asked.path, headers=headers[asked.who])), statements, store


def _tokens(store: Store, places: dict[str, Place], now_ms: int) -> dict[str, str]:
    with store.write() as connection:
        return {
            who: people.add_token(
                connection, {"name": who, "created_by": "bench", "created_ms": now_ms, **place.columns()}
            )[1]
            for who, place in places.items()
        }


def _until_it_answers(client: httpx2.Client) -> None:
    for _ in range(200):
        try:
            client.get("/healthz")
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return
    message = "the server does not answer"
    raise RuntimeError(message)
