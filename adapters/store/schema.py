"""The schema: created for scratch databases, migrated for those that stay."""

from __future__ import annotations

from adapters.store.engine import Store
from adapters.store.tables import metadata


def create_scratch(store: Store) -> None:
    """Create all tables in an empty database that nobody will keep."""
    with store.write() as connection:
        metadata.create_all(connection)
