"""Files that people import: all of a file or nothing, every bad line named (design 5)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import Connection, func, select

from adapters.files.table import TableError
from adapters.mqtt.decode import Delivery, Report
from adapters.store.tables import (
    machine_events,
    meters,
    notices,
    readings,
    service_centres,
    work_order_events,
    work_orders,
    yards,
)
from adapters.store.tables import (
    machines as machine_table,
)
from daemon import life
from daemon.imports import import_centres, import_yards
from daemon.judging import judge_all
from daemon.machine_register import import_machines
from daemon.reading_register import import_readings
from schedules.dates import start_of_day_ms
from schedules.hours import MS_PER_HOUR
from schedules.machine import Category, Warranty
from schedules.reading import Reading, Source
from tests.keeping import World, at

ALL_COLUMNS = [
    "machine_id",
    "category",
    "model",
    "status",
    "region",
    "yard",
    "stocked_on",
    "inspected",
    "handed_over_on",
    "handover_hours",
    "warranty",
    "customer",
    "customer_email",
    "customer_phone",
    "customer_locale",
    "service_centre",
    "last_step_done",
    "last_step_done_on",
]
FLEET = """\
machine_id,status,category,model,region,yard,stocked_on,inspected,handed_over_on,handover_hours,warranty,customer,service_centre
S-1,stock,loader,LG855N,46,一号场,2025-09-10,true,,,,,
L-1,in_service,roller,LG6122,37,,,,2025-03-20,1.3,one_year,张三,济南服务中心
X-1,retired,loader,LG855N,37,,,,,,,,
"""
TABLES = (machine_table, meters, work_orders, work_order_events, machine_events, notices, readings)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "store.db")
    world.goes_to("2025-11-20 09:00")
    return world


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "file.csv"
    file.write_bytes(text.encode(encoding))
    return file


def workbook(folder: Path, *rows: Sequence[object]) -> Path:
    file = folder / "file.xlsx"
    book = xlsxwriter.Workbook(str(file), {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell)
    book.close()
    return file


def contents(world: World, *, without: tuple[str, ...] = ("id",)) -> dict[str, list[dict[str, Any]]]:
    with world.keeper.store.read() as connection:
        return {
            table.name: sorted(
                (
                    {name: value for name, value in row._mapping.items() if name not in without}
                    for row in connection.execute(select(table))
                ),
                key=str,
            )
            for table in TABLES
        }


def problems(world: World, file: Path) -> list[str]:
    """What is wrong with a machines file, of which nothing is left."""
    with pytest.raises(TableError) as refused:
        import_machines(world.keeper, file, world.now_ms)
    assert all(rows == [] for rows in contents(world).values())
    return refused.value.problems


# --- what is taken ---


def test_machines_of_every_status_are_registered(world: World, tmp_path: Path) -> None:
    counts = import_machines(world.keeper, written(tmp_path, FLEET), world.now_ms, "Zhao")

    assert counts == {"stock": 1, "in_service": 1, "retired": 1}
    assert world.orders() == {
        "S-1/2025-09": "done",
        "S-1/2025-10": "overdue",
        "S-1/2025-11": "upcoming",
        "L-1/100": "overdue",
        "L-1/600": "overdue",
        "L-1/1200": "overdue",
        "L-1/1800": "upcoming",
    }
    with world.keeper.store.read() as connection:
        rows = {row.machine_id: row for row in connection.execute(select(machine_table))}
        story = {row.machine_id: (row.what, row.by) for row in connection.execute(select(machine_events))}
    assert (rows["S-1"].yard, rows["S-1"].arrived_on, rows["L-1"].customer) == ("一号场", date(2025, 9, 10), "张三")
    assert story == {"S-1": ("stock_in", "Zhao"), "L-1": ("handover", "Zhao"), "X-1": ("retire", "Zhao")}


def test_what_happened_before_is_told_to_nobody(world: World, tmp_path: Path) -> None:
    world.goes_to("2025-11-21 09:00")
    import_machines(world.keeper, written(tmp_path, FLEET), world.now_ms)
    assert contents(world)["notices"] == []

    world.goes_to("2025-12-20 09:00")

    told = {(row["step"], row["occasion"]) for row in contents(world)["notices"]}
    assert ("1800", "visit_due") in told
    before = {"100", "600", "1200", "2025-09", "2025-10"}
    assert {occasion for step, occasion in told if step in before} == {"visit_still_overdue"}


def test_a_wide_file_in_any_order_of_columns(world: World, tmp_path: Path) -> None:
    row = {
        "machine_id": "L-1",
        "category": "loader",
        "status": "in_service",
        "handed_over_on": "2025-03-03",
        "handover_hours": "2",
        "warranty": "one_year",
        "customer": "Li, Ltd.",
        "customer_email": "li@example.com",
        "customer_phone": "+86 138",
        "customer_locale": "zh-CN",
        "service_centre": "SC7",
        "last_step_done": "600",
        "last_step_done_on": "2025-05-01",
    }
    text = StringIO()
    writer = csv.DictWriter(text, list(reversed(ALL_COLUMNS)))
    writer.writeheader()
    writer.writerow(row)

    import_machines(world.keeper, written(tmp_path, text.getvalue()), world.now_ms)

    assert world.orders() == {
        "L-1/100": "done",
        "L-1/600": "done",
        "L-1/1200": "overdue",
        "L-1/1800": "upcoming",
    }
    past = {row["step"]: row["before_registration"] for row in contents(world)["work_orders"]}
    assert past == {"100": True, "600": True, "1200": False, "1800": False}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_text_in_every_encoding(world: World, tmp_path: Path, encoding: str) -> None:
    import_machines(world.keeper, written(tmp_path, FLEET, encoding), world.now_ms)

    assert {row["service_centre"] for row in contents(world)["machines"]} == {None, "济南服务中心"}


def test_a_workbook_is_read_as_it_looks(world: World, tmp_path: Path) -> None:
    rows: list[list[object]]
    midnight = datetime(2025, 3, 1)  # noqa: DTZ001 - a cell has no zone
    rows = [
        [
            "machine_id",
            "status",
            "category",
            "handed_over_on",
            "handover_hours",
            "warranty",
            "inspected",
            "stocked_on",
            "",
        ],
        [10086, "in_service", "loader", date(2025, 3, 3), 612.5, "one_year", None, midnight, None],
        [],
        ["S-2", "stock", "loader", None, None, None, True, date(2025, 11, 2), None],
    ]

    import_machines(world.keeper, workbook(tmp_path, *rows), world.now_ms)

    stored = {row["machine_id"]: row for row in contents(world)["machines"]}
    assert stored["10086"]["handed_over_on"] == date(2025, 3, 3)
    assert stored["S-2"]["inspected"] is True
    assert {row["total_ms"] for row in contents(world)["meters"]} == {None, 6125 * MS_PER_HOUR // 10}


def test_blank_lines_and_quoted_lines_keep_their_numbers(world: World, tmp_path: Path) -> None:
    text = 'machine_id,category,status,model\n\n"M 1",loader,stock,"two\nlines"\n,,,\nM2,loader,stock,\n'

    assert problems(world, written(tmp_path, text)) == [
        "line 3: machine_id: 'M 1' is no machine number: 1 to 64 characters A-Z a-z 0-9 . _ -",
        "line 3: model: 'two\\nlines' has characters that cannot be printed",
        "line 6: stocked_on: is empty, and a machine that is stock has one",
    ]


# --- together or alone ---


def test_many_at_once_come_to_the_same_as_one_at_a_time(tmp_path: Path) -> None:
    """Row for row what the commands for single machines write, for machines of many ages."""
    together, alone = World(tmp_path / "together.db"), World(tmp_path / "alone.db")
    lines = [
        "machine_id,category,status,region,yard,stocked_on,inspected,handed_over_on,handover_hours,warranty,service_centre"
    ]
    days = [
        date(2023, 1, 15),
        date(2024, 12, 31),
        date(2025, 2, 28),
        date(2025, 8, 20),
        date(2025, 11, 13),
        date(2025, 11, 20),
    ]
    for world in (together, alone):
        world.goes_to("2025-11-20 09:00")
    for number, day in enumerate(days):
        hours = ("", "0", "81", "655.5", "3000", "12")[number]
        warranty = list(Warranty)[number % 2]
        lines.append(f"L{number},loader,in_service,37,,,,{day},{hours},{warranty},SC7")
        lines.append(f"S{number},roller,stock,23,Y1,{day},{'yes' if number % 2 else ''},,,,")
        at_ms = start_of_day_ms(day, alone.keeper.zone)
        sale = life.HandOver(
            f"L{number}",
            at_ms,
            warranty,
            Decimal(hours) if hours else None,
            Category.LOADER,
            None,
            "37",
            service_centre="SC7",
        )
        stock = life.StockIn(f"S{number}", Category.ROLLER, at_ms, None, "23", "Y1", inspected=bool(number % 2))
        with alone.keeper.store.write() as connection:
            life.hand_over(connection, alone.keeper, sale, alone.now_ms, "Zhao")
            life.stock_in(connection, alone.keeper, stock, alone.now_ms, "Zhao")

    import_machines(together.keeper, written(tmp_path, "\n".join(lines)), together.now_ms, "Zhao")

    found, expected = contents(together, without=("id", "inspected")), contents(alone, without=("id", "inspected"))
    assert found["work_orders"]
    assert found == expected


def test_readings_that_waited_are_judged_when_their_machine_comes(world: World, tmp_path: Path) -> None:
    def waits(machine_id: str) -> Report:
        at_ms = at("2025-11-19 08:00")
        return Report(Delivery("", b"", at_ms), machine_id, Reading(300 * MS_PER_HOUR, at_ms, at_ms, Source.TELEMATICS))

    with world.keeper.store.write() as connection:
        judge_all(connection, world.keeper, [waits(name) for name in ("S-1", "L-1", "X-1", "U-1")], world.now_ms)

    import_machines(world.keeper, written(tmp_path, FLEET), world.now_ms)

    found = {(row["machine_id"], row["verdict"], row["source"]) for row in contents(world)["readings"]}
    assert found == {
        ("S-1", "accepted", "telematics"),
        ("L-1", "accepted", "telematics"),
        ("L-1", "late", "manual"),
        ("X-1", "accepted", "telematics"),
        ("U-1", "unknown_machine", "telematics"),
    }
    assert len(contents(world)["machines"]) == 3


# --- what is refused ---


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("L 1,loader,in_service,2025-03-03,one_year,,,", "machine_id: 'L 1' is no machine number"),
        (",loader,in_service,2025-03-03,one_year,,,", "machine_id: is empty"),
        ("L1,crane,in_service,2025-03-03,one_year,,,", "category: 'crane' is none of loader, roller"),
        ("L1,loader,sold,2025-03-03,one_year,,,", "status: 'sold' is none of stock, in_service, retired"),
        ("L1,loader,in_service,2025-02-30,one_year,,,", "handed_over_on: '2025-02-30' is no date YYYY-MM-DD"),
        ("L1,loader,in_service,20250303,one_year,,,", "handed_over_on: '20250303' is no date YYYY-MM-DD"),
        ("L1,loader,in_service,2025-12-01,one_year,,,", "handed_over_on: 2025-12-01 is in the future"),
        ("L1,loader,in_service,,one_year,,,", "handed_over_on: is empty, and a machine that is in_service has one"),
        ("L1,loader,in_service,2025-03-03,,,,", "warranty: is empty, and a machine that is in_service has one"),
        ("L1,loader,in_service,2025-03-03,two,,,", "warranty: 'two' is none of half_year, one_year"),
        ("L1,loader,in_service,2025-03-03,one_year,many,,", "handover_hours: 'many' is no number of hours"),
        ("L1,loader,in_service,2025-03-03,one_year,-1,,", "handover_hours: "),
        ("L1,loader,in_service,2025-03-03,one_year,200001,,", "handover_hours: more than 200000 h"),
        ("L1,loader,in_service,2025-03-03,one_year,,700,2025-04-01", "last_step_done: '700' is none of 100, 600"),
        ("L1,loader,in_service,2025-03-03,half_year,,1800,2025-04-01", "last_step_done: '1800' is none of 100, 600"),
        ("L1,loader,in_service,2025-03-03,one_year,,600,", "last_step_done: stands together with last_step_done_on"),
        (
            "L1,loader,in_service,2025-03-03,one_year,,600,2025-03-01",
            "last_step_done_on: 2025-03-01 is before handed_over_on, 2025-03-03",
        ),
        ("L1,loader,stock,2025-03-03,,,,", "handed_over_on: a machine that is stock has none"),
    ],
)
def test_every_kind_of_bad_line_is_named(world: World, tmp_path: Path, row: str, problem: str) -> None:
    header = "machine_id,category,status,handed_over_on,warranty,handover_hours,last_step_done,last_step_done_on"
    good = "G1,loader,in_service,2025-03-03,one_year,,,"

    found = problems(world, written(tmp_path, "\n".join([header, good, row, good.replace("G1", "G2")])))

    assert [text for text in found if text.startswith(f"line 3: {problem}")], found
    assert all(text.startswith("line 3: ") for text in found)


def test_every_bad_line_is_named_at_once(world: World, tmp_path: Path) -> None:
    lines = ("A,loader,stock,2025-11-01", "B,crane,stock,soon", "A,loader,stock,2025-11-02")
    text = "\n".join(["machine_id,category,status,stocked_on", *lines])

    assert problems(world, written(tmp_path, text)) == [
        "line 3: category: 'crane' is none of loader, roller",
        "line 3: stocked_on: 'soon' is no date YYYY-MM-DD",
        "line 4: machine_id: A already stands in line 2",
    ]


def test_a_machine_that_is_known_is_refused(world: World, tmp_path: Path) -> None:
    file = written(tmp_path, FLEET)
    import_machines(world.keeper, file, world.now_ms)
    before = contents(world)

    with pytest.raises(TableError) as refused:
        import_machines(world.keeper, file, world.now_ms)

    assert [text.split(" ", 3)[1] for text in refused.value.problems] == ["2:", "3:", "4:"]
    assert "already registered" in refused.value.problems[0]
    assert contents(world) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("machine_id,category\nA,loader\n", "column status is missing"),
        ("machine_id,category,status,colour\n", "unknown column 'colour'"),
        ("machine_id;category;status\n", "separated by commas"),
        ("machine_id,category,status,status\n", "column status stands twice"),
        ("machine_id,category,status\nA,loader,stock,2025-11-01\n", "line 2: has more cells"),
        ('machine_id,category,status\nA,"loader,stock\n', "line 2: "),
    ],
)
def test_a_file_that_is_no_such_table(world: World, tmp_path: Path, text: str, words: str) -> None:
    assert words in "\n".join(problems(world, written(tmp_path, text)))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00m", b"machine_id\x00", b"PK\x03\x04 no workbook", b"\x81"])
def test_bytes_that_are_no_table(world: World, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)

    assert problems(world, file)


def test_a_number_that_a_workbook_has_rounded_is_refused(world: World, tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["machine_id", "category", "status", "stocked_on"],
        [12345678901234567890, "loader", "stock", date(2025, 1, 1)],
    ]

    assert "has lost digits" in problems(world, workbook(tmp_path, *rows))[0]


def test_problems_are_kept_within_bounds(world: World, tmp_path: Path) -> None:
    lines = "".join(f"M{number},crane,stock,2025-11-01\n" for number in range(3000))

    with pytest.raises(TableError) as refused:
        import_machines(
            world.keeper, written(tmp_path, f"machine_id,category,status,stocked_on\n{lines}"), world.now_ms
        )

    assert len(refused.value.problems) + refused.value.more == 3000
    assert len(refused.value.problems) == 1000


def test_a_store_that_refuses_leaves_nothing(world: World, tmp_path: Path) -> None:
    """A machine registered between the check and the writing: the whole file is taken back."""
    lines = ["machine_id,category,status,stocked_on"] + [f"M{number},loader,stock,2025-11-01" for number in range(600)]
    file = written(tmp_path, "\n".join(lines))
    before: list[Any] = []

    def meanwhile(done: int, _there_are: int) -> None:
        before.append(done)
        message = "stopped"
        raise KeyboardInterrupt(message)

    with pytest.raises(KeyboardInterrupt):
        import_machines(world.keeper, file, world.now_ms, progress=meanwhile)

    assert before == [500]
    assert all(rows == [] for rows in contents(world).values())


# --- centres, yards, readings ---


def test_centres_and_yards_are_added_and_updated(world: World, tmp_path: Path) -> None:
    first = "service_centre,name,email,locale\nSC1,Jinan,a@b.example,zh-CN\nSC2,Harbin,,en\n"
    assert import_centres(world.keeper, written(tmp_path, first), world.now_ms) == 2
    assert import_centres(world.keeper, written(tmp_path, "service_centre,phone\nSC1,0531\nSC3,1\n"), world.now_ms) == 2
    assert import_yards(world.keeper, written(tmp_path, "yard,name,region\n一号场,Yard,46\n"), world.now_ms) == 1

    with world.keeper.store.read() as connection:
        centres = {row.service_centre: tuple(row)[1:] for row in connection.execute(select(service_centres))}
        stored = [tuple(row) for row in connection.execute(select(yards))]
    assert centres == {
        "SC1": ("Jinan", "zh-CN", "a@b.example", "0531", None),
        "SC2": ("Harbin", "en", None, None, None),
        "SC3": (None, None, None, "1", None),
    }
    assert stored == [("一号场", "Yard", None, None, None, "46")]


def test_bad_centres_change_nothing(world: World, tmp_path: Path) -> None:
    text = "service_centre,email,locale\nSC1,nobody,zh-CN\n,a@b.example,Chinese please\nSC2,,\nSC2,,\n"

    with pytest.raises(TableError) as refused:
        import_centres(world.keeper, written(tmp_path, text), world.now_ms)

    assert refused.value.problems == [
        "line 2: email: 'nobody' is no e-mail address",
        "line 3: service_centre: is empty",
        "line 3: locale: 'Chinese please' is no locale such as zh-CN or en",
        "line 5: service_centre: SC2 already stands in line 4",
    ]
    with world.keeper.store.read() as connection:
        assert connection.execute(select(service_centres)).all() == []


def test_readings_are_judged_in_order_of_their_time(world: World, tmp_path: Path) -> None:
    import_machines(world.keeper, written(tmp_path, FLEET), world.now_ms)
    text = (
        "at,machine_id,hours\n"
        "2025-06-01T08:00:00+08:00,L-1,200\n"
        "2025-05-01T08:00:00+08:00,L-1,150.5\n"
        "2025-06-02 08:00,L-1,199.5\n"
        "2025-06-03,L-1,900\n"
        "2025-06-01T00:00:00Z,L-1,200.0\n"
        "2025-06-01,U-1,5\n"
    )
    seen: list[tuple[int, int]] = []

    counts = import_readings(world.keeper, written(tmp_path, text), world.now_ms, lambda *done: seen.append(done))

    assert counts == {"accepted": 2, "noise": 1, "jump": 1, "duplicate": 1, "unknown_machine": 1}
    assert seen == [(6, 6)]
    stored = [row for row in contents(world)["readings"] if row["source"] == "imported"]
    assert len(stored) == 5
    assert all(row["arrived_ms"] == row["device_ms"] for row in stored)


def test_readings_that_are_none_are_bad_lines(world: World, tmp_path: Path) -> None:
    text = (
        "machine_id,hours,at\n"
        "L-1,,2025-06-01\n"
        "L-1,NaN,2025-06-01\n"
        "L-1,-5,2025-06-01\n"
        "L-1,1e300,2025-06-01\n"
        "L-1,5,yesterday\n"
        "L-1,5,2025-11-21\n"
        "L 1,5,\n"
    )

    with pytest.raises(TableError) as refused:
        import_readings(world.keeper, written(tmp_path, text), world.now_ms)

    assert [problem.split(":")[:2] for problem in refused.value.problems] == [
        ["line 2", " hours"],
        ["line 6", " at"],
        ["line 8", " machine_id"],
        ["line 8", " at"],
        ["line 3", " hours"],
        ["line 4", " hours"],
        ["line 5", " hours"],
        ["line 7", " at"],
    ]
    assert contents(world)["readings"] == []


IMPORTS = {
    "machines": (import_machines, "machine_id,category,status,stocked_on\nI1,loader,stock,2025-03-01\n", machine_table),
    "centres": (import_centres, "service_centre,name\nNEW,New\n", service_centres),
    "yards": (import_yards, "yard,name\nNEW,New\n", yards),
    "readings": (import_readings, "machine_id,hours,at\nNOBODY,5,2025-03-01T08:00:00+08:00\n", readings),
}


@pytest.mark.parametrize("what", IMPORTS)
def test_an_import_that_cannot_be_noted_is_none(world: World, tmp_path: Path, what: str) -> None:
    """Whoever takes note of it does so in its transaction."""
    import_file, content, table = IMPORTS[what]
    file = tmp_path / "file.csv"
    file.write_text(content)
    noted: list[tuple[int, object]] = []

    def count(connection: Connection) -> int:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()

    def refuse(connection: Connection, came: object) -> None:
        noted.append((count(connection), came))
        raise PermissionError(what)

    with world.keeper.store.read() as connection:
        before = count(connection)
    with pytest.raises(PermissionError):
        import_file(world.keeper, file, world.now_ms, also=refuse)  # type: ignore[operator]
    with world.keeper.store.read() as connection:
        assert count(connection) == before
    ((then, came),) = noted
    assert then == before + 1
    assert came
