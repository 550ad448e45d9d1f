"""A database that refuses some rows, as its own constraints would."""

from __future__ import annotations

from sqlalchemy import Connection, text


def refuse(connection: Connection, table: str, when: str, message: str, change: str = "INSERT") -> None:
    """From now on rows for which `when` holds (of `new`) are not taken."""
    if connection.dialect.name == "sqlite":
        connection.execute(
            text(
                f"CREATE TRIGGER refuses BEFORE {change} ON {table} WHEN {when}"
                f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
        )
        return
    body = f"BEGIN RAISE EXCEPTION '{message}'; END"
    connection.execute(text(f"CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"))
    connection.execute(
        text(f"CREATE TRIGGER refuses BEFORE {change} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuses()")
    )


def take_again(connection: Connection, table: str) -> None:
    """The end of it."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("DROP TRIGGER refuses"))
        return
    connection.execute(text(f"DROP TRIGGER refuses ON {table}"))
    connection.execute(text("DROP FUNCTION refuses"))
