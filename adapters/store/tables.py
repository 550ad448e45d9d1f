"""The tables. Constraints make nonsense impossible; instants are whole ms since 1970 (UTC), engine time whole ms."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TextClause,
    UniqueConstraint,
    false,
    text,
)

from schedules.finding import Cure, FindingKind
from schedules.machine import Category, Status, Warranty
from schedules.reading import Source, Verdict
from schedules.work_order import Cause, Closing, Kind, State

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)
MACHINE_ID = String(64)
SERIAL = BigInteger().with_variant(Integer, "sqlite")


def _one_of(column: str, names: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{name.value}'" for name in names)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def _mostly(column: str, first: StrEnum, names: type[StrEnum]) -> CheckConstraint:
    """As `_one_of`, for a row that is written a million times: the usual name is compared before the others."""
    listed = ", ".join(f"'{name.value}'" for name in names if name is not first)
    return CheckConstraint(f"{column} = '{first.value}' OR {column} IN ({listed})", name=f"{column}_known")


def _not_negative(column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} >= 0", name=f"{column}_not_negative")


def _named_by(column: str, status: Status) -> Index:
    """What machines of a status name, in order, found without a look at the others."""
    where = status_is(status)
    return Index(f"ix_machines_{status.value}_{column}", column, sqlite_where=where, postgresql_where=where)


def status_is(status: Status) -> TextClause:
    """Machines of this status, in the very words by which their indexes are found."""
    return text(f"status = '{status.value}'")


def _of_few(name: str, *columns: str, where: TextClause) -> Index:
    """An index of a small part of a large table."""
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


IS_OPEN = text("closed_on IS NULL")
"""Orders that are open, in the very words by which their indexes are found."""
NOT_DONE = text("state <> 'done'")
"""All but the many orders that were done, likewise."""
NOT_VISITS = text("kind <> 'mandatory_visit'")
"""All but the many visits of the plan, likewise."""
OTHER_TIME = text("(clock OR device_ms IS NULL)")
"""Readings that count at another time than the device's: its clock was wrong, or it sent none."""

plans = Table(
    "plans",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("serial", Integer, nullable=False, unique=True),
    Column("content", JSON, nullable=False),
    Column("adopted_ms", BigInteger, nullable=False),
)

visit_items = Table(
    "visit_items",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("content", JSON, nullable=False),
)

rulebooks = Table(
    "rulebooks",
    metadata,
    Column("serial", Integer, primary_key=True, autoincrement=False),
    Column("plan_version", ForeignKey("plans.version"), nullable=False),
    # NULL: adopted before winter windows were kept with it
    Column("winter", JSON(none_as_null=True)),
    Column("adopted_ms", BigInteger, nullable=False),
    # NULL: adopted before work items were kept with it
    Column("items_digest", ForeignKey("visit_items.digest")),
)

winter_overrides = Table(
    "winter_overrides",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("region", String(32), nullable=False),
    Column("season", String(16), nullable=False),
    # all three NULL: the override before it was withdrawn
    Column("opens_on", Date),
    Column("due_on", Date),
    Column("ends_on", Date),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Index("ix_winter_overrides_region_season", "region", "season"),
)

service_centres = Table(
    "service_centres",
    metadata,
    Column("service_centre", String(64), primary_key=True),
    Column("name", Text),
    Column("locale", String(16)),
    Column("email", Text),
    Column("phone", Text),
    Column("region", String(32)),
)

yards = Table(
    "yards",
    metadata,
    Column("yard", String(64), primary_key=True),
    Column("name", Text),
    Column("locale", String(16)),
    Column("email", Text),
    Column("phone", Text),
    Column("region", String(32)),
)

