"""What happens to one machine, and what of it reaches us."""

from __future__ import annotations

from dataclasses import dataclass

from schedules.machine import Warranty


@dataclass(frozen=True, slots=True)
class Sends:
    """A report: any JSON value as hours, the device time in ms if one was sent."""

    at_ms: int
    value: object
    device_ms: int | None = None
    unreadable: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Completes:
    """A form for the `pick`-th of the machine's orders, dated so many days ago."""

    at_ms: int
    pick: int
    days_ago: int = 0


@dataclass(frozen=True, slots=True)
class ChangesMeter:
    """The meter is replaced now; the old one ended at, the new one begins at so many ms."""

    at_ms: int
    old_end_ms: int
    new_start_ms: int


@dataclass(frozen=True, slots=True)
class Moves:
    """A stock machine comes to another region."""

    at_ms: int
    region: str


@dataclass(frozen=True, slots=True)
class Sells:
    """The machine is handed over with so many ms on its dial."""

    at_ms: int
    warranty: Warranty
    dial_ms: int


@dataclass(frozen=True, slots=True)
class Retires:
    """The machine leaves for good."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Asks:
    """Somebody asks where the machine stands."""

    at_ms: int


Event = Sends | Completes | ChangesMeter | Moves | Sells | Retires | Asks
