"""The configuration: what is taken from where, and that every problem is named at once with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import time
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from daemon.config import Config, ConfigError, describe, load, markdown_table
from daemon.config_loading import settings, variable

HOME = {"HOME": "/home/keeper"}
Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, so that no stray hourkeeper.toml is found."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the configuration file, in a folder that is not the working directory."""

    def written(text: str) -> Path:
        path = tmp_path / "etc" / "keeper.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written


def secret(value: SecretStr | None) -> str | None:
    return None if value is None else value.get_secret_value()


def problems(path: Path | None, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path, HOME | (environ or {}))
    return caught.value.problems


def in_file(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    """The problems without the file's name, which each must begin with."""
    found = problems(path, environ)
    assert all(each.startswith(f"{path}: ") for each in found), found
    return [each.removeprefix(f"{path}: ") for each in found]


# --- defaults and search order


def test_runs_without_a_file() -> None:
    config = load(None, HOME)
    assert config.store.url == "sqlite:////home/keeper/.local/state/hourkeeper/hourkeeper.db"
    assert (config.mqtt.host, config.mqtt.port, config.mqtt.protocol) == ("localhost", 1883, "5")
    assert (config.mqtt.keepalive, config.mqtt.receive_maximum, config.mqtt.batch) == (60, 2000, 1000)
    assert config.mqtt.max_payload_bytes == 4096
    assert not config.mqtt.tls.on
    assert (config.web.host, config.web.port, config.web.public_url) == ("127.0.0.1", 8080, None)
    assert (config.influx.url, config.notifications.email.host) == (None, None)
    assert (config.plan.file, config.plan.winter_file) == (None, None)
    assert (config.log.level, config.log.format) == ("info", "text")


def test_default_notifications() -> None:
    told = load(None, HOME).notifications
    assert (told.locale, told.escalate_after_days, told.remind_every_days) == ("zh-CN", 7, 7)
    assert (told.group_wait_s, told.morning_at, told.max_attempts) == (60, time(8), 12)
    assert (told.log, told.managers) == (True, ())


def test_default_source() -> None:
    (source,) = load(None, HOME).mqtt.sources
    assert source.topic == "machines/{machine_id}/hours"
    assert (source.hours, source.at, source.machine_id) == ("hours", "at", None)
    assert (source.unit, source.at_format) == ("h", "iso")


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"STATE_DIRECTORY": "/var/lib/hourkeeper"}, "/var/lib/hourkeeper"),
        ({"STATE_DIRECTORY": "/var/lib/one:/var/lib/two"}, "/var/lib/one"),
        ({"XDG_STATE_HOME": "/state"}, "/state/hourkeeper"),
        ({"XDG_STATE_HOME": "state"}, "/home/keeper/.local/state/hourkeeper"),
        ({"XDG_STATE_HOME": "/state", "STATE_DIRECTORY": "/var/lib/one"}, "/var/lib/one"),
    ],
)
def test_default_store(environ: dict[str, str], folder: str) -> None:
    assert load(None, HOME | environ).store.url == f"sqlite:///{folder}/hourkeeper.db"


