"""A version of the tables that is still to come: one migration more than ours."""

from __future__ import annotations

from pathlib import Path

from adapters.store import schema

_LATER = """
import sqlalchemy as sa
from alembic import op

revision = "{next}"
down_revision = "{last}"


def upgrade():
    op.create_table("later", sa.Column("id", sa.Integer(), primary_key=True))
    {then}
"""


def add_later_version(migrations: Path, then: str) -> None:
    """Write it into a copy of our migrations: it adds a table, and then does something else."""
    last = schema.versions()[-1]
    following = f"{int(last) + 1:04d}"
    text = _LATER.format(last=last, next=following, then=then)
    (migrations / "versions" / f"{following}_later.py").write_text(text, encoding="utf-8")