machines = Table(
    "machines",
    metadata,
    Column("machine_id", MACHINE_ID, primary_key=True),
    Column("category", String(16), nullable=False),
    Column("model", Text),
    Column("status", String(16), nullable=False),
    Column("region", String(32)),
    Column("yard", String(64)),
    Column("stocked_on", Date),
    Column("inspected", Boolean),
    Column("arrived_on", Date),
    Column("handed_over_on", Date),
    Column("warranty", String(16)),
    Column("customer", Text),
    Column("customer_email", Text),
    Column("customer_phone", Text),
    Column("customer_locale", String(16)),
    Column("service_centre", String(64)),
    Column("retired_on", Date),
    Column("retire_reason", Text),
    Column("last_step_done", String(32)),
    Column("last_step_done_on", Date),
    Column("registered_ms", BigInteger, nullable=False),
    Column("own_cycle_from_ms", BigInteger),
    Column("asked_version", ForeignKey("plans.version")),
    Column("asked_rulebook", ForeignKey("rulebooks.serial")),
    Column("exempt_steps", JSON, nullable=False),
    _one_of("category", Category),
    _one_of("status", Status),
    CheckConstraint("warranty IS NULL OR warranty IN ('half_year', 'one_year')", name="warranty_known"),
    CheckConstraint(
        "status <> 'in_service' OR (handed_over_on IS NOT NULL AND warranty IS NOT NULL)",
        name="in_service_has_date",
    ),
    CheckConstraint("status <> 'stock' OR stocked_on IS NOT NULL", name="stock_has_date"),
    CheckConstraint("status <> 'retired' OR retired_on IS NOT NULL", name="retired_has_date"),
    # Lists of machines, each in the order of their numbers.
    *(Index(f"ix_machines_{column}", column, "machine_id") for column in ("service_centre", "region", "yard")),
    Index("ix_machines_category", "category", "machine_id"),
    _named_by("machine_id", Status.STOCK),
    _named_by("machine_id", Status.RETIRED),
    _named_by("service_centre", Status.IN_SERVICE),
    _named_by("yard", Status.STOCK),
    _named_by("region", Status.STOCK),
    Index("ix_machines_asked_rulebook", "asked_rulebook"),
)
assert {warranty.value for warranty in Warranty} == {"half_year", "one_year"}  # noqa: S101 - the constraint above says the same

