"""Visits get running numbers, and numbers of service records are kept; those that are done already get theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NUMBERED = sa.text("""
    INSERT INTO visit_numbers (service_centre, year, number, machine_id, step, drawn_ms)
    SELECT service_centre, year, ROW_NUMBER() OVER (PARTITION BY service_centre, year ORDER BY closed_on, id),
           machine_id, step, recorded_ms
    FROM (
        SELECT COALESCE(m.service_centre, '') AS service_centre,
               CAST(SUBSTR(CAST(w.closed_on AS VARCHAR(10)), 1, 4) AS INTEGER) AS year,
               w.closed_on, w.id, w.machine_id, w.step, f.recorded_ms
        FROM work_orders w
        JOIN machines m ON m.machine_id = w.machine_id
        JOIN forms f ON f.machine_id = w.machine_id AND f.kind = w.kind AND f.step = w.step AND NOT f.draft
        WHERE w.kind = 'mandatory_visit' AND w.state = 'done'
    ) AS done
""")
_CONTINUED = sa.text("""
    INSERT INTO visit_series (service_centre, year, last)
    SELECT service_centre, year, MAX(number) FROM visit_numbers GROUP BY service_centre, year
""")


def upgrade() -> None:
    """Make the tables, and number what was signed before."""
    op.create_table(
        "visit_series",
        sa.Column("service_centre", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("service_centre", "year", name=op.f("pk_visit_series")),
    )
    op.create_table(
        "visit_numbers",
        sa.Column("service_centre", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("drawn_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_visit_numbers_number_counts")),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.machine_id"], name=op.f("fk_visit_numbers_machine_id_machines")
        ),
        sa.PrimaryKeyConstraint("service_centre", "year", "number", name=op.f("pk_visit_numbers")),
        sa.UniqueConstraint("machine_id", "step", name=op.f("uq_visit_numbers_machine_id_step")),
    )
    op.create_table(
        "service_records",
        sa.Column("service_centre", sa.String(length=64), nullable=False),
        sa.Column("record_no", sa.Text(), nullable=False),
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.machine_id"], name=op.f("fk_service_records_machine_id_machines")
        ),
        sa.PrimaryKeyConstraint("service_centre", "record_no", name=op.f("pk_service_records")),
        sa.UniqueConstraint("machine_id", "kind", "step", name=op.f("uq_service_records_machine_id_kind_step")),
    )
    connection = op.get_bind()
    connection.execute(_NUMBERED)
    connection.execute(_CONTINUED)
    _keep_record_numbers(connection)


def _keep_record_numbers(connection: sa.Connection) -> None:
    """Of two forms of a centre with the same number the one entered first keeps it."""
    forms = sa.table("forms", *map(sa.column, ("machine_id", "kind", "step", "draft", "recorded_ms")))
    content = sa.column("content", sa.JSON)
    machines = sa.table("machines", sa.column("machine_id"), sa.column("service_centre"))
    joined = forms.join(machines, machines.c.machine_id == forms.c.machine_id)
    statement = sa.select(machines.c.service_centre, forms.c.machine_id, forms.c.kind, forms.c.step, content)
    signed = (sa.not_(forms.c.draft), machines.c.service_centre.is_not(None))
    records: dict[tuple[str, str], dict[str, str]] = {}
    for row in connection.execute(statement.select_from(joined).where(*signed).order_by(forms.c.recorded_ms)):
        record_no = (row.content.get("service_record_no") or "").strip()
        order = {"machine_id": row.machine_id, "kind": row.kind, "step": row.step}
        if record_no:
            records.setdefault((row.service_centre, record_no), order)
    rows = [{"service_centre": centre, "record_no": no, **order} for (centre, no), order in records.items()]
    names = ("service_centre", "record_no", "machine_id", "kind", "step")
    if rows:
        connection.execute(sa.insert(sa.table("service_records", *map(sa.column, names))), rows)