def test_no_home_is_a_problem_only_without_a_store_url(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(ConfigError, match=r"HOURKEEPER_STORE__URL: needed: Could not determine home"):
        load(None, {})
    assert load(None, {"HOURKEEPER_STORE__URL": "sqlite:////d/x.db"}).store.url == "sqlite:////d/x.db"


def test_file_in_the_working_directory_is_found(here: Path) -> None:
    (here / "hourkeeper.toml").write_text("mqtt.port = 1001")
    assert load(None, HOME).mqtt.port == 1001


def test_search_order(here: Path, tmp_path: Path, write: Write) -> None:
    (here / "hourkeeper.toml").write_text("mqtt.port = 1001")
    named = tmp_path / "named.toml"
    named.write_text("mqtt.port = 1002")
    environ = HOME | {"HOURKEEPER_CONFIG": str(named)}
    assert load(None, environ).mqtt.port == 1002
    assert load(write("mqtt.port = 1003"), environ).mqtt.port == 1003
    assert load(None, HOME | {"HOURKEEPER_CONFIG": ""}).mqtt.port == 1001


def test_missing_named_files_are_problems(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    expected = [f"{missing}: cannot be read: No such file or directory"]
    assert problems(missing) == expected
    assert problems(None, {"HOURKEEPER_CONFIG": str(missing)}) == expected


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert problems(tmp_path) == [f"{tmp_path}: cannot be read: Is a directory"]


def test_broken_link_in_the_working_directory_is_not_overlooked(here: Path) -> None:
    (here / "hourkeeper.toml").symlink_to(here / "gone.toml")
    assert problems(None) == ["hourkeeper.toml: cannot be read: No such file or directory"]


# --- the file's text


def test_syntax_error_names_file_and_line(write: Write) -> None:
    path = write('[mqtt]\nhost = "a"\nport = = 5\n')
    assert problems(path) == [f"{path}: not TOML: Invalid value (at line 3, column 8)"]


def test_syntax_error_at_the_end_names_the_line(write: Write) -> None:
    (problem,) = in_file(write('[mqtt]\n\nhost = """a'))
    assert "at line 3, the end" in problem


def test_other_encodings(write: Write) -> None:
    path = write("")
    path.write_bytes(b"[mqtt]\n# \xb9\xa4\n")
    assert in_file(path) == ["not UTF-8 text (at line 2)"]
    path.write_text("mqtt.port = 7\r\n", encoding="utf-8-sig")
    assert load(path, HOME).mqtt.port == 7


def test_a_broken_file_hides_no_problem_of_the_environment(write: Write) -> None:
    path = write("[influx\nurl = 'http://db'")
    environ = {"HOURKEEPER_MQTT__PORT": "x", "HOURKEEPER_WEB__LISTEN": "here", "HOURKEEPER_INFLUX__ORG": "o"}
    found = problems(path, environ)
    assert [each.split(": ")[0] for each in found] == [
        str(path),
        "HOURKEEPER_MQTT__PORT",
        "HOURKEEPER_WEB__LISTEN",
    ]  # and nothing of influx.url, which is in the file


def test_endless_nesting_is_refused(write: Write) -> None:
    assert in_file(write("a = " + "[" * 20_000)) == ["not TOML: nested too deeply"]
    (problem,) = problems(None, {"HOURKEEPER_MQTT": "[" * 100_000})
    assert problem.startswith("HOURKEEPER_MQTT: should be a JSON table {...}: ")


def test_text_that_is_no_unicode_is_refused() -> None:
    (problem,) = problems(None, {"HOURKEEPER_MQTT__HOST": "a\udcff"})
    assert problem.startswith("HOURKEEPER_MQTT__HOST: ")


# --- every problem at once


def test_all_problems_of_a_file_at_once(write: Write, tmp_path: Path) -> None:
    path = write("""
        colour = "red"
        [store]
        url = "mysql://db/x"
        [mqtt]
        hots = "broker"
        port = "1883"
        keepalive = 70000
        password_file = "secret.txt"
        group = "all"
        batch = 3000
        [mqtt.tls]
        cert_file = "cert.pem"
        [[mqtt.sources]]
        topic = "machines/x{machine_id}/hours"
        unit = "days"
        [[mqtt.sources]]
        topic = "machines/hours"
        hour = "h"
        [plan]
        file = "plan.toml"
        winter_file = 7
        [influx]
        url = "http://db:8086"
        [web]
        listen = "8080"
        [notifications]
        locale = "de"
        morning_at = "8 o'clock"
        managers = [{ email = "a@b@c", regions = [23] }]
        [notifications.email]
        host = "mail"
        security = "ssl"
        username = "u"
        [log]
        level = "loud"
    """)
    etc = tmp_path / "etc"
    assert in_file(path) == [
        "store.url: should be an SQLAlchemy URL starting with sqlite:// or postgresql://",
        "mqtt.port: should be a whole number, not text",
        f"mqtt.password_file: cannot read {etc}/secret.txt: No such file or directory",
        "mqtt.slot: needed because group is set",
        "mqtt.keepalive: should be less than or equal to 65535",
        "mqtt.batch: should be at most receive_maximum, 2000",
        f"mqtt.tls.cert_file: cannot read {etc}/cert.pem: No such file or directory",
        "mqtt.tls.key_file: needed because cert_file is set",
        "mqtt.sources.0.topic: should have {machine_id} as a whole level and no other braces",
        "mqtt.sources.0.unit: should be 'h', 'min', 's', 'ms', '0.05h' or 'hms'",
        "mqtt.sources.1.topic: should have the level {machine_id}, unless machine_id is set",
        "mqtt.sources.1.hour: unknown key; did you mean hours?",
        "mqtt.hots: unknown key; did you mean host?",
        f"plan.file: cannot read {etc}/plan.toml: No such file or directory",
        "plan.winter_file: should be a path, not a whole number",
        "influx.org: needed because url is set",
        "influx.bucket: needed because url is set",
        "influx.token_file: needed because url is set",
        "web.listen: should be host:port, such as 127.0.0.1:8080 or [::1]:8080",
        "notifications.locale: should be 'zh-CN' or 'en'",
        'notifications.morning_at: should be a time of day such as "08:00"',
        "notifications.managers.0.name: needed",
        "notifications.managers.0.email: should be one plain ASCII e-mail address, such as name@example.com",
        "notifications.managers.0.regions.0: should be text, not a whole number",
        "notifications.email.security: should be 'none', 'starttls' or 'tls'",
        "notifications.email.password_file: needed because username is set",
        "notifications.email.sender: needed because host is set",
        "log.level: should be 'debug', 'info', 'warning' or 'error'",
        "colour: unknown key",
    ]


def test_problems_of_file_and_environment_come_together(write: Write) -> None:
    path = write("[mqtt]\nport = 0\n[web]\nlisten = 5")
    environ = {
        "HOURKEEPER_MQTT__KEEPALIVE": "soon",
        "HOURKEEPER_MQT__HOST": "a",
        "HOURKEEPER_LOG__LEVEL": "x",
    }
    assert problems(path, environ) == [
        "HOURKEEPER_MQTT__KEEPALIVE: should be a valid integer, unable to parse string as an integer",
        "HOURKEEPER_MQT__HOST: unknown variable; did you mean HOURKEEPER_MQTT__HOST?",
        f"{path}: mqtt.port: should be greater than or equal to 1",
        f"{path}: web.listen: should be text, not a whole number",
        "HOURKEEPER_LOG__LEVEL: should be 'debug', 'info', 'warning' or 'error'",
    ]


def test_the_error_prints_one_problem_a_line(write: Write) -> None:
    path = write("a = 1\nb = 2")
    with pytest.raises(ConfigError) as caught:
        load(path, HOME)
    assert str(caught.value) == f"{path}: a: unknown key\n{path}: b: unknown key"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mqtt = 5", "mqtt: should be a table, not a whole number"),
        ("mqtt.sources = {}", "mqtt.sources: should be a list, not a table"),
        ("mqtt.sources = []", "mqtt.sources: should have at least one source"),
        ("mqtt.port = true", "mqtt.port: should be a whole number, not a boolean"),
        ("mqtt.port = 1.0", "mqtt.port: should be a whole number, not a number"),
        ("notifications.log = 1", "notifications.log: should be true or false, not a whole number"),
        ("notifications.group_wait_s = nan", "notifications.group_wait_s: should be a finite number"),
        ("notifications.group_wait_s = '60'", "notifications.group_wait_s: should be a number, not text"),
        ('"a\\nb" = 1', "'a\\nb': unknown key"),
        ("mqtt.password = 'x'", "mqtt.password: unknown key; did you mean password_file?"),
        ("mqtt.password_file = 5", "mqtt.password_file: should be text, not a whole number"),
        ("mqtt.username = ' '", "mqtt.username: should be text, not blank and without control characters"),
    ],
)
def test_wrong_kinds(write: Write, text: str, problem: str) -> None:
    assert in_file(write(text)) == [problem]


