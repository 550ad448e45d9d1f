"""Writes the first migration anew from the tables: python -m tests.store.first_migration

Only while no release carries it; after the first release every change is a migration of its own.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from adapters.store.schema import MIGRATIONS
from adapters.store.tables import metadata

FILE = MIGRATIONS / "versions" / "0001_first.py"
HEAD = '''"""The first tables."""
# ruff: noqa: E501 - the list of names of a CHECK stands in one piece

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create them."""
'''


def operations() -> str:
    """What creates the tables in an empty database, in alembic's words."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        found = produce_migrations(context, metadata).upgrade_ops
    engine.dispose()
    if found is None:
        raise AssertionError("nothing to create")
    text = render_python_code(found)
    return re.sub(r"^ *#.*\n?", "", text, flags=re.MULTILINE)


def main(file: Path = FILE) -> None:
    file.write_text(f"{HEAD}    {operations().strip()}\n", encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "check", "--quiet", "--fix", file], check=False)
    subprocess.run([*ruff, "format", "--quiet", file], check=True)


if __name__ == "__main__":
    main()
