"""A disk that is full while a file `full` lies beside the store: SQLite itself then refuses every new page."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, event

from daemon.run import Parts
from tests.variants.launching import launch

_PLENTY = 1 << 30


def _let_it_fill(parts: Parts) -> None:
    engine = parts.keeper.store.engine
    full = Path(str(parts.keeper.store.url.database)).with_name("full")

    @event.listens_for(engine, "begin")
    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {1 if full.exists() else _PLENTY}")


def main() -> None:
    """The daemon with the fault."""
    launch(prepare=_let_it_fill)


if __name__ == "__main__":
    main()
