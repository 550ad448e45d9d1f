"""What a command was called with: the configuration, and the keeper it describes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from daemon.config import Config, load
from daemon.failures import UNUSABLE
from daemon.keeper import Keeper
from daemon.wiring import open_keeper


class UnusableError(click.ClickException):
    """A file that cannot be used; nothing was done."""

    exit_code = UNUSABLE


def config() -> Config:
    """The configuration this command was called with; ConfigError names every problem."""
    return load(click.get_current_context().find_root().obj, os.environ)


@contextmanager
def reading(now_ms: int) -> Iterator[Keeper]:
    """A keeper for a command that changes nothing; its store is closed in the end."""
    keeper = open_keeper(config(), now_ms, adopting=False)
    try:
        yield keeper
    finally:
        keeper.store.close()
