"""Rulebooks: plan and winter windows in force as one version, which each machine keeps as it was last asked under.

The winter windows of earlier times were not kept; the first rulebook adopted after the upgrade knows its own, and
then every machine is asked again once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Every plan becomes a rulebook of the same serial, and machines point to that of their plan."""
    op.create_table(
        "rulebooks",
        sa.Column("serial", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("plan_version", sa.String(length=64), nullable=False),
        sa.Column("winter", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("adopted_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["plan_version"], ["plans.version"], name=op.f("fk_rulebooks_plan_version_plans")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_rulebooks")),
    )
    op.execute("INSERT INTO rulebooks (serial, plan_version, adopted_ms) SELECT serial, version, adopted_ms FROM plans")
    with op.batch_alter_table("machines") as machines:
        machines.drop_index("ix_machines_asked_version")
        machines.add_column(sa.Column("asked_rulebook", sa.Integer(), nullable=True))
        machines.create_foreign_key(
            op.f("fk_machines_asked_rulebook_rulebooks"), "rulebooks", ["asked_rulebook"], ["serial"]
        )
    op.execute(
        "UPDATE machines SET asked_rulebook ="
        " (SELECT plans.serial FROM plans WHERE plans.version = machines.asked_version)"
    )
    op.create_index("ix_machines_asked_rulebook", "machines", ["asked_rulebook"], unique=False)
