"""`replay`: a timeline on a scratch database (design 6)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from adapters.files.rules import read_rules
from adapters.store import rulebooks
from adapters.store.engine import Store
from daemon.commands.given import UnusableError, config
from daemon.commands.output import console, grid, show_object, text_or_json_option, use_utf_8
from daemon.commands.progress import progress
from daemon.config import Config
from daemon.failures import REFUSED
from daemon.keeper import Keeper
from daemon.replay import Replayed, scratch_keeper
from daemon.replay import replay as replay_lines
from daemon.replayed import summary
from daemon.timeline import Line, TimelineError, read_timeline
from daemon.wiring import telling_of

_IN_TABLE = ("machine_id", "kind", "step", "state", "cause", "opens_on", "due_on", "overdue_on", "closed_on")
_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("timeline", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--plan", type=_FILE, metavar="FILE", help="A plan to try. Default: the configured one.")
@click.option("--winter", type=_FILE, metavar="FILE", help="Winter windows to try. Default: the configured ones.")
@text_or_json_option
def replay(timeline: Path, plan: Path | None, winter: Path | None, form: str) -> int:
    """Run a timeline on a scratch database and print what came of it.

    TIMELINE is a file with one JSON object a line, each with `at`, an instant with offset, and `do`, what happens
    then; `-` reads it from standard input. The clock follows the file, nothing is stored or sent. The exit code is
    1 if an `expect` line is not met, and 2 if a line cannot be used; then every such line is named, and none is run.

    Example: hourkeeper replay last-year.jsonl --plan next-year.toml
    """
    lines = _lines(timeline)
    keeper = _keeper(config(), plan, winter, lines[0].at_ms if lines else 0)
    with progress("lines") as shown:
        result = replay_lines(keeper, _watched(lines, shown))
    found = summary(result)
    keeper.store.close()
    if form == "json":
        show_object(found)
    else:
        _print(found)
    return _code(result)


def _lines(timeline: Path) -> list[Line]:
    try:
        with click.open_file(str(timeline), "rb") as file:
            return read_timeline(file.read().decode("utf-8-sig"))
    except OSError as error:
        raise UnusableError(f"{timeline} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise UnusableError(f"{timeline} is not UTF-8 text (at byte {error.start})") from None
    except TimelineError as error:
        problems = "\n".join(f"  {problem}" for problem in error.problems)
        raise UnusableError(f"{timeline} cannot be run:\n{problems}") from None


def _keeper(settings: Config, plan: Path | None, winter: Path | None, now_ms: int) -> Keeper:
    configured = settings.plan
    files = read_rules(plan or configured.file, configured.items_file, winter or configured.winter_file)

    def make(store: Store) -> Keeper:
        with store.write() as connection:
            rulebook = rulebooks.adopt(connection, files, now_ms)
        return Keeper(store, rulebook, telling_of(settings))

    return scratch_keeper(make)


def _watched(lines: list[Line], shown: Any) -> Iterator[Line]:  # noqa: ANN401 - a callable of two numbers
    for done, line in enumerate(lines):
        shown(done, len(lines))
        yield line


def _code(result: Replayed) -> int:
    return REFUSED if result.failed else 0


def _print(found: Mapping[str, Any]) -> None:
    use_utf_8()
    _section("Work orders", found["work_orders"], (*_IN_TABLE, "superseded_by", "late_days"))
    _section("Machines", found["machines"], ("machine_id", "status", "total_hours"))
    _section("Letters", [_letter(notice) for notice in found["notices"]], ("on", "occasion", "recipient", "orders"))
    verdicts = ", ".join(f"{verdict} {count}" for verdict, count in found["readings"].items())
    click.echo(f"Readings: {verdicts or 'none'}")
    for refused in found["refused_commands"]:
        click.echo(f"line {refused['line']}: {refused['do']} of {refused['machine_id']} refused: {refused['reason']}")
    for failed in found["failed_expectations"]:
        click.echo(f"line {failed['line']}: expected {_json(failed['expected'])}, got {_json(failed['got'])}")


def _section(title: str, rows: list[Any], names: Iterable[str]) -> None:
    click.echo(f"{title}: {len(rows) or 'none'}")
    if rows:
        console().print(grid(rows, list(names)))
        click.echo()


def _letter(notice: Mapping[str, Any]) -> dict[str, Any]:
    orders = ", ".join(f"{order['machine_id']}/{order['kind']}/{order['step']}" for order in notice["orders"])
    return {**notice, "orders": orders}


def _json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)