# --- ranges and forms of single values


@pytest.mark.parametrize(
    ("key", "lowest", "highest"),
    [
        ("mqtt.port", 1, 65535),
        ("mqtt.keepalive", 5, 65535),
        ("mqtt.receive_maximum", 1, 65535),
        ("mqtt.batch", 1, 2000),
        ("mqtt.max_payload_bytes", 64, 1048576),
        ("notifications.escalate_after_days", 1, 365),
        ("notifications.remind_every_days", 1, 365),
        ("notifications.group_wait_s", 0, 3600),
        ("notifications.max_attempts", 1, 1000),
        ("notifications.email.port", 1, 65535),
    ],
)
def test_ranges(write: Write, key: str, lowest: int, highest: int) -> None:
    for fits in (lowest, highest):
        load(write(f"{key} = {fits}"), HOME)
    for beyond in (lowest - 1, highest + 1):
        (problem,) = in_file(write(f"{key} = {beyond}"))
        assert problem.startswith(f"{key}: should be ")


@pytest.mark.parametrize(("key", "least"), [("retention.readings_days", 366), ("retention.payloads_days", 30)])
def test_what_is_kept_is_kept_long_enough_or_for_ever(write: Write, key: str, least: int) -> None:
    for fits in (0, least, 36_525):
        load(write(f"{key} = {fits}"), HOME)
    for beyond in (-1, 1, least - 1, 36_526):
        assert in_file(write(f"{key} = {beyond}")) == [f"{key}: should be {least} to 36525, or 0 for ever"]


@pytest.mark.parametrize(
    ("written", "version"),
    [("5", "5"), ("4", "3.1.1"), ('"5"', "5"), ('"4"', "3.1.1"), ('"3.1.1"', "3.1.1")],
)
def test_protocol(write: Write, written: str, version: str) -> None:
    assert load(write(f"mqtt.protocol = {written}"), HOME).mqtt.protocol == version


@pytest.mark.parametrize("written", ["3", "5.0", "true", '"3.1"', "[5]"])
def test_other_protocols_are_refused(write: Write, written: str) -> None:
    assert in_file(write(f"mqtt.protocol = {written}")) == ["mqtt.protocol: should be '5' or '3.1.1'"]


def test_batch_follows_a_smaller_window(write: Write) -> None:
    assert load(write("mqtt.receive_maximum = 300"), HOME).mqtt.batch == 300
    assert load(write("mqtt.receive_maximum = 5000"), HOME).mqtt.batch == 1000
    path = write("mqtt.receive_maximum = 300\nmqtt.batch = 301")
    assert in_file(path) == ["mqtt.batch: should be at most receive_maximum, 300"]


def test_a_problem_is_named_once(write: Write) -> None:
    assert in_file(write("mqtt.receive_maximum = 0")) == ["mqtt.receive_maximum: should be greater than or equal to 1"]
    assert in_file(write("notifications.email.security = 1")) == [
        "notifications.email.security: should be 'none', 'starttls' or 'tls'"
    ]


def test_group_needs_slot_and_slot_names_the_session(write: Write) -> None:
    assert in_file(write("mqtt.group = 'all'")) == ["mqtt.slot: needed because group is set"]
    mqtt = load(write("[mqtt]\ngroup = 'all'\nslot = '2'\nclient_id = 'hk'"), HOME).mqtt
    assert mqtt.full_client_id == "hk-2"
    assert load(None, HOME).mqtt.full_client_id == "hourkeeper"


@pytest.mark.parametrize("slot", ["", "a/b", "+", "#", "a b", "x" * 65])
def test_slot_fits_a_topic(write: Write, slot: str) -> None:
    assert in_file(write(f"mqtt.slot = '{slot}'")) == ["mqtt.slot: should be 1 to 64 of A-Z a-z 0-9 . _ -"]


