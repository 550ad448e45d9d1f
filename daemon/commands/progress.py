"""How far long work has come, on stderr: a bar on a terminal, a line every few seconds otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

Shown = Callable[[int, int], None]
"""Called with how much is done, and how much there is."""
_EVERY_S = 5.0


@contextmanager
def progress(what: str) -> Iterator[Shown]:
    """Shows progress while its block runs."""
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(console, what) as shown:
            yield shown
    else:
        yield _lines(what)


@contextmanager
def _bar(console: object, what: str) -> Iterator[Shown]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:  # type: ignore[arg-type]
        task = bar.add_task(what, total=None)
        yield lambda done, there_are: bar.update(task, completed=done, total=there_are)


def _lines(what: str) -> Shown:
    said_at = time.monotonic()

    def shown(done: int, there_are: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= _EVERY_S:
            said_at = time.monotonic()
            click.echo(f"{what}: {done} of {there_are}", err=True)

    return shown
