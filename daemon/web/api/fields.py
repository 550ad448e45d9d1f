"""What may stand in the body of a command: as in files and on the command line, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from adapters.files import register
from daemon.commands.moments import Moment, moment_of
from daemon.web.strict import is_text
from schedules.machine import Category, Warranty

_LONGEST = 2000
_EARLIEST, _LATEST = 1970, 2199
_LARGEST = (1 << 63) - 1
_EXAMPLE_DAY = "2026-12-01"


class Body(BaseModel):
    """The body of a command: unknown fields are an error, and so is what no store can keep."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _only_text(cls, given: object) -> object:
        if any(not is_text(text) for text in _texts(given)):
            raise ValueError("it has characters that are no text")
        return given


def _texts(given: object) -> Iterator[str]:
    if isinstance(given, str):
        yield given
    elif isinstance(given, Mapping):
        yield from _texts([*given.keys(), *given.values()])
    elif isinstance(given, list):
        for each in given:
            yield from _texts(each)


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
    moment = moment_of(value)
    plausible(moment.day or datetime.fromtimestamp((moment.at_ms or 0) / 1000, UTC).date())
    return moment


def _day(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("is a text: a date YYYY-MM-DD")  # noqa: TRY004 - pydantic's own
    return plausible(register.day(value))


def plausible(on: date) -> date:
    """Dates are reckoned with, months ahead and back."""
    if not _EARLIEST <= on.year <= _LATEST:
        raise ValueError(f"{on} is not between the years {_EARLIEST} and {_LATEST}")
    return on


_as_text: Any = {"type": "string", "examples": [_EXAMPLE_DAY]}
Text = Annotated[str, Field(max_length=_LONGEST), _checked(register.text(_LONGEST))]
Note = Annotated[str, Field(max_length=_LONGEST, examples=["as agreed by telephone"])]
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
DayAsked = Annotated[date, Query(ge=date(_EARLIEST, 1, 1), le=date(_LATEST, 12, 31))]
Number = Annotated[int, Path(ge=1, le=_LARGEST, examples=[1])]
Machine = Annotated[str, Path(max_length=64, examples=["L955-1"])]
Hours = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False, examples=[612.5])]
CategoryWord = Annotated[Category, Field(strict=False)]
WarrantyWord = Annotated[Warranty, Field(strict=False)]