meters = Table(
    "meters",
    metadata,
    Column("machine_id", ForeignKey("machines.machine_id"), primary_key=True),
    Column("offset_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger),
    Column("total_ms", BigInteger),
    Column("time_ms", BigInteger),
    Column("dated_ms", BigInteger),
    Column("newest_device_ms", BigInteger),
    Column("heard_ms", BigInteger),
    Column("wakes_at_ms", BigInteger),
    Column("wakes_on", Date),
    # the day since which a sign of life is waited for; NULL: not in service, or found silent already
    Column("waits_since", Date),
    Column("unheard", Boolean, nullable=False, server_default=false()),
    Column("refused_row", JSON(none_as_null=True)),
    Column("undecided", Boolean, nullable=False, server_default=false()),
    _not_negative("total_ms"),
    CheckConstraint("(total_ms IS NULL) = (time_ms IS NULL)", name="total_has_time"),
    Index("ix_meters_wakes_on", "wakes_on"),
    Index("ix_meters_waits_since_machine_id", "waits_since", "machine_id"),
)

meter_changes = Table(
    "meter_changes",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("machine_id", ForeignKey("machines.machine_id"), nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("old_end_ms", BigInteger, nullable=False),
    Column("new_start_ms", BigInteger, nullable=False),
    Column("offset_ms", BigInteger, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    _not_negative("old_end_ms"),
    _not_negative("new_start_ms"),
    UniqueConstraint("machine_id", "changed_ms"),
)

readings = Table(
    "readings",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("machine_id", MACHINE_ID),
    Column("dial_ms", BigInteger),
    Column("device_ms", BigInteger),
    Column("arrived_ms", BigInteger, nullable=False),
    Column("time_ms", BigInteger, nullable=False),
    Column("total_ms", BigInteger),
    Column("verdict", String(16), nullable=False),
    Column("source", String(16), nullable=False),
    Column("clock", Boolean, nullable=False),
    Column("reason", Text),
    Column("repeats", Integer, nullable=False),
    Column("retained", Boolean, nullable=False, server_default=false()),
    _not_negative("dial_ms"),
    _mostly("verdict", Verdict.ACCEPTED, Verdict),
    _mostly("source", Source.TELEMATICS, Source),
    UniqueConstraint("machine_id", "device_ms", "dial_ms", name="uq_readings_identity"),
    # Most readings count at their device time, and are found by it; the others have an index of their own.
    Index("ix_readings_other_time", "machine_id", "time_ms", sqlite_where=OTHER_TIME, postgresql_where=OTHER_TIME),
    Index(
        "ix_readings_refused",
        "id",
        sqlite_where=Column("reason").isnot(None),
        postgresql_where=Column("reason").isnot(None),
    ),
)

raw_deliveries = Table(
    "raw_deliveries",
    metadata,
    Column("reading_id", ForeignKey("readings.id"), primary_key=True),
    Column("topic", LargeBinary, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Index("ix_raw_deliveries_digest", "digest"),
)

reading_tally = Table(
    "reading_tally",
    metadata,
    Column("verdict", String(16), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

reading_decisions = Table(
    "reading_decisions",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("reading_id", ForeignKey("readings.id"), nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("from_verdict", String(16), nullable=False),
    Column("to_verdict", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("by", Text),
    Index("ix_reading_decisions_reading_id", "reading_id"),
)

work_orders = Table(
    "work_orders",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("machine_id", ForeignKey("machines.machine_id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("step", String(40), nullable=False),
    Column("state", String(16), nullable=False),
    Column("cause", String(16)),
    Column("opens_on", Date, nullable=False),
    Column("due_on", Date),
    Column("overdue_on", Date),
    Column("closed_on", Date),
    Column("closing", String(16)),
    Column("superseded_by", String(40)),
    Column("threshold_ms", BigInteger),
    Column("plan_version", ForeignKey("plans.version"), nullable=False),
    Column("before_registration", Boolean, nullable=False),
    Column("acknowledged_ms", BigInteger),
    Column("acknowledged_by", Text),
    Column("contacted_ms", BigInteger),
    Column("contacted_by", Text),
    Column("scheduled_for", Date),
    Column("copy_1_sent_on", Date),
    Column("remind_on", Date),
    _one_of("kind", Kind),
    _one_of("state", State),
    CheckConstraint(f"cause IS NULL OR cause IN ('{Cause.HOURS}', '{Cause.CALENDAR}')", name="cause_known"),
    CheckConstraint(
        "closing IS NULL OR closing IN (" + ", ".join(f"'{closing.value}'" for closing in Closing) + ")",
        name="closing_known",
    ),
    CheckConstraint("(state IN ('upcoming', 'due', 'overdue')) = (closed_on IS NULL)", name="closed_has_date"),
    CheckConstraint("(state = 'superseded') = (superseded_by IS NOT NULL)", name="superseded_by_whom"),
    CheckConstraint("due_on IS NULL OR due_on >= opens_on", name="due_after_opening"),
    CheckConstraint("due_on IS NULL OR overdue_on IS NULL OR overdue_on >= due_on", name="overdue_after_due"),
    _not_negative("threshold_ms"),
    UniqueConstraint("machine_id", "kind", "step", name="uq_work_orders_identity"),
    # Lists of orders: by a date, and of the few that are open, did not end well, or are not visits of the plan.
    Index("ix_work_orders_due_on", "due_on", "id"),
    Index("ix_work_orders_overdue_on", "overdue_on", "id"),
    _of_few("ix_work_orders_not_done_by_machine", "state", "machine_id", "kind", "id", where=NOT_DONE),
    _of_few("ix_work_orders_not_done_by_due", "state", "due_on", "id", where=NOT_DONE),
    _of_few("ix_work_orders_not_done_by_overdue", "state", "overdue_on", "id", where=NOT_DONE),
    _of_few("ix_work_orders_not_visits", "kind", "machine_id", "id", where=NOT_VISITS),
    # These hold all that the first page counts, and by which lists of what is open are sifted.
    _of_few("ix_work_orders_open_by_due", "due_on", "id", "kind", "state", "machine_id", where=IS_OPEN),
    _of_few("ix_work_orders_open_by_machine", "machine_id", "kind", "id", "due_on", "state", where=IS_OPEN),
    Index("ix_work_orders_remind_on_id", "remind_on", "id"),
)

work_order_events = Table(
    "work_order_events",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("machine_id", ForeignKey("machines.machine_id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("step", String(40), nullable=False),
    Column("on", Date, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("from_state", String(16)),
    Column("to_state", String(16)),
    Column("why", String(24), nullable=False),
    Column("by", Text),
    Column("note", Text),
    Column("total_ms", BigInteger),
    Index("ix_work_order_events_machine_id", "machine_id", "kind", "step"),
)

machine_events = Table(
    "machine_events",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("machine_id", ForeignKey("machines.machine_id"), nullable=False),
    Column("on", Date, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("what", String(24), nullable=False),
    Column("details", JSON, nullable=False),
    Column("by", Text),
    Column("why", Text),
    Index("ix_machine_events_machine_id", "machine_id"),
)

forms = Table(
    "forms",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("machine_id", ForeignKey("machines.machine_id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("step", String(40), nullable=False),
    Column("draft", Boolean, nullable=False),
    Column("content", JSON, nullable=False),
    Column("missing", JSON, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    UniqueConstraint("machine_id", "kind", "step", "draft"),
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("machine_id", ForeignKey("machines.machine_id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("step", String(40), nullable=False),
    Column("what", String(16), nullable=False),
    Column("media_type", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("by", Text, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    UniqueConstraint("machine_id", "kind", "step", "digest"),
    CheckConstraint("what IN ('photo', 'signature')", name="what_known"),
)

visit_series = Table(
    "visit_series",
    metadata,
    Column("service_centre", String(64), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

visit_numbers = Table(
    "visit_numbers",
    metadata,
    Column("service_centre", String(64), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("machine_id", ForeignKey("machines.machine_id"), nullable=False),
    Column("step", String(40), nullable=False),
    Column("drawn_ms", BigInteger, nullable=False),
    CheckConstraint("number > 0", name="number_counts"),
    UniqueConstraint("machine_id", "step"),
)

service_records = Table(
    "service_records",
    metadata,
    Column("service_centre", String(64), primary_key=True),
    Column("record_no", Text, primary_key=True),
    Column("machine_id", ForeignKey("machines.machine_id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("step", String(40), nullable=False),
    UniqueConstraint("machine_id", "kind", "step"),
)

letters = Table(
    "letters",
    metadata,
    Column("letter_id", String(36), primary_key=True),
    Column("occasion", String(24), nullable=False),
    Column("role", String(16), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claim", String(36)),
    Column("address", Text),
    Column("locale", String(16)),
    Column("subject", Text),
    Column("sent_ms", BigInteger),
    Column("error", Text),
    # A copy goes by another channel; what it tells hangs on its original.
    Column("original_id", String(36)),
    Column("claimed_ms", BigInteger),
    Column("answer", Text),
    CheckConstraint("state IN ('waiting', 'sent', 'dead', 'dropped')", name="state_known"),
    Index("ix_letters_state_channel_next_ms", "state", "channel", "next_ms"),
    Index("ix_letters_channel_claimed_ms", "channel", "claimed_ms"),
    Index(
        "uq_letters_copy",
        "original_id",
        "channel",
        unique=True,
        sqlite_where=Column("original_id").isnot(None),
        postgresql_where=Column("original_id").isnot(None),
    ),
)

notices = Table(
    "notices",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("occasion", String(24), nullable=False),
    Column("role", String(16), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("machine_id", ForeignKey("machines.machine_id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("step", String(40), nullable=False),
    Column("round", String(10), nullable=False),
    Column("on", Date, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("not_before_ms", BigInteger, nullable=False),
    Column("letter_id", ForeignKey("letters.letter_id")),
    Column("dropped", Text),
    UniqueConstraint(
        "machine_id", "kind", "step", "occasion", "role", "recipient", "round", name="uq_notices_identity"
    ),
    Index(
        "ix_notices_letter_id",
        "letter_id",
        "id",
        "dropped",
        sqlite_where=Column("letter_id").isnot(None),
        postgresql_where=Column("letter_id").isnot(None),
    ),
    Index(
        "ix_notices_dropped",
        "id",
        sqlite_where=Column("dropped").isnot(None),
        postgresql_where=Column("dropped").isnot(None),
    ),
    Index(
        "ix_notices_waiting_recipient",
        "recipient",
        "role",
        sqlite_where=Column("letter_id").is_(None) & Column("dropped").is_(None),
        postgresql_where=Column("letter_id").is_(None) & Column("dropped").is_(None),
    ),
    Index(
        "ix_notices_waiting",
        "not_before_ms",
        sqlite_where=Column("letter_id").is_(None) & Column("dropped").is_(None),
        postgresql_where=Column("letter_id").is_(None) & Column("dropped").is_(None),
    ),
)

findings = Table(
    "findings",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("machine_id", ForeignKey("machines.machine_id")),
    Column("opened_on", Date, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("details", JSON, nullable=False),
    Column("closed_on", Date),
    Column("closed_ms", BigInteger),
    Column("cure", String(16)),
    _one_of("kind", FindingKind),
    CheckConstraint(
        "cure IS NULL OR cure IN (" + ", ".join(f"'{cure.value}'" for cure in Cure) + ")", name="cure_known"
    ),
    CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", name="closed_after_opening"),
    CheckConstraint(
        "(closed_on IS NULL) = (cure IS NULL) AND (closed_on IS NULL) = (closed_ms IS NULL)", name="closed_has_cure"
    ),
    Index(
        "uq_findings_open",
        "kind",
        "subject",
        unique=True,
        sqlite_where=Column("closed_on").is_(None),
        postgresql_where=Column("closed_on").is_(None),
    ),
    Index("ix_findings_machine_id", "machine_id"),
    Index("ix_findings_subject", "subject"),
    Index("ix_findings_opened_on", "opened_on", "id"),
    _of_few("ix_findings_open_by_day", "opened_on", "id", where=IS_OPEN),
    _of_few("ix_findings_open_by_kind", "kind", "opened_on", "id", where=IS_OPEN),
)

duties = Table(
    "duties",
    metadata,
    Column("duty", String(32), primary_key=True),
    Column("period", String(32), primary_key=True),
    Column("started_ms", BigInteger, nullable=False),
    Column("finished_ms", BigInteger),
    # of the attempt that finished it
    Column("took_ms", BigInteger),
    # the later period with which a missed one was done
    Column("done_with", String(32)),
    Column("details", JSON(none_as_null=True)),
    # NULL: it has not failed since it was done last
    Column("failed_ms", BigInteger),
    Column("error", Text),
)
