"""All commands: where each is written, and the line that lists of commands show of it (design 5)."""

from __future__ import annotations

from daemon.lazy_group import Family, Lazy

_AT = "daemon.commands"

COMMANDS: dict[str, Lazy | Family] = {
    "replay": Lazy(f"{_AT}.replay:replay", "Run a timeline on a scratch database and print what came of it."),
    "db": Family(
        "The database: its schema and its soundness.",
        {
            "upgrade": Lazy(f"{_AT}.db:upgrade", "Create the tables, or bring them up to this version."),
            "check": Lazy(f"{_AT}.db:check", "Check the schema's version and the soundness of the database."),
        },
    ),
}
