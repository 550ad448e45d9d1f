"""Tokens that only read; and the audit log tells people of one name apart, and keeps what they asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the columns; tokens of earlier times may do what their role may."""
    with op.batch_alter_table("api_tokens") as tokens:
        tokens.add_column(sa.Column("read_only", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("audit") as audit:
        audit.add_column(sa.Column("identity", sa.String(length=64), nullable=True))
        audit.add_column(sa.Column("given", sa.JSON(), nullable=True))
