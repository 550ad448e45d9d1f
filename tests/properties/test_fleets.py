"""On random fleets the pure core agrees with a slow and obvious model of rules 0 to 5 that computes everything anew."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest

from adapters.files.rules import read_rules
from adapters.store.engine import Store
from adapters.store.rulebooks import adopt
from daemon.keeper import Keeper, Telling
from daemon.replay import Player, scratch_keeper
from daemon.timeline import read_timeline
from tests import model
from tests.model.anew import orders_on, orders_on_days
from tests.model.lives import Fleet, random_fleet
from tests.model.retold import plan_file, timeline, winter_file
from tests.properties.fleets import disagreements

FLEETS_OF_A_TEST = 100
MODEL = sorted(Path(model.__file__).parent.glob("[!t]*.py"))


@pytest.mark.parametrize("hundred", range(20))
def test_the_core_and_the_model_agree_over_random_fleets(hundred: int) -> None:
    first = hundred * FLEETS_OF_A_TEST
    found = [str(each) for seed in range(first, first + FLEETS_OF_A_TEST) for each in disagreements(random_fleet(seed))]
    assert not found, "\n\n".join(found)


def test_what_comes_later_makes_no_difference_to_the_model() -> None:
    for seed in range(12):
        fleet = random_fleet(seed)
        for history in fleet.histories:
            for day, orders in orders_on_days(fleet.days, history, fleet.figures, fleet.windows):
                assert orders == orders_on(day, history, fleet.figures, fleet.windows)


@pytest.mark.parametrize("path", MODEL, ids=lambda path: path.stem)
def test_the_model_shares_no_code_with_the_product(path: Path) -> None:
    imported = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
    plain = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Import)]
    names = {(node.module or "").split(".")[0] for node in imported if node.level == 0}
    names |= {alias.name.split(".")[0] for node in plain for alias in node.names}
    assert names <= sys.stdlib_module_names
    assert all(node.level <= 1 for node in imported)


def a_keeper(fleet: Fleet, folder: Path) -> Keeper:
    """On an empty database, with the fleet's plan and winters."""
    plan, winter = folder / "plan.toml", folder / "winter.csv"
    plan.write_text(plan_file(fleet.figures), encoding="utf-8")
    winter.write_text(winter_file(fleet.windows), encoding="utf-8")

    def make(store: Store) -> Keeper:
        with store.write() as connection:
            rulebook = adopt(connection, read_rules(plan, None, winter), 0)
        return Keeper(store, rulebook, Telling())

    return scratch_keeper(make)


@pytest.mark.parametrize("seed", [3, 19, 23])
def test_a_history_retold_as_a_timeline_is_replayed_to_the_same_end(seed: int, tmp_path: Path) -> None:
    fleet = random_fleet(seed)
    player = Player(a_keeper(fleet, tmp_path), letters=lambda _keeper, _at_ms: None)
    history = fleet.histories[0]
    lines = timeline("M1", history, history[-1].on, fleet.figures, fleet.windows)
    for line in read_timeline("\n".join(json.dumps(line) for line in lines)):
        player.play(line)
    assert [line["do"] for line in lines].count("expect") > 0
    assert player.result.failed == []