@pytest.mark.parametrize(
    "topic",
    ["{machine_id}", "a/{machine_id}", "+/{machine_id}/#", "$aws/things/{machine_id}/shadow/update"],
)
def test_topics(write: Write, topic: str) -> None:
    (source,) = load(write(f"[[mqtt.sources]]\ntopic = '{topic}'"), HOME).mqtt.sources
    assert source.topic == topic


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("a/b", "should have the level {machine_id}, unless machine_id is set"),
        ("a/{machine_id}/{machine_id}", "should have {machine_id} once only"),
        ("a/{machine_id}x", "should have {machine_id} as a whole level and no other braces"),
        ("a/{machine_id}/{yard}", "should have {machine_id} as a whole level and no other braces"),
        ("a/b+/{machine_id}", "should have + only as a whole level and # only as the last one"),
        ("#/{machine_id}", "should have + only as a whole level and # only as the last one"),
        ("$share/g/{machine_id}", "should not start with $share: set mqtt.group"),
        ("", "should be text, not blank and without control characters"),
    ],
)
def test_topics_refused(write: Write, topic: str, reason: str) -> None:
    path = write(f"[[mqtt.sources]]\ntopic = '{topic}'")
    assert in_file(path) == [f"mqtt.sources.0.topic: {reason}"]


_NAMELESS = "topic: should have the level {machine_id}, unless machine_id is set"
_BYTES = "hours_bytes: should be the first byte and the one after the last, at most 8, such as 0:4"
_SPARKPLUG = "topic: should be spBv1.0/+/+/+/{machine_id}, or of edge nodes spBv1.0/+/+/{machine_id}"


def test_sources(write: Write) -> None:
    path = write("""
        [[mqtt.sources]]
        topic = "v1/gateway/telemetry"
        machine_id = "device"
        hours = "values.engine"
        at = "ts"
        unit = "0.05h"
        at_format = "ms"
        [[mqtt.sources]]
        topic = "box/{machine_id}"
    """)
    first, second = load(path, HOME).mqtt.sources
    assert (first.machine_id, first.hours, first.at) == ("device", "values.engine", "ts")
    assert (first.unit, first.at_format) == ("0.05h", "ms")
    assert (second.topic, second.hours, second.unit) == ("box/{machine_id}", "hours", "h")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("payload = 'bytes'\ntopic = 'x/{machine_id}'", "hours_bytes: needed because payload is set"),
        ("payload = 'bytes'\ntopic = 'x'\nmachine_id = 'm'\nhours_bytes = '0:4'", _NAMELESS),
        ("payload = 'xml'\ntopic = 'x/{machine_id}'", "payload: should be 'json', 'bytes' or 'sparkplug_b'"),
        ("hours_bytes = '4:4'\ntopic = 'x/{machine_id}'", _BYTES),
        ("hours_bytes = '0:9'\ntopic = 'x/{machine_id}'", _BYTES),
        ("hours_bytes = '0-4'\ntopic = 'x/{machine_id}'", _BYTES),
        ("payload = 'sparkplug_b'\ntopic = 'spBv1.0/G/DDATA/E/{machine_id}'", _SPARKPLUG),
        ("payload = 'sparkplug_b'\ntopic = 'x/{machine_id}'", _SPARKPLUG),
    ],
)
def test_what_is_wrong_about_a_box_is_said(write: Write, lines: str, problem: str) -> None:
    assert in_file(write(f"[[mqtt.sources]]\n{lines}")) == [f"mqtt.sources.0.{problem}"]


def test_a_level_of_the_path_may_name_the_machine(write: Write) -> None:
    path = write("[[mqtt.sources]]\ntopic = 'v1/gateway/telemetry'\nhours = '{machine_id}.values.h'")
    assert load(path, HOME).mqtt.sources[0].hours == "{machine_id}.values.h"


def test_a_source_needs_its_topic(write: Write) -> None:
    assert in_file(write("[[mqtt.sources]]\nhours = 'h'")) == ["mqtt.sources.0.topic: needed"]


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [("10.0.0.1:80", "10.0.0.1", 80), ("[::1]:0", "::1", 0), ("a.b:65535", "a.b", 65535)],
)
def test_listen(write: Write, listen: str, host: str, port: int) -> None:
    web = load(write(f"web.listen = '{listen}'"), HOME).web
    assert (web.host, web.port) == (host, port)


@pytest.mark.parametrize("listen", ["8080", ":8080", "a:", "a:65536", "a:-1", "::1:80", "a b:80", "a:８０"])
def test_listen_refused(write: Write, listen: str) -> None:
    assert len(in_file(write(f"web.listen = '{listen}'"))) == 1


@pytest.mark.parametrize(
    "url",
    [
        "example.com",
        "ftp://a",
        "http://",
        "https://u:p@a",
        "http://a?b=c",
        "http://a b",
        "http://a:0",
        "http://a:x",
    ],
)
def test_addresses_of_pages_refused(write: Write, url: str) -> None:
    (problem,) = in_file(write(f"web.public_url = '{url}'"))
    assert problem.startswith("web.public_url: ")


