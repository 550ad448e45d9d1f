"""A command that cannot be carried out."""

from __future__ import annotations


class RefusedError(Exception):
    """Says why in words that tell what to do; `missing` names the fields that were left out."""

    def __init__(self, reason: str, missing: tuple[str, ...] = ()) -> None:
        """Keep reason and missing fields."""
        super().__init__(reason)
        self.reason = reason
        self.missing = missing
