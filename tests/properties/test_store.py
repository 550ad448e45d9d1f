"""Random histories through the store end as an independent model of the rules says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.files.rules import read_rules
from adapters.store.engine import Store
from adapters.store.rulebooks import adopt
from daemon.keeper import Keeper, Telling
from daemon.replay import replay, scratch_keeper
from daemon.replayed import summary
from daemon.timeline import read_timeline
from tests.model.random_histories import random_timeline
from tests.model.run import run_timeline


def a_keeper(store: Store) -> Keeper:
    """On the shipped plan and winter table."""
    with store.write() as connection:
        rulebook = adopt(connection, read_rules(), 0)
    return Keeper(store, rulebook, Telling())


def outcome(result: dict[str, Any]) -> dict[str, Any]:
    """What both say of a timeline; the words of a refusal are everybody's own."""
    orders = {(order["machine_id"], order["kind"], order["step"]): order for order in result["work_orders"]}
    refused = [(refusal["line"], refusal["do"]) for refusal in result["refused_commands"]]
    return {"orders": orders, "machines": result["machines"], "readings": result["readings"], "refused": refused}


@pytest.mark.parametrize("seed", range(2000, 2025))
def test_a_random_timeline_ends_as_the_model_says(seed: int) -> None:
    lines = random_timeline(seed, lines=40)
    replayed = replay(scratch_keeper(a_keeper), read_timeline("\n".join(json.dumps(line) for line in lines)))
    assert outcome(json.loads(json.dumps(summary(replayed)))) == outcome(run_timeline(lines))
