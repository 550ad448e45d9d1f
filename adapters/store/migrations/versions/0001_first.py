"""The first tables."""
# ruff: noqa: E501 - the list of names of a CHECK stands in one piece

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "duties",
        sa.Column("duty", sa.String(length=32), nullable=False),
        sa.Column("period", sa.String(length=32), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("finished_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("duty", "period", name=op.f("pk_duties")),
    )
    op.create_table(
        "letters",
        sa.Column("letter_id", sa.String(length=36), nullable=False),
        sa.Column("occasion", sa.String(length=24), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claim", sa.String(length=36), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("locale", sa.String(length=16), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("sent_ms", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'dead', 'dropped')", name=op.f("ck_letters_state_known")),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_letters")),
    )
    op.create_index("ix_letters_state_next_ms", "letters", ["state", "next_ms"], unique=False)
    op.create_table(
        "plans",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("adopted_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_plans")),
        sa.UniqueConstraint("serial", name=op.f("uq_plans_serial")),
    )
    op.create_table(
        "reading_tally",
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("verdict", name=op.f("pk_reading_tally")),
    )
    op.create_table(
        "readings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=True),
        sa.Column("dial_ms", sa.BigInteger(), nullable=True),
        sa.Column("device_ms", sa.BigInteger(), nullable=True),
        sa.Column("arrived_ms", sa.BigInteger(), nullable=False),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.Column("total_ms", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("clock", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "source = 'telematics' OR source IN ('imported', 'manual')", name=op.f("ck_readings_source_known")
        ),
        sa.CheckConstraint(
            "verdict = 'accepted' OR verdict IN ('noise', 'late', 'duplicate', 'malformed', 'not_available', 'out_of_range', 'unknown_machine', 'rollback', 'jump', 'inconsistent', 'voided')",
            name=op.f("ck_readings_verdict_known"),
        ),
        sa.CheckConstraint("dial_ms >= 0", name=op.f("ck_readings_dial_ms_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
        sa.UniqueConstraint("machine_id", "device_ms", "dial_ms", name="uq_readings_identity"),
    )
    op.create_index(
        "ix_readings_other_time",
        "readings",
        ["machine_id", "time_ms"],
        unique=False,
        sqlite_where=sa.text("(clock OR device_ms IS NULL)"),
        postgresql_where=sa.text("(clock OR device_ms IS NULL)"),
    )
    op.create_index(
        "ix_readings_refused",
        "readings",
        ["id"],
        unique=False,
        sqlite_where=sa.text("reason IS NOT NULL"),
        postgresql_where=sa.text("reason IS NOT NULL"),
    )
    op.create_table(
        "service_centres",
        sa.Column("service_centre", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("locale", sa.String(length=16), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("region", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("service_centre", name=op.f("pk_service_centres")),
    )
    op.create_table(
        "yards",
        sa.Column("yard", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("locale", sa.String(length=16), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("region", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("yard", name=op.f("pk_yards")),
    )
    op.create_table(
        "machines",
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=True),
        sa.Column("yard", sa.String(length=64), nullable=True),
        sa.Column("stocked_on", sa.Date(), nullable=True),
        sa.Column("inspected", sa.Boolean(), nullable=True),
        sa.Column("arrived_on", sa.Date(), nullable=True),
        sa.Column("handed_over_on", sa.Date(), nullable=True),
        sa.Column("warranty", sa.String(length=16), nullable=True),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column("customer_email", sa.Text(), nullable=True),
        sa.Column("customer_phone", sa.Text(), nullable=True),
        sa.Column("customer_locale", sa.String(length=16), nullable=True),
        sa.Column("service_centre", sa.String(length=64), nullable=True),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.Column("retire_reason", sa.Text(), nullable=True),
        sa.Column("last_step_done", sa.String(length=32), nullable=True),
        sa.Column("last_step_done_on", sa.Date(), nullable=True),
        sa.Column("registered_ms", sa.BigInteger(), nullable=False),
        sa.Column("own_cycle_from_ms", sa.BigInteger(), nullable=True),
        sa.Column("asked_version", sa.String(length=64), nullable=True),
        sa.Column("exempt_steps", sa.JSON(), nullable=False),
        sa.CheckConstraint("category IN ('loader', 'roller')", name=op.f("ck_machines_category_known")),
        sa.CheckConstraint(
            "status <> 'in_service' OR (handed_over_on IS NOT NULL AND warranty IS NOT NULL)",
            name=op.f("ck_machines_in_service_has_date"),
        ),
        sa.CheckConstraint("status <> 'retired' OR retired_on IS NOT NULL", name=op.f("ck_machines_retired_has_date")),
        sa.CheckConstraint("status <> 'stock' OR stocked_on IS NOT NULL", name=op.f("ck_machines_stock_has_date")),
        sa.CheckConstraint("status IN ('stock', 'in_service', 'retired')", name=op.f("ck_machines_status_known")),
        sa.CheckConstraint(
            "warranty IS NULL OR warranty IN ('half_year', 'one_year')", name=op.f("ck_machines_warranty_known")
        ),
        sa.ForeignKeyConstraint(["asked_version"], ["plans.version"], name=op.f("fk_machines_asked_version_plans")),
        sa.PrimaryKeyConstraint("machine_id", name=op.f("pk_machines")),
    )
    op.create_index("ix_machines_asked_version", "machines", ["asked_version"], unique=False)
    op.create_index("ix_machines_service_centre", "machines", ["service_centre"], unique=False)
    op.create_table(
        "raw_deliveries",
        sa.Column("reading_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("topic", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["reading_id"], ["readings.id"], name=op.f("fk_raw_deliveries_reading_id_readings")),
        sa.PrimaryKeyConstraint("reading_id", name=op.f("pk_raw_deliveries")),
    )
    op.create_index("ix_raw_deliveries_digest", "raw_deliveries", ["digest"], unique=False)
    op.create_table(
        "reading_decisions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reading_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recorded_ms", sa.BigInteger(), nullable=False),
        sa.Column("from_verdict", sa.String(length=16), nullable=False),
        sa.Column("to_verdict", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["reading_id"], ["readings.id"], name=op.f("fk_reading_decisions_reading_id_readings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_decisions")),
    )
    op.create_index("ix_reading_decisions_reading_id", "reading_decisions", ["reading_id"], unique=False)
    op.create_table(
        "forms",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("draft", sa.Boolean(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("recorded_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.machine_id"], name=op.f("fk_forms_machine_id_machines")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forms")),
        sa.UniqueConstraint("machine_id", "kind", "step", "draft", name=op.f("uq_forms_machine_id_kind_step_draft")),
    )
    op.create_table(
        "machine_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("recorded_ms", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.machine_id"], name=op.f("fk_machine_events_machine_id_machines")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_machine_events")),
    )
    op.create_index("ix_machine_events_machine_id", "machine_events", ["machine_id"], unique=False)
    op.create_table(
        "meter_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("old_end_ms", sa.BigInteger(), nullable=False),
        sa.Column("new_start_ms", sa.BigInteger(), nullable=False),
        sa.Column("offset_ms", sa.BigInteger(), nullable=False),
        sa.Column("recorded_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("new_start_ms >= 0", name=op.f("ck_meter_changes_new_start_ms_not_negative")),
        sa.CheckConstraint("old_end_ms >= 0", name=op.f("ck_meter_changes_old_end_ms_not_negative")),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.machine_id"], name=op.f("fk_meter_changes_machine_id_machines")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meter_changes")),
        sa.UniqueConstraint("machine_id", "changed_ms", name=op.f("uq_meter_changes_machine_id_changed_ms")),
    )
    op.create_table(
        "meters",
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("offset_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=True),
        sa.Column("total_ms", sa.BigInteger(), nullable=True),
        sa.Column("time_ms", sa.BigInteger(), nullable=True),
        sa.Column("dated_ms", sa.BigInteger(), nullable=True),
        sa.Column("newest_device_ms", sa.BigInteger(), nullable=True),
        sa.Column("heard_ms", sa.BigInteger(), nullable=True),
        sa.Column("wakes_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("wakes_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(total_ms IS NULL) = (time_ms IS NULL)", name=op.f("ck_meters_total_has_time")),
        sa.CheckConstraint("total_ms >= 0", name=op.f("ck_meters_total_ms_not_negative")),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.machine_id"], name=op.f("fk_meters_machine_id_machines")),
        sa.PrimaryKeyConstraint("machine_id", name=op.f("pk_meters")),
    )
    op.create_index("ix_meters_wakes_on", "meters", ["wakes_on"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("occasion", sa.String(length=24), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("round", sa.String(length=10), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("recorded_ms", sa.BigInteger(), nullable=False),
        sa.Column("not_before_ms", sa.BigInteger(), nullable=False),
        sa.Column("letter_id", sa.String(length=36), nullable=True),
        sa.Column("dropped", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.letter_id"], name=op.f("fk_notices_letter_id_letters")),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.machine_id"], name=op.f("fk_notices_machine_id_machines")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint(
            "machine_id", "kind", "step", "occasion", "role", "recipient", "round", name="uq_notices_identity"
        ),
    )
    op.create_index(
        "ix_notices_letter_id",
        "notices",
        ["letter_id"],
        unique=False,
        sqlite_where=sa.text("letter_id IS NOT NULL"),
        postgresql_where=sa.text("letter_id IS NOT NULL"),
    )
    op.create_index(
        "ix_notices_waiting",
        "notices",
        ["not_before_ms"],
        unique=False,
        sqlite_where=sa.text("letter_id IS NULL AND dropped IS NULL"),
        postgresql_where=sa.text("letter_id IS NULL AND dropped IS NULL"),
    )
    op.create_index(
        "ix_notices_waiting_recipient",
        "notices",
        ["recipient", "role"],
        unique=False,
        sqlite_where=sa.text("letter_id IS NULL AND dropped IS NULL"),
        postgresql_where=sa.text("letter_id IS NULL AND dropped IS NULL"),
    )
    op.create_table(
        "work_order_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("recorded_ms", sa.BigInteger(), nullable=False),
        sa.Column("from_state", sa.String(length=16), nullable=True),
        sa.Column("to_state", sa.String(length=16), nullable=True),
        sa.Column("why", sa.String(length=24), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("total_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.machine_id"], name=op.f("fk_work_order_events_machine_id_machines")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order_events")),
    )
    op.create_index(
        "ix_work_order_events_machine_id", "work_order_events", ["machine_id", "kind", "step"], unique=False
    )
    op.create_table(
        "work_orders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=True),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("overdue_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closing", sa.String(length=16), nullable=True),
        sa.Column("superseded_by", sa.String(length=40), nullable=True),
        sa.Column("threshold_ms", sa.BigInteger(), nullable=True),
        sa.Column("plan_version", sa.String(length=64), nullable=False),
        sa.Column("before_registration", sa.Boolean(), nullable=False),
        sa.Column("acknowledged_ms", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("contacted_ms", sa.BigInteger(), nullable=True),
        sa.Column("contacted_by", sa.Text(), nullable=True),
        sa.Column("scheduled_for", sa.Date(), nullable=True),
        sa.Column("copy_1_sent_on", sa.Date(), nullable=True),
        sa.Column("remind_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state = 'superseded') = (superseded_by IS NOT NULL)", name=op.f("ck_work_orders_superseded_by_whom")
        ),
        sa.CheckConstraint(
            "(state IN ('upcoming', 'due', 'overdue')) = (closed_on IS NULL)",
            name=op.f("ck_work_orders_closed_has_date"),
        ),
        sa.CheckConstraint("cause IS NULL OR cause IN ('hours', 'calendar')", name=op.f("ck_work_orders_cause_known")),
        sa.CheckConstraint(
            "closing IS NULL OR closing IN ('completed', 'higher_step', 'window_ended', 'handover', 'transfer', 'retirement', 'person')",
            name=op.f("ck_work_orders_closing_known"),
        ),
        sa.CheckConstraint(
            "kind IN ('mandatory_visit', 'self_service', 'stock_upkeep', 'freeze_protection')",
            name=op.f("ck_work_orders_kind_known"),
        ),
        sa.CheckConstraint(
            "state IN ('upcoming', 'due', 'overdue', 'done', 'superseded', 'lapsed', 'cancelled')",
            name=op.f("ck_work_orders_state_known"),
        ),
        sa.CheckConstraint("due_on IS NULL OR due_on >= opens_on", name=op.f("ck_work_orders_due_after_opening")),
        sa.CheckConstraint(
            "due_on IS NULL OR overdue_on IS NULL OR overdue_on >= due_on",
            name=op.f("ck_work_orders_overdue_after_due"),
        ),
        sa.CheckConstraint("threshold_ms >= 0", name=op.f("ck_work_orders_threshold_ms_not_negative")),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.machine_id"], name=op.f("fk_work_orders_machine_id_machines")
        ),
        sa.ForeignKeyConstraint(["plan_version"], ["plans.version"], name=op.f("fk_work_orders_plan_version_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_orders")),
        sa.UniqueConstraint("machine_id", "kind", "step", name="uq_work_orders_identity"),
    )
    op.create_index("ix_work_orders_remind_on", "work_orders", ["remind_on"], unique=False)
    op.create_index("ix_work_orders_state_overdue_on", "work_orders", ["state", "overdue_on"], unique=False)
