"""Which template is broken, where and why."""

from __future__ import annotations

import traceback
from pathlib import Path

from jinja2 import TemplateNotFound, TemplateSyntaxError


class TemplateProblem(Exception):  # noqa: N818 - it reads as what it names
    """A template that cannot be used: `template` names it, with the line if known, `cause` says why."""

    def __init__(self, template: str, cause: str) -> None:
        """Keep both, and make them the message."""
        super().__init__(f"{template}: {cause}")
        self.template = template
        self.cause = cause


def problem_of(error: Exception, template: str, folder: Path) -> TemplateProblem:
    """The problem behind an error that came up while `template` was rendered: in it or in one it uses."""
    cause = f"{type(error).__name__}: {error}"
    if isinstance(error, TemplateSyntaxError):
        return TemplateProblem(f"{error.name or template}:{error.lineno}", cause)
    if isinstance(error, TemplateNotFound):
        return TemplateProblem(template, f"there is no template {error.name}")
    return TemplateProblem(_innermost(error, folder) or template, cause)


def _innermost(error: Exception, folder: Path) -> str | None:
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(folder):
            return f"{path.relative_to(folder).as_posix()}:{frame.lineno}"
    return None
