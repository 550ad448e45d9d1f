"""Where templates run: they see plain data, change nothing, and cannot grow without end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notifications.words import catalogue_in

SHIPPED_TEMPLATES = Path(__file__).with_name("templates")


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment in which `'a' * 300000000` is refused: the stock sandbox lets it fill the memory."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - any operands
        """Multiply numbers, and nothing else."""
        if not isinstance(left, (int, float)) or not isinstance(right, (int, float)) or operator == "**":
            raise SecurityError(f"{operator} is only for numbers")
        return super().call_binop(context, operator, left, right)


def sandbox(folders: Sequence[Path], locale: str, *, escape: bool) -> Sandbox:
    """An environment in which templates speak one language; `escape` for HTML.

    A template is taken from the first folder that has it.
    """
    # Any: the extension adds the method that installs a catalogue when it is loaded.
    environment: Any = Sandbox(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        autoescape=escape,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(catalogue_in(locale), newstyle=True)
    return cast("Sandbox", environment)


def bounded(environment: Sandbox, template: str, data: Mapping[str, Any], most_chars: int) -> str:
    """The output of a template; raises OverflowError as soon as it is longer than `most_chars`."""
    return bounded_output(environment.get_template(template), data, most_chars)


def bounded_output(template: Template, data: Mapping[str, Any], most_chars: int) -> str:
    """The same of a template that is at hand."""
    pieces: list[str] = []
    length = 0
    for piece in template.generate(data):
        length += len(piece)
        if length > most_chars:
            raise OverflowError(f"the output is longer than {most_chars} characters")
        pieces.append(piece)
    return "".join(pieces)
