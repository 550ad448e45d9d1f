"""What all tables of the configuration have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


def shown(default: str) -> dict[str, Any]:
    """Words for a default that has no value of its own, such as "off"."""
    return {"default_text": default}


class Table(BaseModel):
    """A table of the file: nothing unknown, nothing converted, nothing changed afterwards."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)
