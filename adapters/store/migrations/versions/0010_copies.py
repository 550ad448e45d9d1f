"""Letters go by several channels: copies, when they were last claimed, and what the other side answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns; every letter so far is the only one of its notices."""
    op.add_column("letters", sa.Column("original_id", sa.String(length=36), nullable=True))
    op.add_column("letters", sa.Column("claimed_ms", sa.BigInteger(), nullable=True))
    op.add_column("letters", sa.Column("answer", sa.Text(), nullable=True))
    op.drop_index("ix_letters_state_next_ms", table_name="letters")
    op.create_index("ix_letters_state_channel_next_ms", "letters", ["state", "channel", "next_ms"], unique=False)
    op.create_index("ix_letters_channel_claimed_ms", "letters", ["channel", "claimed_ms"], unique=False)
    op.create_index(
        "uq_letters_copy",
        "letters",
        ["original_id", "channel"],
        unique=True,
        sqlite_where=sa.text("original_id IS NOT NULL"),
        postgresql_where=sa.text("original_id IS NOT NULL"),
    )
