"""Duties say how long they took, with which later period they were done, what came of them, and what went wrong."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("duties", sa.Column("took_ms", sa.BigInteger(), nullable=True))
    op.add_column("duties", sa.Column("done_with", sa.String(length=32), nullable=True))
    op.add_column("duties", sa.Column("details", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("duties", sa.Column("failed_ms", sa.BigInteger(), nullable=True))
    op.add_column("duties", sa.Column("error", sa.Text(), nullable=True))
