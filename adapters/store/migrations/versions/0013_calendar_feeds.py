"""Service centres subscribe to their visits: the secret addresses of their calendars, as hashes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "calendar_feeds",
        sa.Column("service_centre", sa.String(length=64), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("service_centre", name="pk_calendar_feeds"),
        sa.UniqueConstraint("secret", name="uq_calendar_feeds_secret"),
    )
