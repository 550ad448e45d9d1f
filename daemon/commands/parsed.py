"""Options whose text is taken apart by a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import click

from daemon.refused import RefusedError

_Value = TypeVar("_Value")


class Parsed(click.ParamType[_Value], Generic[_Value]):
    """What a function makes of a text; its ValueError is a usage error. `name` is how help shows the value."""

    def __init__(self, name: str, parse: Callable[[str], _Value]) -> None:
        """Keep name and function."""
        self.name = name
        self._parse = parse

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> _Value:
        """The value; a usage error if the text is none."""
        try:
            return self._parse(str(value))
        except RefusedError as refused:
            self.fail(refused.reason, param, ctx)
        except ValueError as error:
            self.fail(str(error), param, ctx)