def test_public_url_has_no_slash_at_the_end(write: Write) -> None:
    assert load(write("web.public_url = 'https://a/b/'"), HOME).web.public_url == "https://a/b"


@pytest.mark.parametrize(
    "address",
    ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b,c@d", "a@b\\n", "李@b.cn", "<a@b>", "a@b;c", "a\\u0000@b"],
)
def test_mail_addresses_refused(write: Write, address: str) -> None:
    path = write(f'[[notifications.managers]]\nname = "M"\nemail = "{address}"')
    assert in_file(path) == [
        "notifications.managers.0.email: should be one plain ASCII e-mail address, such as name@example.com"
    ]


def test_managers(write: Write) -> None:
    path = write("""
        [[notifications.managers]]
        name = "王"
        email = "w@example.cn"
        [[notifications.managers]]
        name = "Ann"
        email = "ann+x@example.com"
        locale = "en"
        service_centres = ["C1", "C2"]
        regions = ["23"]
    """)
    first, second = load(path, HOME).notifications.managers
    assert (first.name, first.locale, first.service_centres, first.regions) == ("王", None, (), ())
    assert (second.email, second.locale) == ("ann+x@example.com", "en")
    assert (second.service_centres, second.regions) == (("C1", "C2"), ("23",))


@pytest.mark.parametrize("written", ['"06:30"', "06:30:00"])
def test_morning(write: Write, written: str) -> None:
    config = load(write(f"notifications.morning_at = {written}"), HOME)
    assert config.notifications.morning_at == time(6, 30)


@pytest.mark.parametrize("written", ['"24:00"', '"6:30"', '"06:30:00"', "630", '"06:3０"'])
def test_morning_refused(write: Write, written: str) -> None:
    assert len(in_file(write(f"notifications.morning_at = {written}"))) == 1


@pytest.mark.parametrize(("security", "port"), [("none", 25), ("starttls", 587), ("tls", 465)])
def test_mail_port_follows_security(write: Write, security: str, port: int) -> None:
    text = f"[notifications.email]\nhost = 'mail'\nsender = 'hk@x'\nsecurity = '{security}'\n"
    assert load(write(text), HOME).notifications.email.port == port
    assert load(write(text + "port = 2525"), HOME).notifications.email.port == 2525


def test_mail_keys_belong_together(write: Write) -> None:
    assert in_file(write("notifications.email.sender = 'a@b'")) == [
        "notifications.email.sender: should not be set without host"
    ]
    path = write("notifications.email.password_file = 'p'")
    path.with_name("p").write_text("x")
    assert in_file(path) == ["notifications.email.password_file: should not be set without username"]


@pytest.mark.parametrize("key", ["url", "org", "bucket", "token_file"])
def test_influx_keys_belong_together(write: Write, key: str) -> None:
    values = {"url": "http://db:8086", "org": "o", "bucket": "b", "token_file": "t"}
    path = write("[influx]\n" + "\n".join(f"{each} = '{text}'" for each, text in values.items() if each != key))
    path.with_name("t").write_text("token")
    found = in_file(path)
    if key == "url":
        assert found == [f"influx.{each}: should not be set without url" for each in values if each != "url"]
    else:
        assert found == [f"influx.{key}: needed because url is set"]


def test_a_wrong_url_still_counts_as_set(write: Write) -> None:
    assert [each.split(":")[0] for each in in_file(write("influx.url = 5"))] == [
        "influx.url",
        "influx.org",
        "influx.bucket",
        "influx.token_file",
    ]


def test_certificate_and_key_go_together(write: Write) -> None:
    for one, other in (
        ("cert_file", "needed because cert_file is set"),
        ("key_file", "should not be set without"),
    ):
        path = write(f"mqtt.tls.{one} = 'pem'")
        path.with_name("pem").write_text("x")
        (problem,) = in_file(path)
        assert problem.startswith(f"mqtt.tls.key_file: {other}")
    tls = load(write("[mqtt.tls]\ncert_file = 'pem'\nkey_file = 'pem'"), HOME).mqtt.tls
    assert tls.on


# --- paths


FILES = ["mqtt.tls.ca_file", "plan.file", "plan.winter_file"]


@pytest.mark.parametrize("key", FILES)
def test_paths_count_from_the_files_folder(write: Write, key: str) -> None:
    path = write(f"{key} = 'sub/x'")
    (path.parent / "sub").mkdir()
    (path.parent / "sub" / "x").write_text("x")
    value: object = load(path, HOME)
    for word in key.split("."):
        value = getattr(value, word)
    assert value == path.parent / "sub" / "x"


def test_a_file_named_relatively_counts_from_its_folder(here: Path) -> None:
    (here / "conf").mkdir()
    (here / "conf" / "p.toml").write_text("x")
    (here / "conf" / "hk.toml").write_text("plan.file = 'p.toml'")
    assert load(Path("conf/hk.toml"), HOME).plan.file == here / "conf" / "p.toml"


def test_paths_of_the_environment_count_from_the_working_directory(here: Path, write: Write) -> None:
    (here / "p.toml").write_text("x")
    (here / "ca.pem").write_text("x")
    environ = {
        "HOURKEEPER_PLAN__FILE": "p.toml",
        "HOURKEEPER_MQTT": json.dumps({"tls": {"ca_file": "ca.pem"}}),
    }
    config = load(write(""), HOME | environ)
    assert (config.plan.file, config.mqtt.tls.ca_file) == (here / "p.toml", here / "ca.pem")


