"""Lists and counts of a large fleet are found by indexes in their own order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_OPEN = sa.text("closed_on IS NULL")
_NOT_DONE = sa.text("state <> 'done'")
_NOT_VISITS = sa.text("kind <> 'mandatory_visit'")
_DROPPED = sa.text("dropped IS NOT NULL")
_REPLACED = {
    "ix_machines_service_centre": "machines",
    "ix_work_orders_state_overdue_on": "work_orders",
    "ix_notices_letter_id": "notices",
}
_INDEXES = (
    ("machines", "service_centre", ("service_centre", "machine_id"), None),
    ("machines", "region", ("region", "machine_id"), None),
    ("machines", "yard", ("yard", "machine_id"), None),
    ("machines", "stock_machine_id", ("machine_id",), sa.text("status = 'stock'")),
    ("machines", "retired_machine_id", ("machine_id",), sa.text("status = 'retired'")),
    ("machines", "category", ("category", "machine_id"), None),
    ("work_orders", "due_on", ("due_on", "id"), None),
    ("work_orders", "overdue_on", ("overdue_on", "id"), None),
    ("work_orders", "not_done_by_machine", ("state", "machine_id", "kind", "id"), _NOT_DONE),
    ("work_orders", "not_done_by_due", ("state", "due_on", "id"), _NOT_DONE),
    ("work_orders", "not_done_by_overdue", ("state", "overdue_on", "id"), _NOT_DONE),
    ("work_orders", "not_visits", ("kind", "machine_id", "id"), _NOT_VISITS),
    ("work_orders", "open_by_due", ("due_on", "id", "kind", "state", "machine_id"), _OPEN),
    ("work_orders", "open_by_machine", ("machine_id", "kind", "id", "due_on", "state"), _OPEN),
    ("notices", "letter_id", ("letter_id", "id", "dropped"), sa.text("letter_id IS NOT NULL")),
    ("notices", "dropped", ("id",), _DROPPED),
    ("findings", "subject", ("subject",), None),
    ("findings", "opened_on", ("opened_on", "id"), None),
    ("findings", "open_by_day", ("opened_on", "id"), _OPEN),
    ("findings", "open_by_kind", ("kind", "opened_on", "id"), _OPEN),
)


def upgrade() -> None:
    """Replace some indexes by wider ones, and add the others."""
    for name, table in _REPLACED.items():
        op.drop_index(name, table_name=table)
    for table, name, columns, where in _INDEXES:
        op.create_index(f"ix_{table}_{name}", table, list(columns), sqlite_where=where, postgresql_where=where)
