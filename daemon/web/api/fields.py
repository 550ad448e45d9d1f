"""What may stand in the body of a command: as in files and on the command line, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from adapters.files import register
from daemon.commands.moments import Moment, moment_of
from schedules.machine import Category, Warranty

_LONGEST = 2000
_EXAMPLE_DAY = "2026-12-01"


class Body(BaseModel):
    """The body of a command: unknown fields are an error."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


def _checked(parse: Callable[[str], object]) -> AfterValidator:
    """Said with the words of the registers' files."""

    def check(value: str) -> str:
        value = value.strip()
        if value:
            parse(value)
        return value

    return AfterValidator(check)


def _moment(value: object) -> Moment:
    if not isinstance(value, str):
        raise ValueError("is a text: a date YYYY-MM-DD, or an instant with offset")  # noqa: TRY004 - pydantic's own
    return moment_of(value)


def _day(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("is a text: a date YYYY-MM-DD")  # noqa: TRY004 - pydantic's own
    return register.day(value)


_as_text: Any = {"type": "string", "examples": [_EXAMPLE_DAY]}
Text = Annotated[str, Field(max_length=_LONGEST), _checked(register.text(_LONGEST))]
Note = Annotated[str, Field(max_length=_LONGEST)]
Code = Annotated[str, Field(max_length=64), _checked(register.text(64))]
MachineId = Annotated[str, _checked(register.machine_id), Field(examples=["L955-1"])]
Email = Annotated[str, _checked(register.email)]
Locale = Annotated[str, _checked(register.locale), Field(examples=["zh-CN"])]
Day = Annotated[date, BeforeValidator(_day), Field(json_schema_extra=_as_text)]
When = Annotated[
    Moment,
    BeforeValidator(_moment, json_schema_input_type=str),
    Field(json_schema_extra={"type": "string", "examples": ["2026-12-01T10:00:00+08:00", _EXAMPLE_DAY]}),
]
Hours = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False, examples=[612.5])]
CategoryWord = Annotated[Category, Field(strict=False)]
WarrantyWord = Annotated[Warranty, Field(strict=False)]
