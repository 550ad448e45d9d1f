"""The words of the printed forms in one language."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from notifications.sandbox import SHIPPED_TEMPLATES, sandbox
from schedules.machine import Category
from schedules.visit_items import Action


class FormWords:
    """Words by key, such as `labels.model`; those that letters use too are the letters' own."""

    def __init__(self, locale: str) -> None:
        """`locale` is one of the letters' languages."""
        self.locale = locale
        self._language = "en" if locale == "en" else "zh"
        self._of_letters: Any = sandbox([SHIPPED_TEMPLATES], locale, escape=False).get_template("words.j2").module

    def __call__(self, key: str, **values: object) -> str:
        """What stands under a key, with values filled in."""
        found: Any = _all()
        for name in key.split("."):
            found = found[name]
        return str(found[self._language]).format(**values)

    def everywhere(self, key: str) -> frozenset[str]:
        """What stands under a key in all languages, in small letters."""
        return frozenset(text.casefold() for text in _all()[key].values())

    def colon(self) -> str:
        """What stands between a name and what is said of it."""
        return str(self._of_letters.colon)

    def action(self, action: Action) -> str:
        """What is done to a part of the machine."""
        return str(self._of_letters.actions[action.value])

    def category(self, category: Category) -> str:
        """What a machine is called."""
        return str(self._of_letters.categories[category.value])

    def unit(self, unit: str) -> str:
        """A unit of materials."""
        return str(getattr(self._of_letters, "units", {}).get(unit, unit))

    def title(self, order: dict[str, Any]) -> str:
        """What an order is called (`order` as templates see it)."""
        return str(self._of_letters.title(order)).strip()

    def why(self, order: dict[str, Any]) -> str:
        """Why an order is due, or will be."""
        return str(self._of_letters.why(order)).strip()

    def state(self, order: dict[str, Any]) -> str:
        """Where an order stands."""
        return str(self._of_letters.state(order)).strip()


@cache
def _all() -> dict[str, Any]:
    return tomllib.loads(files("notifications.paper").joinpath("words.toml").read_text("utf-8"))