def test_absolute_paths_stay(write: Write, here: Path) -> None:
    (here / "p.toml").write_text("x")
    assert load(write(f"plan.file = '{here}/p.toml'"), HOME).plan.file == here / "p.toml"


@pytest.mark.parametrize(
    ("url", "resolved"),
    [
        ("sqlite:///x.db", "sqlite:///{etc}/x.db"),
        ("sqlite+pysqlite:///d/x.db?timeout=3", "sqlite+pysqlite:///{etc}/d/x.db?timeout=3"),
        ("sqlite:////abs/x.db", "sqlite:////abs/x.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///file:x?uri=true", "sqlite:///file:x?uri=true"),
        ("postgresql://u:p@db/hk", "postgresql://u:p@db/hk"),
        ("postgresql+psycopg://db/hk", "postgresql+psycopg://db/hk"),
    ],
)
def test_store_urls(write: Write, url: str, resolved: str) -> None:
    path = write(f"store.url = '{url}'")
    assert load(path, HOME).store.url == resolved.format(etc=path.parent)


@pytest.mark.parametrize("url", ["", "x.db", "mysql://db/x", "postgres://db/x", "/var/lib/x.db"])
def test_store_urls_refused(write: Write, url: str) -> None:
    assert len(in_file(write(f"store.url = '{url}'"))) == 1


def test_what_is_no_file_is_refused(write: Write) -> None:
    path = write("plan.file = '.'\nplan.winter_file = ''\nmqtt.tls.ca_file = 'a\\u0000b'".replace("'", '"'))
    assert in_file(path) == [
        "mqtt.tls.ca_file: embedded null byte",
        f"plan.file: {path.parent} is not a file",
        f"plan.winter_file: {path.parent} is not a file",
    ]


def test_unreadable_files_are_refused(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "p").write_text("x")

    def denied(self: Path, mode: str) -> None:  # root, who runs the tests in containers, is denied nothing
        raise PermissionError(13, "Permission denied", str(self), mode)

    monkeypatch.setattr(Path, "open", denied)
    names = ["HOURKEEPER_MQTT__PASSWORD_FILE", "HOURKEEPER_PLAN__FILE"]
    expected = [f"{name}: cannot read {here}/p: Permission denied" for name in names]
    assert problems(None, dict.fromkeys(names, "p")) == expected


# --- environment


@pytest.mark.parametrize("key", [each.key for each in settings(Config) if not each.in_list and not each.table])
def test_every_key_has_a_variable(key: tuple[str, ...]) -> None:
    name = variable(key)
    found = problems(None, {name: "\x00"})  # which is no value of any key
    assert any(each.startswith(f"{name}: ") for each in found), found
    assert not any("unknown" in each for each in found)


@pytest.mark.parametrize("key", [each.key for each in settings(Config) if each.table])
def test_every_table_has_a_variable(key: tuple[str, ...]) -> None:
    assert load(None, HOME | {variable(key): "{}"}) == load(None, HOME)


def test_variables_override_the_file(write: Write) -> None:
    path = write("[mqtt]\nhost = 'a'\nport = 1\n[notifications]\nlog = true\n[notifications.email]\ntimeout_s = 5")
    environ = {
        "HOURKEEPER_MQTT__HOST": "b",
        "HOURKEEPER_NOTIFICATIONS__LOG": "false",
        "HOURKEEPER_NOTIFICATIONS__EMAIL__TIMEOUT_S": "2.5",
        "HOURKEEPER_NOTIFICATIONS__MORNING_AT": "06:15",
        "HOURKEEPER_MQTT__PROTOCOL": "4",
    }
    config = load(path, HOME | environ)
    assert (config.mqtt.host, config.mqtt.port, config.mqtt.protocol) == ("b", 1, "3.1.1")
    assert (config.notifications.log, config.notifications.morning_at) == (False, time(6, 15))
    assert config.notifications.email.timeout_s == 2.5


def test_text_that_looks_like_a_number_stays_text() -> None:
    mqtt = load(None, HOME | {"HOURKEEPER_MQTT__USERNAME": "1883", "HOURKEEPER_MQTT__SLOT": "2"}).mqtt
    assert (mqtt.username, mqtt.slot) == ("1883", "2")


def test_tables_and_lists_come_as_json(write: Write) -> None:
    path = write("[mqtt]\nhost = 'a'\nport = 1\n[[mqtt.sources]]\ntopic = 'x/{machine_id}'")
    environ = {
        "HOURKEEPER_MQTT": '{"port": 2, "keepalive": 30, "tls": {}}',
        "HOURKEEPER_MQTT__KEEPALIVE": "40",
        "HOURKEEPER_MQTT__SOURCES": '[{"topic": "y/{machine_id}", "unit": "min"}]',
        "HOURKEEPER_NOTIFICATIONS__MANAGERS": '[{"name": "M", "email": "m@x"}]',
    }
    config = load(path, HOME | environ)
    assert (config.mqtt.host, config.mqtt.port, config.mqtt.keepalive) == ("a", 2, 40)
    assert [(each.topic, each.unit) for each in config.mqtt.sources] == [("y/{machine_id}", "min")]
    assert config.notifications.managers[0].email == "m@x"


