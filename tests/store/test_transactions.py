"""What is read in one transaction belongs together, whatever others write meanwhile."""

from __future__ import annotations

from sqlalchemy import func, insert, select

from adapters.store import schema
from adapters.store.engine import Store
from adapters.store.tables import service_centres


def test_a_reader_sees_what_was_there_at_its_beginning(empty: Store) -> None:
    schema.prepare(empty, upgrading=False)
    count = select(func.count()).select_from(service_centres)
    with empty.snapshot() as reader:
        assert reader.execute(count).scalar_one() == 0
        with empty.write() as writer:
            writer.execute(insert(service_centres).values(service_centre="JN"))
        assert reader.execute(count).scalar_one() == 0
    with empty.snapshot() as reader:
        assert reader.execute(count).scalar_one() == 1


def test_a_writer_after_it_sees_what_others_commit(empty: Store) -> None:
    """It may have the same connection."""
    schema.prepare(empty, upgrading=False)
    with empty.snapshot() as reader:
        reader.execute(select(1))
    if empty.engine.dialect.name == "postgresql":
        with empty.write() as writer:
            assert writer.exec_driver_sql("SHOW transaction_isolation").scalar_one() == "read committed"
    with empty.write() as writer:
        assert writer.execute(select(1)).scalar_one() == 1
