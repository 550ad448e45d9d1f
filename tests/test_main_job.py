"""The main job as its users meet it: files in, a reading from `mosquitto_pub`, the list, the letter in their words."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.broker import Broker, broker_in
from tests.support.daemon_process import COMMAND, DaemonProcess, ended_in_the_end
from tests.support.mail import Mailbox, mailbox
from tests.support.waiting import until

TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
SOLD_ON = TODAY - timedelta(days=5)
CENTRES = "service_centre,name,locale,email\nJN,济南服务中心,zh-CN,jn@dealer.example\nHK,Haikou,en,hk@dealer.example\n"
MACHINES = (
    "machine_id,category,model,status,handed_over_on,handover_hours,warranty,customer,service_centre\n"
    f"ZH-1,loader,LG856,in_service,{SOLD_ON},2,one_year,张三,JN\n"
    f"EN-1,roller,LG520,in_service,{SOLD_ON},2,one_year,Bob,HK\n"
)


@dataclass
class House:
    """A broker, a mail server and the daemon on a store with two machines."""

    broker: Broker
    mailbox: Mailbox
    daemon: DaemonProcess

    def call(self, *arguments: str) -> str:
        """The real command with this configuration; what it prints."""
        command = [COMMAND, "--config", str(self.daemon.file), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def orders(self, machine: str) -> list[dict[str, Any]]:
        """The work orders of a machine."""
        found: list[dict[str, Any]] = json.loads(
            self.call("work-orders", "list", "--machine", machine, "--format", "json")
        )
        return found

    def publish(self, machine: str, payload: str) -> None:
        """As an operator would try it."""
        command = ["mosquitto_pub", "-p", str(self.broker.port), "-q", "1"]
        subprocess.run([*command, "-t", f"machines/{machine}/hours", "-m", payload], check=True)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with mailbox() as box, broker_in(tmp_path / "broker") as broker:
        settings = {
            "mqtt": {"port": broker.port},
            "notifications": {"group_wait_s": 0, "email": box.settings},
        }
        daemon = DaemonProcess(tmp_path / "daemon", settings)
        house = House(broker, box, daemon)
        (tmp_path / "centres.csv").write_text(CENTRES)
        (tmp_path / "machines.csv").write_text(MACHINES)
        house.call("centres", "import", str(tmp_path / "centres.csv"))
        house.call("machines", "import", str(tmp_path / "machines.csv"))
        with ended_in_the_end(daemon):
            daemon.start_ready()
            yield house


@pytest.mark.parametrize(
    ("machine", "address", "words"), [("ZH-1", "jn@dealer.example", "强保"), ("EN-1", "hk@dealer.example", "overdue")]
)
def test_a_reading_over_a_threshold_becomes_a_visit_and_a_letter(
    house: House, machine: str, address: str, words: str
) -> None:
    house.publish(machine, '{"hours": 115.25}')
    until(lambda: house.orders(machine), "the visit is in the list")
    (order,) = house.orders(machine)
    assert (order["kind"], order["step"], order["state"]) == ("mandatory_visit", "100", "overdue")
    assert order["total_hours"] == 115.25
    letters = until(
        lambda: [message for to, message in house.mailbox.letters if to == address], "the letter has arrived"
    )
    assert words in str(letters[0]["subject"])
    assert machine in str(letters[0]["subject"])
    overdue = json.loads(house.call("overdue", "--format", "json"))
    assert machine in {row["machine_id"] for row in overdue}


def test_done_and_gone_from_the_overdue_list(house: House) -> None:
    house.publish("EN-1", "115")
    until(lambda: house.orders("EN-1"), "the visit is in the list")
    order = "EN-1/mandatory_visit/100"
    lacking = subprocess.run(
        [COMMAND, "--config", str(house.daemon.file), "work-orders", "complete", order, "--technician", "Wang"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert lacking.returncode == 1
    for name in ("done_at", "hours", "signed_by", "genuine_oils", "items"):
        assert name in lacking.stderr
    form = ["--technician", "Wang", "--signed-by", "Bob", "--genuine-oils", "--items", "all"]
    house.call("work-orders", "complete", order, "--done-at", str(TODAY), "--hours", "115", *form)
    assert house.orders("EN-1")[0]["state"] == "done"
    assert "EN-1" not in house.call("overdue")
