"""The machines of the made-up fleet: what they are, where they work, how they are used and cared for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from random import Random

from daemon.fleet.use import Use
from schedules.machine import Category, Warranty


class Care(Enum):
    """How the visits of a machine are kept."""

    GOOD = auto()
    MIXED = auto()
    LAST_LEFT_OUT = auto()
    """All in time but the one that is due now."""


class Fault(Enum):
    """What is wrong with a machine's reports."""

    NONE = auto()
    SILENT = auto()
    OUT_OF_REACH = auto()
    METER_REPLACED = auto()
    GARBAGE = auto()
    REPEATS = auto()
    OFFLINE = auto()
    WRONG_CLOCK = auto()
    NO_CLOCK = auto()
    SHAKY = auto()
    REPORTS_BEFORE_SALE = auto()


@dataclass(frozen=True, slots=True)
class Job:
    """Where and how a sold machine works: handed over `age_days` ago, or so long ago that it has `hours_now` now."""

    category: Category
    centre: str
    use: Use
    warranty: Warranty
    age_days: int = 0
    hours_now: float | None = None
    care: Care = Care.GOOD
    fault: Fault = Fault.NONE
    days_in_stock: int = 0


@dataclass(frozen=True, slots=True)
class Stay:
    """A machine in a yard since `age_days` ago.

    `months_left_out`: nobody has looked at it for so many of the newest months; `frost_proof`: freeze protection
    is done in time; `moved_to`: the yard it was moved to `moved_days` ago.
    """

    category: Category
    yard: str
    age_days: int
    months_left_out: int = 0
    frost_proof: bool = True
    moved_to: str | None = None
    moved_days: int = 0


@dataclass(frozen=True, slots=True)
class Sold:
    """A machine at work, and its user."""

    machine_id: str
    model: str
    customer: str
    phone: str | None
    job: Job


@dataclass(frozen=True, slots=True)
class Unsold:
    """A machine in stock."""

    machine_id: str
    model: str
    stay: Stay


_LOADERS = (("WL936", "WL36"), ("WL956H", "WL56"), ("ZL50FE", "ZL50"))
_ROLLERS = (("YZ18C", "YZ18"), ("SR22D", "SR22"))
_L, _R = Category.LOADER, Category.ROLLER
_HALF, _YEAR = Warranty.HALF_YEAR, Warranty.ONE_YEAR
_HAS_PHONE = 0.8