def test_json_is_strict_and_its_problems_carry_the_variable() -> None:
    managers = "HOURKEEPER_NOTIFICATIONS__MANAGERS"
    environ = {
        "HOURKEEPER_MQTT": '{"port": "2", "prot": 1, "tls": {"ca_file": "/no"}, "host": {"a": 1}}',
        "HOURKEEPER_MQTT__SOURCES": '[{"topic": "a"}]',
        "HOURKEEPER_WEB": "[]",
        managers: "[oops",
    }
    assert problems(None, environ) == [
        "HOURKEEPER_WEB: should be a JSON table {...}",
        f"{managers}: should be a JSON list [...]: Expecting value: line 1 column 2 (char 1)",
        "HOURKEEPER_MQTT: host: should be text, not a table",
        "HOURKEEPER_MQTT: port: should be a whole number, not text",
        "HOURKEEPER_MQTT: tls.ca_file: cannot read /no: No such file or directory",
        "HOURKEEPER_MQTT__SOURCES: 0.topic: should have the level {machine_id}, unless machine_id is set",
        "HOURKEEPER_MQTT: prot: unknown key; did you mean port?",
    ]


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("no", False), ("OFF", False)])
def test_booleans_of_the_environment(text: str, value: bool) -> None:
    assert load(None, HOME | {"HOURKEEPER_NOTIFICATIONS__LOG": text}).notifications.log is value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("HOURKEEPER_MQTT__PORT", "70000"),
        ("HOURKEEPER_MQTT__PORT", ""),
        ("HOURKEEPER_MQTT__PORT", "1e3"),
        ("HOURKEEPER_MQTT__HOST", ""),
        ("HOURKEEPER_NOTIFICATIONS__LOG", "perhaps"),
        ("HOURKEEPER_NOTIFICATIONS__GROUP_WAIT_S", "inf"),
        ("HOURKEEPER_PLAN__FILE", "missing.toml"),
        ("HOURKEEPER_STORE__URL", ""),
        ("HOURKEEPER_mqtt__host", "a"),
        ("HOURKEEPER_MQTT__SOURCES__0__TOPIC", "a"),
        ("HOURKEEPER_", "a"),
    ],
)
def test_wrong_variables_are_named(name: str, text: str) -> None:
    (problem,) = problems(None, {name: text})
    assert problem.startswith(f"{name}: ")


def test_an_empty_variable_unsets_what_may_be_unset(write: Write) -> None:
    path = write("mqtt.username = 'u'")
    assert load(path, HOME | {"HOURKEEPER_MQTT__USERNAME": ""}).mqtt.username is None


def test_an_empty_variable_is_the_value_of_what_may_not_be_unset() -> None:
    reason = "should be text, not blank and without control characters"
    assert problems(None, {"HOURKEEPER_MQTT__HOST": ""}) == [f"HOURKEEPER_MQTT__HOST: {reason}"]


def test_only_an_unreadable_table_leaves_open_what_is_missing() -> None:
    group, name = {"HOURKEEPER_MQTT__GROUP": "g"}, "HOURKEEPER_MQTT__SLOT"
    assert len(problems(None, group | {"HOURKEEPER_MQTT": "{oops"})) == 1
    for wrong in ({"HOURKEEPER_MQTT__PORT": "x"}, {"HOURKEEPER_MQTT__SOURCES": "[oops"}):
        assert f"{name}: needed because group is set" in problems(None, group | wrong)


def test_what_is_missing_without_a_file_is_named_as_a_variable() -> None:
    assert problems(None, {"HOURKEEPER_MQTT__GROUP": "g"}) == ["HOURKEEPER_MQTT__SLOT: needed because group is set"]


def test_other_peoples_variables_do_not_matter() -> None:
    assert load(None, HOME | {"MQTT__HOST": "x", "HOURKEEPERS_MQTT": "x", "hourkeeper_mqtt": "x"}).mqtt.port == 1883


def test_a_table_of_the_wrong_kind_stays_a_problem(write: Write) -> None:
    path = write("mqtt = 5")
    assert problems(path, {"HOURKEEPER_MQTT__TLS__CA_FILE": "/x"}) == [
        f"{path}: mqtt: should be a table, not a whole number"
    ]


# --- secrets


def test_secrets_are_read_without_their_newline(write: Write) -> None:
    path = write("[mqtt]\nusername = 'u'\npassword_file = 'p'")
    for content, expected in (
        (b"canary\n", "canary"),
        (b"canary\r\n", "canary"),
        (b" a b ", " a b "),
        ("密".encode(), "密"),
    ):
        path.with_name("p").write_bytes(content)
        assert secret(load(path, HOME).mqtt.password) == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"x" * 65537, "is too long for a secret"),
    ],
)
def test_useless_secrets_are_refused(write: Write, content: bytes, reason: str) -> None:
    path = write("mqtt.password_file = 'p'")
    path.with_name("p").write_bytes(content)
    assert in_file(path) == [f"mqtt.password_file: {path.with_name('p')} {reason}"]


