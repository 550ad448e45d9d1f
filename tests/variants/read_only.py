"""A store that cannot be written while a file `read-only` lies beside it: a disk is mounted so after errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event

from daemon.run import Parts
from tests.variants.launching import launch


def _let_it_be_read_only(parts: Parts) -> None:
    engine = parts.keeper.store.engine
    mark = Path(str(parts.keeper.store.url.database)).with_name("read-only")

    @event.listens_for(engine, "begin")
    def obey(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA query_only = {int(mark.exists())}")

    @event.listens_for(engine, "checkin")
    def forget(driver: Any, _entry: object) -> None:  # noqa: ANN401 - the driver's own class
        driver.execute("PRAGMA query_only = 0")


def main() -> None:
    """The daemon with the fault."""
    launch(prepare=_let_it_be_read_only)


if __name__ == "__main__":
    main()
