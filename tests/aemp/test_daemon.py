"""The command asks a maker's server beside its work, and the doctor says of each fleet what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.checked import Weight
from daemon.checkup import fleets
from daemon.config import Config, ConfigError, load
from tests.support.fleet import fleet
from tests.support.fleet_server import CLIENT, SECRET, FleetServer, fleet_server, json_page
from tests.support.rig import rig_in
from tests.support.waiting import until

_AT = "2026-03-01T08:00:00+08:00"
_FLEET = """
[[aemp.fleets]]
name = "maker"
allow = ["127.0.0.1"]
url = "{url}/fleet/1"
token_url = "{url}/token"
client_id = "{client}"
client_secret_file = "{secret}"
"""
Written = Callable[..., Path]


@pytest.fixture
def maker() -> Iterator[FleetServer]:
    with fleet_server() as server:
        yield server


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(url: str, more: str = "", secret: str = SECRET) -> Path:
        (tmp_path / "secret").write_text(secret)
        file = tmp_path / "fleets.toml"
        file.write_text(_FLEET.format(url=url, client=CLIENT, secret=tmp_path / "secret") + more)
        return file

    return write


def _loaded(file: Path) -> Config:
    return load(file, {"HOME": str(file.parent)})


def test_the_daemon_asks_and_stores_what_a_fleets_server_tells(
    tmp_path: Path, maker: FleetServer, written: Written
) -> None:
    with rig_in(tmp_path, fleet(3, 2, 4)) as rig:
        machines = list(rig.fleet.warranties)
        maker.has([(machines[0], 12.5, _AT)], [(machines[1], 13.5, _AT)])
        with rig.daemon.file.open("a") as file:
            file.write(written(maker.url).read_text())
        rig.daemon.start_ready()
        told = rig.daemon.wait_for("fleet_page_read", count=2)
        assert [(event["fleet"], event["machines"], event["last"]) for event in told] == [
            ("maker", 1, False),
            ("maker", 1, True),
        ]
        found = "SELECT count(*) FROM readings WHERE dial_ms IN (45000000, 48600000)"
        until(lambda: rig.daemon.count(found) == 2, "both are stored")
        assert rig.daemon.end() == 0
        assert not {SECRET, "token-canary-1"} & set(rig.daemon.log.read_text().replace('"', " ").split())


def test_the_doctor_says_of_each_fleet_what_is_wrong(maker: FleetServer, written: Written, free_port: int) -> None:
    assert not list(fleets(load(None, {"HOME": "/nowhere"})))
    maker.has([("LG0001", 1, _AT), ("LG0002", 2, _AT)], [])
    (well,) = fleets(_loaded(written(maker.url)))
    assert (well.weight, "2 machines" in well.text, "more pages" in well.text) == (Weight.OK, True, True)
    (by_pin,) = fleets(_loaded(written(maker.url, 'machine_id = "pin"')))
    assert (by_pin.weight, "machine_id" in by_pin.text) == (Weight.FAULT, True)
    (refused,) = fleets(_loaded(written(maker.url, secret="canary")))
    assert (refused.weight, "client_secret_file" in refused.text) == (Weight.FAULT, True)
    assert "canary" not in refused.text
    maker.pages.clear()
    (nothing,) = fleets(_loaded(written(maker.url)))
    assert (nothing.weight, "check url" in nothing.text) == (Weight.FAULT, True)
    maker.pages["/fleet/1"] = json_page([], None)
    (empty,) = fleets(_loaded(written(maker.url)))
    assert (empty.weight, "0 machines" in empty.text) == (Weight.OK, True)
    (away,) = fleets(_loaded(written(f"http://127.0.0.1:{free_port}")))
    assert (away.weight, "whether its server runs" in away.text) == (Weight.FAULT, True)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (("allow =", "# allow ="), ["url: should begin with https", "token_url: should begin with https"]),
        (("client_id =", "# client_id ="), ["client_id: needed because token_url is set"]),
        (("client_secret_file =", "# client_secret_file ="), ["client_secret_file: needed because token_url is set"]),
        (("token_url =", "# token_url ="), ["token_url: needed, or token_file"]),
        (("client_id =", 'token_file = "secret"\nclient_id ='), ["token_url: should not be set beside token_file"]),
        (('name = "maker"', 'name = "a b"\nmachine_id = "vin"'), ["name: should be", "machine_id: "]),
    ],
)
def test_a_fleet_that_is_set_wrongly_stops_the_start_with_what_is_wrong(
    written: Written, changed: tuple[str, str], words: list[str]
) -> None:
    file = written("http://127.0.0.1:9")
    file.write_text(file.read_text().replace(*changed))
    with pytest.raises(ConfigError) as refused:
        _loaded(file)
    assert [word for word in words if word not in str(refused.value)] == [], str(refused.value)


def test_two_fleets_of_one_name_are_refused(written: Written) -> None:
    file = written("http://127.0.0.1:9", _FLEET.format(url="http://127.0.0.1:9", client=CLIENT, secret=__file__))
    with pytest.raises(ConfigError, match="two fleets called maker"):
        _loaded(file)
