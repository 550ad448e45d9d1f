"""The table of commands that the README carries, made from the commands themselves."""

from __future__ import annotations

import click

from daemon.commands.catalogue import COMMANDS
from daemon.lazy_group import Lazy, lines_of


def commands_table() -> str:
    """The table between `<!-- commands -->` and `<!-- /commands -->`: every command with what it cannot do without."""
    rows = [f"| `{name}{_usage(entry)}` | {entry.line} |" for name, entry in lines_of(COMMANDS)]
    return "\n".join(["| command | what it does |", "|---|---|", *rows]) + "\n"


def _usage(entry: Lazy) -> str:
    """Arguments, then the options that are required; the others are explained by `--help`."""
    parameters = entry.load().params
    arguments = [each.metavar or (each.name or "").upper() for each in parameters if isinstance(each, click.Argument)]
    options = [max(each.opts, key=len) for each in parameters if isinstance(each, click.Option) and each.required]
    return "".join(f" {word}" for word in (*arguments, *options))
