"""The templates of letters: ours, and those with which an operator replaces some of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from notifications.sandbox import SHIPPED_TEMPLATES, Sandbox, sandbox
from notifications.template_problem import TemplateProblem
from notifications.words import LOCALES


@dataclass(frozen=True, slots=True, eq=False)
class TemplateSet:
    """Templates for text and for HTML by language.

    Of `folder` (the operator's; None: ours alone) a file of ours' name is taken in its place, first from the folder
    of the language (`zh-CN/visit_due.j2`), then from the folder itself.
    """

    folder: Path | None = None
    text: dict[str, Sandbox] = field(init=False, default_factory=dict)
    html: dict[str, Sandbox] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """One environment for each language and form."""
        for locale in LOCALES:
            folders = [*_of_operator(self.folder, locale), SHIPPED_TEMPLATES]
            self.text[locale] = sandbox(folders, locale, escape=False)
            self.html[locale] = sandbox(folders, locale, escape=True)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where templates come from, the operator's first."""
        return (SHIPPED_TEMPLATES,) if self.folder is None else (self.folder, SHIPPED_TEMPLATES)

    def strangers(self) -> Iterator[TemplateProblem]:
        """Files that replace nothing, for want of the right name; `_*.j2` are parts that others include."""
        if self.folder is None:
            return
        ours = {file.name for file in SHIPPED_TEMPLATES.glob("*.j2")}
        places = (self.folder, *(self.folder / locale for locale in LOCALES))
        for file in sorted(self.folder.rglob("*.j2")):
            if file.parent not in places:
                yield TemplateProblem(str(file), f"it replaces nothing: the folders looked into are {_listed(places)}")
            elif file.name not in ours and not file.name.startswith("_"):
                yield TemplateProblem(str(file), f"it replaces nothing: ours are {', '.join(sorted(ours))}")


def _of_operator(folder: Path | None, locale: str) -> tuple[Path, ...]:
    return () if folder is None else (folder / locale, folder)


def _listed(places: tuple[Path, ...]) -> str:
    return ", ".join(map(str, places))
