"""Work items: kept with the rulebook they were put in force with, each content once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add them; the work items of earlier times were not kept."""
    op.create_table(
        "visit_items",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_visit_items")),
    )
    with op.batch_alter_table("rulebooks") as rulebooks:
        rulebooks.add_column(sa.Column("items_digest", sa.String(length=64), nullable=True))
        name = op.f("fk_rulebooks_items_digest_visit_items")
        rulebooks.create_foreign_key(name, "visit_items", ["items_digest"], ["digest"])
