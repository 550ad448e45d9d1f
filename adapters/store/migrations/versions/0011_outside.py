"""Errands with servers outside, and what is to be copied to InfluxDB; nothing waits yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "errands",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("holder", sa.String(length=36), nullable=True),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("place", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("done_ms", sa.BigInteger(), nullable=True),
        sa.Column("failed_ms", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_errands")),
    )
    op.create_table(
        "influx_pending",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reading_id", sa.BigInteger(), nullable=False),
        sa.Column("of_machine", sa.String(length=64), nullable=True),
        sa.Column("time_ms", sa.BigInteger(), nullable=True),
        sa.Column("parked", sa.Text(), nullable=True),
        sa.CheckConstraint("(of_machine IS NULL) = (time_ms IS NULL)", name=op.f("ck_influx_pending_erased_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_influx_pending")),
    )
    op.create_index(
        "ix_influx_pending_parked",
        "influx_pending",
        ["id"],
        unique=False,
        sqlite_where=sa.text("parked IS NOT NULL"),
        postgresql_where=sa.text("parked IS NOT NULL"),
    )
