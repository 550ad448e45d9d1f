"""Work items as they are kept: each content once, and which versions of the plan have it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, select

from adapters.store.dialect import insert_new
from adapters.store.tables import rulebooks, visit_items
from schedules.visit_items import VisitItems
from schedules.visit_lists import visit_items_of


def digest_of(data: Mapping[str, Any]) -> str:
    """What tells one content from another."""
    return sha256(json.dumps(data, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def keep(connection: Connection, data: Mapping[str, Any]) -> str:
    """Keep a content, if it is new; its digest."""
    digest = digest_of(data)
    row = insert_new(connection, visit_items).values(digest=digest, content=dict(data))
    connection.execute(row.on_conflict_do_nothing())
    return digest


def by_plan_version(connection: Connection) -> dict[str, VisitItems]:
    """The work items of each version of the plan: those that were last in force with it."""
    columns = rulebooks.c
    last = select(func.max(columns.serial)).where(columns.items_digest.isnot(None)).group_by(columns.plan_version)
    in_use = select(columns.plan_version, columns.items_digest).where(columns.serial.in_(last))
    digests = {row.plan_version: row.items_digest for row in connection.execute(in_use)}
    known = select(visit_items).where(visit_items.c.digest.in_(set(digests.values())))
    lists = {row.digest: visit_items_of(row.content) for row in connection.execute(known)}
    return {version: lists[digest] for version, digest in digests.items()}
