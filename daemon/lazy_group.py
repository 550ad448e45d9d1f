"""Groups of commands that are imported when they are called, so that help is fast and needs no library of theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class Lazy:
    """A command not imported yet: `module:attribute`, and the line that lists of commands show of it."""

    target: str
    line: str

    def load(self) -> click.Command:
        """Import it."""
        module, _, attribute = self.target.partition(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            message = f"{self.target} is no command"
            raise TypeError(message)
        # Docstrings with a backslash are raw; click wants its sign for "leave these lines as they are" itself.
        command.help = command.help and command.help.replace(r"\b", "\b")
        return command


@dataclass(frozen=True, slots=True)
class Family:
    """Commands under a common word, with the line that says what they have in common."""

    line: str
    members: Mapping[str, Lazy]


class LazyGroup(click.Group):
    """A group whose commands are named by a table and imported one at a time."""

    def __init__(self, *args: Any, table: Mapping[str, Lazy | Family], **kwargs: Any) -> None:  # noqa: ANN401 - click's own
        """`table` names the commands in the order in which help lists them."""
        super().__init__(*args, **kwargs)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """The names, in the order of the table."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """The command of a name, imported now; None if there is none."""
        entry = self._table.get(cmd_name)
        if isinstance(entry, Family):
            return LazyGroup(cmd_name, table=entry.members, help=entry.line)
        return None if entry is None else entry.load()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a usage error names those that are written nearly so."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as unknown:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=list(self._table), ctx=ctx) from unknown

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.line) for name, entry in self._table.items()])


def lines_of(table: Mapping[str, Lazy | Family], above: str = "") -> Iterator[tuple[str, Lazy]]:
    """Every command with its full name."""
    for name, entry in table.items():
        if isinstance(entry, Family):
            yield from lines_of(entry.members, f"{above}{name} ")
        else:
            yield f"{above}{name}", entry
