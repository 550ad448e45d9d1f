"""Findings, and what is watched of machines for them.

The machines there are begin to be watched: the days of their last signs of life are those of the shipped plan's time
zone, until the next one comes. Whether a reading of earlier times was a retained message was not kept.
"""
# ruff: noqa: E501 - the list of names of a CHECK stands in one piece

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_FALSE = sa.false()
_OPEN = sa.text("closed_on IS NULL")


def upgrade() -> None:
    """Add the table and the columns, and watch what is in service."""
    op.create_table(
        "findings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("recorded_ms", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.Column("cure", sa.String(length=16), nullable=True),
        sa.CheckConstraint(
            "kind IN ('silent', 'never_reported', 'meter_needs_decision', 'machine_without_centre', 'centre_without_address', 'yard_without_address', 'region_without_window')",
            name=op.f("ck_findings_kind_known"),
        ),
        sa.CheckConstraint(
            "cure IS NULL OR cure IN ('heard', 'goes_on', 'accepted', 'voided', 'meter_change', 'not_in_service', 'retired', 'completed', 'corrected')",
            name=op.f("ck_findings_cure_known"),
        ),
        sa.CheckConstraint(
            "closed_on IS NULL OR closed_on >= opened_on", name=op.f("ck_findings_closed_after_opening")
        ),
        sa.CheckConstraint(
            "(closed_on IS NULL) = (cure IS NULL) AND (closed_on IS NULL) = (closed_ms IS NULL)",
            name=op.f("ck_findings_closed_has_cure"),
        ),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.machine_id"], name=op.f("fk_findings_machine_id_machines")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_index(
        "uq_findings_open", "findings", ["kind", "subject"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index("ix_findings_machine_id", "findings", ["machine_id"])
    op.add_column("readings", sa.Column("retained", sa.Boolean(), server_default=_FALSE, nullable=False))
    op.add_column("meters", sa.Column("waits_since", sa.Date(), nullable=True))
    op.add_column("meters", sa.Column("unheard", sa.Boolean(), server_default=_FALSE, nullable=False))
    op.add_column("meters", sa.Column("refused_row", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("meters", sa.Column("undecided", sa.Boolean(), server_default=_FALSE, nullable=False))
    op.create_index("ix_meters_waits_since", "meters", ["waits_since"])
    for status, column in (("in_service", "service_centre"), ("stock", "yard"), ("stock", "region")):
        where = sa.text(f"status = '{status}'")
        name = f"ix_machines_{status}_{column}"
        op.create_index(name, "machines", [column], sqlite_where=where, postgresql_where=where)
    _watch()


def _watch() -> None:
    local = {
        "sqlite": "date(meters.heard_ms / 1000, 'unixepoch', '+8 hours')",
        "postgresql": "(to_timestamp(meters.heard_ms / 1000.0) AT TIME ZONE 'Asia/Shanghai')::date",
    }[op.get_bind().dialect.name]
    serving = "FROM machines WHERE machines.status = 'in_service'"
    op.execute(
        f"UPDATE meters SET waits_since = coalesce({local}, (SELECT handed_over_on FROM machines"  # noqa: S608 - our words
        f" WHERE machines.machine_id = meters.machine_id)) WHERE machine_id IN (SELECT machine_id {serving})"
    )
    op.execute(
        "INSERT INTO findings (kind, subject, machine_id, opened_on, recorded_ms, details)"
        " SELECT 'machine_without_centre', machine_id, machine_id, handed_over_on, registered_ms, '{}'"
        f" {serving} AND trim(coalesce(service_centre, '')) = ''"
    )