_JOBS = (
    Job(_L, "harbin", Use.SINGLE_SHIFT, _YEAR, age_days=360),
    Job(_L, "jinan", Use.SINGLE_SHIFT, _YEAR, age_days=350, care=Care.MIXED, fault=Fault.REPEATS),
    Job(_R, "zhengzhou", Use.ROAD_SEASON, _YEAR, age_days=341),
    Job(_L, "guangzhou", Use.TWO_SHIFTS, _YEAR, age_days=330),
    Job(_L, "hohhot", Use.TWO_SHIFTS, _HALF, age_days=318, care=Care.MIXED, fault=Fault.METER_REPLACED),
    Job(_R, "harbin", Use.ROAD_SEASON, _HALF, age_days=305, care=Care.MIXED),
    Job(_L, "chengdu", Use.SINGLE_SHIFT, _YEAR, age_days=290, fault=Fault.OFFLINE),
    Job(_L, "zhengzhou", Use.LIGHT, _YEAR, age_days=296, care=Care.LAST_LEFT_OUT, days_in_stock=40),
    Job(_R, "jinan", Use.ROAD_SEASON, _YEAR, age_days=265, fault=Fault.NO_CLOCK, days_in_stock=25),
    Job(_L, "guangzhou", Use.SINGLE_SHIFT, _HALF, age_days=250, care=Care.MIXED),
    Job(_L, "harbin", Use.LIGHT, _HALF, age_days=238, days_in_stock=33),
    Job(_R, "chengdu", Use.ROAD_SEASON, _YEAR, age_days=226, care=Care.MIXED, fault=Fault.SHAKY),
    Job(_L, "hohhot", Use.SINGLE_SHIFT, _YEAR, age_days=211, fault=Fault.WRONG_CLOCK),
    Job(_L, "jinan", Use.LIGHT, _YEAR, age_days=203, care=Care.LAST_LEFT_OUT),
    Job(_L, "zhengzhou", Use.TWO_SHIFTS, _YEAR, age_days=184, fault=Fault.GARBAGE),
    Job(_R, "guangzhou", Use.ROAD_SEASON, _HALF, age_days=171),
    Job(_L, "chengdu", Use.LIGHT, _HALF, age_days=158, care=Care.MIXED, fault=Fault.REPORTS_BEFORE_SALE),
    Job(_L, "harbin", Use.SINGLE_SHIFT, _YEAR, age_days=143, days_in_stock=21),
    Job(_R, "zhengzhou", Use.ROAD_SEASON, _YEAR, age_days=122, care=Care.MIXED),
    Job(_L, "guangzhou", Use.LIGHT, _YEAR, age_days=104, care=Care.LAST_LEFT_OUT, fault=Fault.SILENT),
    Job(_R, "hohhot", Use.IDLE, _HALF, age_days=97, care=Care.LAST_LEFT_OUT),
    Job(_L, "jinan", Use.SINGLE_SHIFT, _YEAR, age_days=76, days_in_stock=58),
    Job(_R, "chengdu", Use.ROAD_SEASON, _HALF, age_days=51),
    Job(_L, "zhengzhou", Use.SINGLE_SHIFT, _YEAR, age_days=24, days_in_stock=12),
    Job(_R, "harbin", Use.IDLE, _YEAR, age_days=14, care=Care.LAST_LEFT_OUT),
    Job(_L, "guangzhou", Use.LIGHT, _HALF, age_days=5),
    # Overdue by hours.
    Job(_L, "jinan", Use.TWO_SHIFTS, _YEAR, hours_now=1287.4, care=Care.LAST_LEFT_OUT),
    Job(_L, "hohhot", Use.TWO_SHIFTS, _HALF, hours_now=671.8, care=Care.LAST_LEFT_OUT),
    Job(_L, "guangzhou", Use.TWO_SHIFTS, _YEAR, hours_now=1874.2, care=Care.LAST_LEFT_OUT),
    Job(_L, "zhengzhou", Use.TWO_SHIFTS, _YEAR, hours_now=119.6, care=Care.LAST_LEFT_OUT),
    # A moment before something changes.
    Job(_L, "harbin", Use.TWO_SHIFTS, _YEAR, hours_now=599.9992, care=Care.LAST_LEFT_OUT),
    Job(_L, "chengdu", Use.TWO_SHIFTS, _YEAR, hours_now=1249.9984, care=Care.LAST_LEFT_OUT),
    Job(_L, "jinan", Use.TWO_SHIFTS, _HALF, hours_now=549.9958),
    Job(_L, "guangzhou", Use.TWO_SHIFTS, _YEAR, hours_now=99.9925, care=Care.LAST_LEFT_OUT),
    Job(_L, "jinan", Use.TWO_SHIFTS, _YEAR, hours_now=588.3, care=Care.LAST_LEFT_OUT, fault=Fault.OUT_OF_REACH),
)
_STAYS = (
    Stay(_R, "harbin-yard", 330),
    Stay(_L, "harbin-yard", 142, frost_proof=False),
    Stay(_R, "jinan-yard", 201, months_left_out=1),
    Stay(_L, "jinan-yard", 58),
    Stay(_R, "haikou-yard", 260, months_left_out=2),
    Stay(_L, "haikou-yard", 120, frost_proof=False, moved_to="harbin-yard", moved_days=16),
    Stay(_R, "chengdu-yard", 88),
)


def sold_fleet(seed: int, customers: Mapping[str, Sequence[str]]) -> list[Sold]:
    """The machines at work; `customers` by service centre."""
    draw = Random(f"{seed}/sold")  # noqa: S311 - nothing secret
    return [_sold(draw, number, job, customers[job.centre]) for number, job in enumerate(_JOBS, start=131)]


def _sold(draw: Random, number: int, job: Job, customers: Sequence[str]) -> Sold:
    machine_id, model = _named(draw, job.category, number)
    phone = f"13{draw.randrange(10)}-5550-{draw.randrange(10000):04d}" if draw.random() < _HAS_PHONE else None
    return Sold(machine_id, model, draw.choice(customers), phone, job)


def unsold_fleet(seed: int) -> list[Unsold]:
    """The machines in stock."""
    draw = Random(f"{seed}/unsold")  # noqa: S311 - nothing secret
    return [Unsold(*_named(draw, stay.category, number), stay) for number, stay in enumerate(_STAYS, start=402)]


def _named(draw: Random, category: Category, number: int) -> tuple[str, str]:
    model, prefix = draw.choice(_LOADERS if category is Category.LOADER else _ROLLERS)
    return f"{prefix}-{draw.choice('KMPT')}{number:05d}", model
