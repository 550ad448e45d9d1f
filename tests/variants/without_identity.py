"""Wrong on purpose: the table has no unique key, and nobody asks whether a reading is stored already."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from adapters.mqtt.decode import Report
from daemon.intake import Intake
from daemon.judging import Bench
from daemon.run import Parts
from schedules.reading import Reading
from tests.variants.launching import launch

_KEY = "uq_readings_identity"


class _ForgetfulBench(Bench):
    def _is_stored(self, state: object, reading: Reading, device_ms: int) -> bool:
        return False


class _Forgetful(Intake):
    def _commit(self, reports: Sequence[Report]) -> None:
        with self._keeper.store.write() as connection:
            bench = _ForgetfulBench(connection, self._keeper, self._clock(), reports)
            for report in reports:
                bench.take(report)
            bench.finish()


def _drop_the_key(parts: Parts) -> None:
    """SQLite cannot drop a constraint: the empty table is made again without it."""
    with parts.keeper.store.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"ALTER TABLE readings DROP CONSTRAINT IF EXISTS {_KEY}"))
            return
        written = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'readings'")).scalar_one()
        if _KEY not in written:
            return
        lines = [line.strip().rstrip(",") for line in written.splitlines()]
        head, *body = [line for line in lines if line and _KEY not in line]
        assert connection.execute(text("SELECT count(*) FROM readings")).scalar_one() == 0
        connection.execute(text("DROP TABLE readings"))
        connection.exec_driver_sql(f"{head} {', '.join(body[:-1])} )")


def main() -> None:
    """The daemon, started wrong."""
    launch(intake=_Forgetful, prepare=_drop_the_key)


if __name__ == "__main__":
    main()