def test_secrets_show_nowhere(write: Write) -> None:
    path = write("""
        store.url = "postgresql://u:canary@db/hk"
        [mqtt]
        password_file = "p"
        [influx]
        url = "http://db"
        org = "o"
        bucket = "b"
        token_file = "p"
        [notifications.email]
        host = "mail"
        sender = "a@b"
        username = "u"
        password_file = "p"
    """)
    path.with_name("p").write_text("canary\n")
    config = load(path, HOME)
    held = (config.mqtt.password, config.influx.token, config.notifications.email.password)
    assert [secret(each) for each in held] == ["canary"] * 3
    assert "canary" not in repr(config) + str(config)
    assert "canary" not in config.model_dump_json(exclude={"store"})


def test_problems_do_not_quote_secrets(write: Write) -> None:
    path = write("mqtt.password = 'canary'\nstore.url = 'mysql://u:canary@db/x'")
    with pytest.raises(ConfigError) as caught:
        load(path, HOME | {"HOURKEEPER_MQTT__PASSWORD": "canary"})
    assert len(caught.value.problems) == 3
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    """What systemd's LoadCredential= makes."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    for name in ("mqtt.password", "influx.token", "notifications.email.password"):
        (folder / name).write_text(f"{name} canary\n")
    return folder


def test_credentials_stand_in_for_secrets(write: Write, credentials: Path) -> None:
    path = write("""
        [influx]
        url = "http://db"
        org = "o"
        bucket = "b"
        [notifications.email]
        host = "mail"
        sender = "a@b"
        username = "u"
    """)
    config = load(path, HOME | {"CREDENTIALS_DIRECTORY": str(credentials)})
    assert secret(config.mqtt.password) == "mqtt.password canary"
    assert secret(config.influx.token) == "influx.token canary"
    assert secret(config.notifications.email.password) == "notifications.email.password canary"
    assert "canary" not in repr(config)


def test_credentials_of_what_is_off_do_not_matter(credentials: Path) -> None:
    config = load(None, HOME | {"CREDENTIALS_DIRECTORY": str(credentials), "HOURKEEPER_INFLUX__URL": ""})
    assert (config.influx.token, config.notifications.email.password) == (None, None)


def test_a_key_wins_over_a_credential(write: Write, credentials: Path) -> None:
    path = write("mqtt.password_file = 'p'")
    path.with_name("p").write_text("mine")
    environ = HOME | {"CREDENTIALS_DIRECTORY": str(credentials)}
    assert secret(load(path, environ).mqtt.password) == "mine"
    assert load(path, environ | {"HOURKEEPER_MQTT__PASSWORD_FILE": ""}).mqtt.password is None


def test_no_credentials_no_secrets(tmp_path: Path) -> None:
    assert load(None, HOME | {"CREDENTIALS_DIRECTORY": str(tmp_path)}).mqtt.password is None


def test_a_useless_credential_is_named(credentials: Path) -> None:
    file = credentials / "mqtt.password"
    file.write_text("")
    assert problems(None, {"CREDENTIALS_DIRECTORY": str(credentials)}) == [
        f"{file}: mqtt.password_file: {file} is empty"
    ]


def test_credentials_that_cannot_be_looked_at_are_not_overlooked() -> None:
    folder = "/" + "x" * 300
    (problem,) = problems(None, {"CREDENTIALS_DIRECTORY": folder})
    assert problem.endswith(f"cannot read {folder}/mqtt.password: File name too long")


# --- the object and its description


def test_nothing_can_be_changed_afterwards() -> None:
    config = load(None, HOME)
    with pytest.raises(ValidationError, match="frozen"):
        config.mqtt.port = 5  # type: ignore[misc]


def test_every_key_is_described() -> None:
    rows = {key: (default, meaning) for key, default, meaning in describe()}
    assert len(rows) == len(describe())
    assert all(default and meaning for default, meaning in rows.values())
    assert rows["mqtt.port"][0] == "1883"
    assert rows["mqtt.username"][0] == "–"
    assert rows["mqtt.sources[].topic"][0] == "required"
    assert rows["plan.file"][0] == "shipped"
    assert rows["notifications.log"][0] == "true"
    assert rows["notifications.morning_at"][0] == "08:00"
    assert rows["notifications.group_wait_s"][0] == "60"
    assert rows["notifications.managers[].locale"][0] == "notifications.locale"
    assert {"mqtt.password_file", "influx.token_file", "mqtt.tls.ca_file"} <= rows.keys()
    assert not {"mqtt", "mqtt.password", "influx.token"} & rows.keys()


def test_described_defaults_are_the_defaults() -> None:
    """Written back as TOML-like text into the environment, the described defaults change nothing."""
    words = {"required", "shipped", "off", "none", "–"}
    plain = {
        key: default
        for key, default, _ in describe()
        if "[]" not in key and default not in words and " " not in default
    }
    environ = {variable(tuple(key.split("."))): default for key, default in plain.items()}
    assert len(environ) > 15
    assert load(None, HOME | environ) == load(None, HOME)


def test_the_table_for_the_readme() -> None:
    lines = markdown_table().splitlines()
    assert lines[:2] == ["| key | default | |", "|---|---|---|"]
    assert len(lines) == len(describe()) + 2
    assert all(line.count("|") == 4 for line in lines)
    assert "| `mqtt.port` | 1883 | TCP port of the broker |" in lines
