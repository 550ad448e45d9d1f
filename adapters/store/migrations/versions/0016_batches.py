"""The next batch of machines not heard of, and of orders to remind of, is found in its own order, however many wait."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"

_WIDER = (("meters", "waits_since", "machine_id"), ("work_orders", "remind_on", "id"))


def upgrade() -> None:
    """Replace two indexes by wider ones; until the end readers go on, and only writers wait."""
    for table, column, then in _WIDER:
        op.create_index(f"ix_{table}_{column}_{then}", table, [column, then])
    for table, column, _ in _WIDER:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
