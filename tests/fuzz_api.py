"""Calls every operation of the API as its document allows, and as it does not: no answer may be an error of the server,
and each is of a kind and form that the document names.

`python -m tests.fuzz_api --examples 200 [--seed S] [--store postgresql]`: prints how many calls were answered how;
exit code 1 if any answer is wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as some
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from adapters.store import people
from daemon.web.app import API
from tests.support.postgres import postgres
from tests.web.conftest import Served, peopled, serve

_CHECKS = (not_a_server_error, content_type_conformance, response_schema_conformance)


@dataclass
class Fuzzed:
    """How many calls each operation has answered with which status, and what was wrong."""

    answers: dict[str, Counter[int]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def statuses(self) -> Counter[int]:
        """Of all operations together."""
        return sum(self.answers.values(), Counter())

    def __str__(self) -> str:
        by_status = ", ".join(f"{count:,} with {status}" for status, count in sorted(self.statuses.items()))
        head = f"{len(self.answers)} operations, {self.statuses.total():,} calls: {by_status}; wrong {len(self.wrong)}"
        return "\n  ".join([head, *self.wrong[:20]])


def fuzz(served: Served, examples: int, number: int) -> Fuzzed:
    """Call every operation so many times as a manager, who may do everything."""
    schema = schemathesis.openapi.from_asgi(f"{API}/openapi.json", served.app)
    found = Fuzzed()
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        found.answers[operation.label] = Counter()
        _call(served, operation, found, examples, number)
    return found


def _call(served: Served, operation: Any, found: Fuzzed, examples: int, number: int) -> None:  # noqa: ANN401 - schemathesis' own
    cases = some.one_of(*_strategies(operation))

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def each(case: Any) -> None:  # noqa: ANN401 - as above
        try:
            response = _answer(served, case)
        except Exception as error:  # noqa: BLE001 - whatever the application lets out is an error of the server
            found.wrong.append(f"{operation.label}: Server error: {error!r}")
            return
        found.answers[operation.label][response.status_code] += 1
        try:
            case.validate_response(response, checks=_CHECKS)
        except (Failure, FailureGroup) as failure:
            found.wrong.append(f"{operation.label}: {_told(failure)}")

    each()


def _answer(served: Served, case: Any) -> Any:  # noqa: ANN401 - as above
    """As a manager; one whose token the calls have revoked is given another."""
    response = case.call(headers=_headers(served))
    if response.status_code != HTTPStatus.UNAUTHORIZED:
        return response
    with served.world.keeper.store.write() as connection:
        values: dict[str, Any] = {"name": "manager", "role": "manager", "created_by": "tests", "created_ms": 0}
        served.tokens["manager"] = people.add_token(connection, values)[1]
    return case.call(headers=_headers(served))


def _headers(served: Served) -> dict[str, str]:
    return {"Authorization": f"Bearer {served.tokens['manager']}"}


def _strategies(operation: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
    yield operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if operation.query or operation.path_parameters or operation.body:
        yield operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


def _told(failure: Failure | FailureGroup) -> str:
    each: Sequence[Any] = failure.exceptions if isinstance(failure, FailureGroup) else [failure]
    return "; ".join(" ".join(str(one).split())[:500] for one in each)


@contextmanager
def world(folder: Path, store: str) -> Iterator[Served]:
    """The small world of the tests of the API, to be called to pieces."""
    if store == "sqlite":
        yield serve(peopled(folder / "hourkeeper.db"))
        return
    with postgres() as server:
        served = serve(peopled(server.new_database()))
        yield served
        served.world.keeper.store.close()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz_api", description=__doc__)
    parser.add_argument("--examples", type=int, default=200, help="calls of each operation (default: 200)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    given_here = parser.parse_args()
    print(f"seed {given_here.seed}", flush=True)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder, world(Path(folder), given_here.store) as served:
        found = fuzz(served, given_here.examples, given_here.seed)
    print(found)
    for operation, answers in found.answers.items():
        print(f"  {operation}: {dict(sorted(answers.items()))}")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
