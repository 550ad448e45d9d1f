"""The doctor tells of the copy what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.checked import Weight
from daemon.checkup import influx
from daemon.config import Config, load
from tests.support.influx import BUCKET, ORG, TOKEN, fake_influx

Configured = Callable[..., Config]


@pytest.fixture
def configured(tmp_path: Path) -> Configured:
    def configure(url: str, token: str = TOKEN, bucket: str = BUCKET) -> Config:
        (tmp_path / "token").write_text(token)
        file = tmp_path / "hourkeeper.toml"
        file.write_text(f'[influx]\nurl = "{url}"\norg = "{ORG}"\nbucket = "{bucket}"\ntoken_file = "token"\n')
        return load(file, {"HOME": str(tmp_path)})

    return configure


def test_the_copy_is_off_or_well_or_says_what_to_do(configured: Configured, tmp_path: Path, free_port: int) -> None:
    off = load(None, {"HOME": str(tmp_path)})
    assert [found.weight for found in influx(off)] == [Weight.NOTE]
    with fake_influx() as server:
        url = server.settings.url
        assert [found.weight for found in influx(configured(url))] == [Weight.OK]
        (refused,) = influx(configured(url, token="canary"))
        assert (refused.weight, "influx.token_file" in refused.text) == (Weight.FAULT, True)
        assert "canary" not in refused.text
        (nowhere,) = influx(configured(url, bucket="nowhere"))
        assert (nowhere.weight, "influx.bucket" in nowhere.text) == (Weight.FAULT, True)
    (away,) = influx(configured(f"http://127.0.0.1:{free_port}"))
    assert (away.weight, "influx.url" in away.text) == (Weight.FAULT, True)
