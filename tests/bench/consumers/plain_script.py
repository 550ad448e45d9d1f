"""The script anybody would write: batches of 500 in one SQLite transaction, acknowledged afterwards.

No rules, no strict decoding, no dedup, no reconnect. A batch also ends when nothing more is there: else a broker
that holds its window of 20 would wait for ever. `python -m tests.bench.consumers.plain_script PORT CLIENT_ID
PROTOCOL RECEIVE_MAXIMUM MESSAGES DATABASE`; receive maximum 0: none.
"""

from __future__ import annotations

import json
import sqlite3
import sys

from paho.mqtt import client as paho

from tests.bench.consumers.stopwatch import Stopwatch
from tests.bench.sessions import client_of, session_of

_BATCH = 500


class Script:
    """Collects rows, and stores them with one commit."""

    def __init__(self, client: paho.Client, database: sqlite3.Connection) -> None:
        self._client, self._database = client, database
        self._rows: list[tuple[str, float, str]] = []
        self._mids: list[int] = []
        self.stored = 0
        client.on_message = self._on_message

    def run(self, messages: int) -> None:
        """Until so many are stored."""
        while self.stored < messages:
            waiting = len(self._rows)
            self._client.loop(0 if waiting else 1)
            if waiting and (waiting == len(self._rows) or waiting >= _BATCH):
                self._store()

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        reading = json.loads(message.payload)
        self._rows.append((message.topic.split("/")[1], reading["hours"], reading["at"]))
        self._mids.append(message.mid)

    def _store(self) -> None:
        with self._database:
            self._database.executemany("INSERT INTO readings (machine_id, hours, at) VALUES (?, ?, ?)", self._rows)
        for mid in self._mids:
            self._client.ack(mid, 1)
        self.stored += len(self._rows)
        self._rows.clear()
        self._mids.clear()


def main(port: int, client_id: str, protocol: str, receive_maximum: int, messages: int, file: str) -> None:
    """Drain the backlog."""
    client, watch, database = client_of(client_id, protocol), Stopwatch(), _open(file)
    client.on_connect = lambda *_: watch.begin()
    script = Script(client, database)
    client.connect("127.0.0.1", port, **session_of(protocol, receive_maximum))
    script.run(messages)
    watch.end(script.stored, database.execute("SELECT count(*) FROM readings").fetchone()[0])
    client.disconnect()


def _open(file: str) -> sqlite3.Connection:
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE readings (id INTEGER PRIMARY KEY, machine_id TEXT, hours REAL, at TEXT)")
    return database


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), sys.argv[6])
