"""`notices show`, `preview`, `retry`, `test` and `forecast`, as people call them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapters.store import schema
from adapters.store.engine import Store
from adapters.store.tables import letters, notices
from daemon.digests import write_digests
from daemon.keeper import Manager, Telling
from notifications.occasions import Role
from notifications.ways import Entry
from tests.keeping import MINUTE, World, at
from tests.notifications.http_receiver import Answers, receiver
from tests.notifications.mail_server import Script, mail_server
from tests.support.kept_in import url_of

ROOT = Path(__file__).resolve().parent.parent
DAY = 24 * 60 * MINUTE


@dataclass
class Command:
    """The command line over one configuration."""

    folder: Path

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """What it printed on standard output, or on standard error if it was to fail."""
        command = [sys.executable, "-m", "daemon.main", "--config", str(self.folder / "hourkeeper.toml"), *arguments]
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        done = subprocess.run(command, cwd=self.folder, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stderr if code else done.stdout

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - a JSON value
        return json.loads(self(*arguments, "--format", "json"))


@pytest.fixture
def command(tmp_path: Path) -> Command:
    (tmp_path / "hourkeeper.toml").write_text(f'[store]\nurl = "{url_of(tmp_path / "hk.db")}"\n', encoding="utf-8")
    return Command(tmp_path)


@pytest.fixture
def world(tmp_path: Path) -> World:
    schema.prepare(Store(url_of(tmp_path / "hk.db")), upgrading=False)
    made = World(tmp_path / "hk.db")
    made.registers()
    made.now_ms = at("2025-03-03 10:00")
    return made


def with_a_dead_letter(world: World) -> str:
    world.sells("L1", customer=None)
    world.sells("L2", customer=None)
    world.goes_to("2025-03-13 00:00")
    world.gathers()
    claimed = world.outbox.claim(world.now_ms, MINUTE)
    assert claimed is not None
    world.outbox.mark_dead(claimed, "no such user")
    return claimed.letter.letter_id


def test_a_notice_is_shown_with_all_its_letter_tells(world: World, command: Command) -> None:
    letter_id = with_a_dead_letter(world)
    number = str(
        next(row["id"] for row in command.json("notices", "list") if row["letter_id"] and row["machine_id"] == "L2")
    )

    shown = command.json("notices", "show", number)

    assert (shown["state"], shown["recipient"], shown["error"]) == ("dead", "SC7", "no such user")
    assert (shown["letter_id"], shown["attempts"]) == (letter_id, 1)
    assert [each["machine_id"] for each in shown["notices_of_letter"]] == ["L1", "L2"]
    assert command.json("notices", "show", letter_id)["notices_of_letter"] == shown["notices_of_letter"]
    text = command("notices", "show", number)
    assert "no such user" in text
    assert "L1" in text


def test_digests_are_listed_among_the_notices_and_everything_with_each_way_it_goes(
    world: World, command: Command
) -> None:
    boss = Manager("Boss", "boss@maker.example", "en")
    world.tell_by(
        Telling(channel="email", managers=(boss,), entries=(Entry("group", roles=frozenset({Role.MANAGER})),))
    )
    world.sells("L1", customer=None)
    world.goes_to("2025-03-16 00:00")
    world.goes_to("2025-03-17 09:00")  # a Monday, and L1 is overdue
    write_digests(world.keeper, world.now_ms)
    world.gathers()
    while claimed := world.outbox.claim(world.now_ms, MINUTE, "group"):
        world.outbox.mark_dead(claimed, "the group is closed")

    rows = command.json("notices", "list")

    digests = {row["channel"]: row for row in rows if row["occasion"] == "weekly_digest"}
    assert digests.keys() == {"email", "group"}
    assert {row["ways"] for row in digests.values()} == {"email waiting, group dead"}
    assert (digests["group"]["state"], digests["group"]["on"], digests["group"]["id"]) == ("dead", "2025-03-17", None)
    [overdue] = [row for row in rows if (row["occasion"], row["role"]) == ("visit_overdue", "manager")]
    assert (overdue["state"], overdue["ways"]) == ("dead", "email waiting, group dead")
    assert {row["ways"] for row in rows if row["role"] == "service_centre"} == {"email waiting"}
    number = digests["group"]["letter_id"]
    assert [each["channel"] for each in command.json("notices", "show", number)["deliveries"]] == ["email", "group"]
    assert f"letter {number} waits" in command("notices", "retry", number)


def test_a_notice_without_a_letter_is_shown_as_waiting(world: World, command: Command) -> None:
    world.sells("L1", customer=None)
    world.goes_to("2025-03-13 00:00")
    number = str(command.json("notices", "list")[0]["id"])

    assert command.json("notices", "show", number)["state"] == "waiting"
    assert "is in no letter yet" in command("notices", "retry", number, code=1)


def test_a_letter_that_failed_waits_again_after_retry(world: World, command: Command) -> None:
    letter_id = with_a_dead_letter(world)
    with world.keeper.store.read() as connection:
        number = connection.execute(select(notices.c.id).where(notices.c.letter_id == letter_id)).scalars().first()

    assert letter_id in command("notices", "retry", str(number))

    with world.keeper.store.read() as connection:
        row = connection.execute(select(letters)).one()
    assert (row.state, row.attempts) == ("waiting", 0)
    assert "did not fail" in command("notices", "retry", letter_id, code=1)
    assert "there is no notice 99" in command("notices", "retry", "99", code=1)


@pytest.mark.parametrize("name", ["99", "9" * 30, "nobody", "٣"])
def test_an_unknown_notice_is_refused_by_name(world: World, command: Command, name: str) -> None:
    assert f"there is no notice {name}" in command("notices", "show", name, code=1)


def test_a_preview_is_a_letter_about_made_up_machines(command: Command) -> None:
    text = command("notices", "preview", "visit_overdue", "--locale", "en", "--to", "manager")
    assert "overdue" in text.splitlines()[0]
    assert "LG0001" in text
    assert "强保" in command("notices", "preview", "visit_due").splitlines()[0]
    assert "silent_treatment" in command("notices", "preview", "silent_treatment", code=2)


def test_a_preview_as_a_page_has_its_pictures_in_it(command: Command) -> None:
    (command.folder / "hourkeeper.toml").write_text('[web]\npublic_url = "https://hours.example"\n', encoding="utf-8")
    page = command.folder / "letter.html"

    assert command("notices", "preview", "visit_due", "--format", "html", "--out", str(page)) == ""

    html = page.read_text("utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert 'src="data:image/png;base64,iVBOR' in html
    assert "cid:" not in html
    nowhere = str(command.folder / "nowhere" / "letter.html")
    assert "cannot be written" in command("notices", "preview", "visit_due", "--out", nowhere, code=1)


def test_templates_of_an_operator_are_checked_and_used(command: Command) -> None:
    folder = command.folder / "letters"
    (folder / "zh-CN").mkdir(parents=True)
    (command.folder / "hourkeeper.toml").write_text('[notifications]\ntemplates_folder = "letters"\n', encoding="utf-8")
    own = folder / "zh-CN" / "visit_due.j2"
    own.write_text("{% extends layout %}{% block subject %}到期了{% endblock %}", encoding="utf-8")
    assert command("notices", "preview", "visit_due").startswith("到期了\n")
    assert "Mandatory maintenance due" in command("notices", "preview", "visit_due", "--locale", "en")
    assert command("check-config")

    own.write_text("{% extends layout %}\n{% block subject %}{{ nothing }}{% endblock %}", encoding="utf-8")
    (folder / "visit_deu.j2").write_text("", encoding="utf-8")
    complaint = command("check-config", code=2)
    assert f"{own}:2: UndefinedError: 'nothing' is undefined" in complaint
    assert "visit_deu.j2: it replaces nothing" in complaint


def test_a_test_letter_goes_out_at_once(command: Command) -> None:
    script = Script()
    with mail_server(script) as port:
        (command.folder / "hourkeeper.toml").write_text(
            "[notifications.email]\n"
            f'host = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "hourkeeper@maker.example"\n',
            encoding="utf-8",
        )
        assert "sent to me@example.org" in command("notices", "test", "--to", "me@example.org")
        script.rcpt = "550 no such user"
        assert "550 no such user" in command("notices", "test", "--to", "gone@example.org", code=1)
        assert "not an e-mail address" in command("notices", "test", "--to", "a@b.example, c@d.example", code=1)

    [(sender, to, message)] = script.accepted
    assert (sender, to) == ("hourkeeper@maker.example", ["me@example.org"])
    assert "test" in str(message["Subject"])


def test_a_test_letter_goes_by_any_channel(command: Command) -> None:
    answers, refusing = Answers(body=b"queued as 77"), Answers(status=403, body=b"wrong key")
    with receiver(answers) as gateway, receiver(refusing) as group:
        channel = '[[notifications.channels]]\nname = "{}"\nkind = "{}"\nurl = "http://127.0.0.1:{}/"\n{}\n'
        allow = 'allow = ["127.0.0.1"]\n'
        with (command.folder / "hourkeeper.toml").open("a", encoding="utf-8") as file:
            file.write(channel.format("sms", "http", gateway, f"{allow}body = '[{{{{phone}}}}, {{{{subject}}}}]'"))
            file.write(channel.format("group", "wecom", group, allow))
        assert "sent to 138: HTTP 200 OK queued as 77" in command("notices", "test", "sms", "--to", "138")
        assert "group answered HTTP 403 Forbidden wrong key" in command("notices", "test", "group", code=1)
        assert "sms needs --to" in command("notices", "test", "sms", code=2)
        assert "leave out --to" in command("notices", "test", "group", "--to", "138", code=2)
        assert "configured are group, log, sms" in command("notices", "test", "smoke", "--to", "138", code=1)

    assert answers.heard[0].json == ["138", "hourkeeper: test letter / 测试邮件"]


def test_without_a_mail_server_a_test_letter_is_refused(command: Command) -> None:
    assert "set notifications.email.host" in command("notices", "test", "--to", "me@example.org", code=1)


def test_the_forecast_names_what_comes_next(world: World, command: Command) -> None:
    world.now_ms = time.time_ns() // 1_000_000 - DAY
    world.sells("L1")
    world.sells("L2", service_centre="SC8")
    world.stocks("S1")
    handed_over = world.keeper.today(world.now_ms)

    [first] = command.json("forecast", "--days", "9", "--service-centre", "SC7")
    assert first == {
        "machine_id": "L1",
        "model": "LG855N",
        "kind": "mandatory_visit",
        "step": "100",
        "state": None,
        "projected_due_on": (handed_over + timedelta(days=10)).isoformat(),
        "basis": "calendar",
        "threshold_hours": 100,
        "total_hours": 0,
        "hours_a_day": 8,
        "window_days": None,
        "service_centre": "SC7",
        "customer": "张三",
    }
    assert command.json("forecast", "--days", "8") == []
    assert [row["machine_id"] for row in command.json("forecast", "--days", "9")] == ["L1", "L2"]
    ahead = command.json("forecast", "--machine", "L2")
    assert [row["step"] for row in ahead] == ["100", "600", "1200", "1800", "2400", "3000"]
    assert [row["basis"] for row in ahead[1:3]] == ["assumed", "assumed"]
    assert command.json("forecast", "--machine", "S1") == []
    assert "SC8" in command("forecast")
