"""The tables of what we do with servers outside: errands, each done by one process at a time, and the copy's queue."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index, Integer, String, Table, Text

from adapters.store.tables import MACHINE_ID, SERIAL, metadata

errands = Table(
    "errands",
    metadata,
    Column("name", String(80), primary_key=True),
    # who does it, and until when it is theirs alone
    Column("holder", String(36)),
    Column("until_ms", BigInteger, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    # where to go on
    Column("place", JSON(none_as_null=True)),
    Column("done_ms", BigInteger),
    # NULL: it has not failed since it was done last
    Column("failed_ms", BigInteger),
    Column("error", Text),
)

influx_pending = Table(
    "influx_pending",
    metadata,
    Column("id", SERIAL, primary_key=True),
    # no reference: retention may delete the reading before its point is written
    Column("reading_id", BigInteger, nullable=False),
    # both set: the point that the reading had there is to be erased; else its point is to be written as it stands
    Column("of_machine", MACHINE_ID),
    Column("time_ms", BigInteger),
    # why the server does not want it; such rows are parked
    Column("parked", Text),
    CheckConstraint("(of_machine IS NULL) = (time_ms IS NULL)", name="erased_whole"),
    Index(
        "ix_influx_pending_parked",
        "id",
        sqlite_where=Column("parked").isnot(None),
        postgresql_where=Column("parked").isnot(None),
    ),
)

replicas = Table(
    "replicas",
    metadata,
    Column("slot", String(64), primary_key=True),
    # when it last had its session at the broker
    Column("seen_ms", BigInteger, nullable=False),
)
