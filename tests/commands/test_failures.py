"""What goes wrong ends with one clear message and the promised exit code."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from adapters.store.engine import Store
from adapters.store.schema import versions

from .calling import Caller, failed


def test_an_unknown_command_names_the_one_that_was_meant(call: Caller) -> None:
    failed(call.apart("overdu"), 2, "No such command 'overdu'", "Did you mean 'overdue'?")
    failed(call("work-orders", "lst"), 2, "Did you mean 'list'?")


@pytest.mark.parametrize(
    "arguments",
    [
        ["overdue", "--kind", "visit"],
        ["overdue", "--format", "xml"],
        ["overdue", "--colour"],
        ["work-orders", "show"],
        ["work-orders", "list", "--limit", "0"],
        ["work-orders", "list", "--state", "closed"],
    ],
)
def test_a_wrong_call_is_a_usage_error(call: Caller, arguments: list[str]) -> None:
    failed(call(*arguments), 2, "Usage: hourkeeper")


def test_every_bad_key_is_named_at_once(call: Caller) -> None:
    (call.folder / "bad.toml").write_text(
        '[mqtt]\nprt = 1883\nkeepalive = "long"\n[web]\nlisten = "nowhere"\n[notifications.email]\nhost = "mail"\n'
    )

    for command in (["check-config"], ["overdue"], ["run"]):
        said = call("--config", "bad.toml", *command, HOURKEEPER_LOG__LEVEL="loud")
        failed(said, 2, "bad.toml: mqtt.prt: unknown key", "mqtt.keepalive", "web.listen", "notifications.email.sender")
        assert "HOURKEEPER_LOG__LEVEL" in said.err


def test_a_configuration_that_is_not_there_is_an_error(call: Caller) -> None:
    failed(call("--config", "nowhere.toml", "overdue"), 2, "nowhere.toml", "No such file")


def test_a_good_configuration_is_good(call: Caller) -> None:
    (call.folder / "good.toml").write_text("[mqtt]\nport = 1884\n")

    said = call("--config", "good.toml", "check-config")

    assert (said.code, said.out) == (0, "good.toml: nothing is wrong with it\n")


def test_a_bad_plan_is_a_configuration_error(call: Caller) -> None:
    (call.folder / "plan.toml").write_text('version = "x"\n[silence]\ndays = 0\n[freeze]\narrival = 2\n')
    plan = {"HOURKEEPER_PLAN__FILE": str(call.folder / "plan.toml")}

    failed(call("check-config", **plan), 2, "silence.days", "freeze.arrival")
    failed(call("overdue", **plan), 2, "silence.days", "freeze.arrival")


def test_a_bad_file_of_work_items_is_refused_whole_with_every_fault(call: Caller) -> None:
    shipped = files("schedules").joinpath("visit_items.toml").read_text("utf-8")
    bad = shipped.replace('unit = "kg"', 'unit = "sack"').replace('at = { 1200 = "change" }', 'at = { 1250 = "eat" }')
    (call.folder / "items.toml").write_text(bad, "utf-8")
    items = {"HOURKEEPER_PLAN__ITEMS_FILE": str(call.folder / "items.toml")}

    for command in ("check-config", "overdue"):
        failed(call(command, **items), 2, "materials[9].unit", "items[14].at.1250: expected one of", "'eat'", "line ")
    said = call("doctor", **items)
    assert said.code == 1
    assert "FAULT  items" in said.out
    assert call("machines", "stock-in", "S1", "--category", "loader", **items).code == 2
    assert call("machines", "list", "--format", "json").json == []


def test_a_plan_may_not_change_under_its_old_version(call: Caller) -> None:
    first, second = (call.folder / name for name in ("first.toml", "second.toml"))
    first.write_text('version = "7"\n')
    second.write_text('version = "7"\n[silence]\ndays = 9\n')
    stock_in = ("machines", "stock-in", "S1", "--category", "loader")
    assert call(*stock_in, HOURKEEPER_PLAN__FILE=str(first)).code == 0

    failed(call("overdue", HOURKEEPER_PLAN__FILE=str(second)), 2, "version 7", "give this one a new version")


def test_looking_adopts_no_plan(call: Caller) -> None:
    """A command that only looks writes nothing, so it never waits for the daemon."""
    assert call("overdue").code == 0

    store = Store(call.url)
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM plans").scalar() == 0
    store.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:////proc/nowhere/x.db", "/proc/nowhere"),
        ("sqlite:////proc/x.db", "unable to open database file"),
        ("postgresql://hk:secret@127.0.0.1:1/hk", "Connection refused"),
        ("postgresql+nothing://hk:secret@127.0.0.1/hk", "postgresql.nothing"),
        ("sqlite://hk:secret@x:y/z", "no SQLAlchemy URL"),
    ],
)
def test_a_store_that_cannot_be_used_is_explained_without_its_password(call: Caller, url: str, words: str) -> None:
    said = call("overdue", HOURKEEPER_STORE__URL=url)

    failed(said, 2, words, "store")
    assert "secret" not in said.err


def test_an_older_or_newer_database_is_refused(call: Caller) -> None:
    assert call("db", "upgrade").code == 0
    store = Store(call.url)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()

    for command in (["overdue"], ["db", "upgrade"], ["run"]):
        failed(call(*command), 2, "newer version of hourkeeper")
    said = call("db", "check")
    assert (said.code, said.out) == (1, "")
    assert "newer version" in said.err


def test_the_database_is_made_upgraded_and_checked(call: Caller) -> None:
    assert "empty" in call("db", "check").err
    made = call.apart("db", "upgrade")
    again = call("db", "upgrade")
    checked = call("db", "check")

    version = versions()[-1]
    assert (made.code, made.out) == (0, f"created the tables; the schema is version {version}\n")
    assert (again.code, again.out) == (0, f"nothing to do; the schema is version {version}\n")
    assert (checked.code, checked.out) == (0, f"sound; the schema is version {version}\n")


def test_the_version_is_printed(call: Caller) -> None:
    assert call("--version").out == "hourkeeper 0.1.0\n"


def test_the_configuration_is_found_in_the_folder(call: Caller) -> None:
    Path(call.folder / "hourkeeper.toml").write_text("[mqtt]\nport = 0\n")

    failed(call("check-config"), 2, "hourkeeper.toml: mqtt.port")


@pytest.mark.sqlite_file
@pytest.mark.parametrize("begin", [0, 8192], ids=["its first page", "pages within"])
def test_a_damaged_store_is_not_used_and_whoever_asks_is_told_to_restore(call: Caller, begin: int) -> None:
    assert call("db", "upgrade").code == 0
    with (call.folder / "hourkeeper.db").open("r+b") as store:
        store.seek(begin)
        store.write(b"\xff" * 4096 * 6)

    failed(call("overdue"), 2, "damaged", "hourkeeper restore")
    run = call.apart("run")
    assert (run.code, "hourkeeper restore" in run.err.splitlines()[-1]) == (2, True)
    assert "hourkeeper restore" in call("doctor").out
