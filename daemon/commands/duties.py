"""`duties`: how the calendar's duties stand, and what was done when."""

from __future__ import annotations

import click

from daemon import duty_list
from daemon.clock import clock_ms
from daemon.commands.given import reading
from daemon.commands.output import Columns, format_option, show
from daemon.commands.records import limit_option
from daemon.failures import REFUSED

_COLUMNS = Columns(
    duty_list.DUTY_FIELDS, ("duty", "state", "period", "finished_at", "took_s", "did", "next_due_at", "note")
)
_HISTORY = Columns(duty_list.HISTORY_FIELDS, duty_list.HISTORY_FIELDS)


@click.command()
@click.option("--history", is_flag=True, help="List what was done when, the newest period first.")
@click.option("--fail-if-late", is_flag=True, help="Exit code 1 if a duty is late or failing.")
@limit_option
@format_option
def duties(limit: int, form: str, *, history: bool, fail_if_late: bool) -> int:
    r"""How the calendar's duties stand: done, late or failing.

    The daily sweep asks every machine whose calendar changes something; the first one in a month opens the month for
    all machines in stock; retention deletes what proves nothing any more. Each duty shows the last period it was done
    for, what it did, when it is due next, and how many periods wait. After a downtime there is a row for every period
    that has passed; `done_with` in the history names the later one with which it was done.

    \b
    Example, for a job that sounds an alarm:
        hourkeeper duties --fail-if-late
    """
    now_ms = clock_ms()
    with reading(now_ms) as keeper, keeper.store.read() as connection:
        found = list(duty_list.standing(connection, keeper, now_ms))
        if history:
            show(duty_list.history(connection, keeper, limit), _HISTORY, form)
        else:
            show(found, _COLUMNS, form)
    late = any(row["state"] in duty_list.TROUBLE for row in found)
    return REFUSED if fail_if_late and late else 0
