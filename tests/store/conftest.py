"""Databases to upgrade, of either kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.store.engine import Store
from tests.support.postgres import postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database without tables."""
    if request.param == "sqlite":
        store = Store(f"sqlite:///{tmp_path}/before.db")
        yield store
        store.close()
        return
    with postgres() as server:
        store = Store(server.new_database())
        yield store
        store.close()
