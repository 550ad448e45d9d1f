"""What a failure means to whoever called a command: one message that says what to do, and an exit code."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from adapters.store.schema import SchemaError
from daemon.assessing import UnknownMachineError
from daemon.config import ConfigError
from daemon.refused import RefusedError
from daemon.wiring import StoreUnusableError
from notifications.template_problem import TemplateProblem
from schedules.plan import PlanError

REFUSED = 1
UNUSABLE = 2


@dataclass(frozen=True, slots=True)
class Failure:
    """`code` is the exit code: 1 refused, 2 something needed cannot be used."""

    message: str
    code: int


def explained(problem: Exception) -> Failure | None:
    """What to say of an exception; None if it is a fault of ours."""
    match problem:
        case RefusedError():
            found = Failure(f"refused: {problem.reason}", REFUSED)
        case UnknownMachineError():
            found = Failure(f"refused: {problem}; `hourkeeper machines list` names those that are", REFUSED)
        case ConfigError():
            found = Failure(_listed("the configuration cannot be used:", problem.problems), UNUSABLE)
        case PlanError():
            found = Failure(_listed("the plan cannot be used:", problem.problems), UNUSABLE)
        case SchemaError() | StoreUnusableError():
            found = Failure(str(problem), UNUSABLE)
        case TemplateProblem():
            found = Failure(f"a letter's template cannot be used: {problem}", UNUSABLE)
        case SQLAlchemyError():
            found = Failure(store_failure(problem), UNUSABLE)
        case _:
            return None
    return found


def store_failure(problem: SQLAlchemyError) -> str:
    """Why the store cannot be used, in one line; never with the URL, which may hold a password."""
    cause = problem.orig if isinstance(problem, DBAPIError) else problem
    first = (str(cause).strip() or type(cause).__name__).splitlines()[0]
    return f"the store cannot be used: {first}; {_advice(first)}"


_ADVICE = {
    "malformed": "its file is damaged: move it away, with -wal and -shm, and `hourkeeper restore` the last backup",
    "not a database": "its file is damaged, or another's: move it away, and `hourkeeper restore` the last backup",
    "disk is full": "free some space; nothing that was accepted is lost",
    "readonly": "let the daemon's account write to the file and to its folder",
    "read-only": "let the daemon's account write there",
    "locked": "another program holds it: end that, or try again",
    "password authentication": "check the name and the password in store.url",
    "Connection refused": "is the database server running, are host and port in store.url right?",
}
"""What to do, by a word of what SQLite or PostgreSQL says."""


def _advice(said: str) -> str:
    return next((advice for word, advice in _ADVICE.items() if word in said), "check store.url")


def _listed(title: str, problems: list[str]) -> str:
    return "\n".join([title, *(f"  {problem}" for problem in problems)])
