"""Which template is broken, where and why."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

from jinja2 import TemplateNotFound, TemplateSyntaxError


class TemplateProblem(Exception):  # noqa: N818 - it reads as what it names
    """A template that cannot be used: `template` names it, with the line if known, `cause` says why."""

    def __init__(self, template: str, cause: str) -> None:
        """Keep both, and make them the message."""
        super().__init__(f"{template}: {cause}")
        self.template = template
        self.cause = cause


def problem_of(error: Exception, template: str, folders: Sequence[Path]) -> TemplateProblem:
    """The problem behind an error that came up while `template` was rendered: in it or in one it uses."""
    cause = f"{type(error).__name__}: {error}"
    if isinstance(error, TemplateSyntaxError):
        return TemplateProblem(f"{error.filename or error.name or template}:{error.lineno}", cause)
    if isinstance(error, TemplateNotFound):
        cause = f"there is no template {error.name}"
    return TemplateProblem(_innermost(error, folders) or _file(template, folders), cause)


def _file(template: str, folders: Sequence[Path]) -> str:
    """The file of a template where no line of it is known; its name if it has none."""
    return next((str(folder / template) for folder in folders if (folder / template).exists()), template)


def _innermost(error: Exception, folders: Sequence[Path]) -> str | None:
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if any(Path(frame.filename).is_relative_to(folder) for folder in folders):
            return f"{frame.filename}:{frame.lineno}"
    return None
