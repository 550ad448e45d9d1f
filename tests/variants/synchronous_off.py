"""A store that does not wait for the disk: what it has committed may be lost with the power."""

from __future__ import annotations

from sqlalchemy import Connection, event

from daemon.run import Parts
from tests.variants.launching import launch


def _let_it_not_wait(parts: Parts) -> None:
    @event.listens_for(parts.keeper.store.engine, "engine_connect")
    def not_wait(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA synchronous = OFF")


def main() -> None:
    """The daemon with the fault."""
    launch(prepare=_let_it_not_wait)


if __name__ == "__main__":
    main()
