"""A parent of daemons: it has imported the product once, and each daemon is a fork of it that runs the command.

A kill loop spends its time on kills, not on imports. `python -m tests.support.zygote LAUNCHER` reads orders as JSON,
one a line, and answers one line each: `{"arguments": [...], "log": FILE}` is answered with the process number,
`{"wait": NUMBER}` with the exit code once it has ended.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_IMPORTED = ("daemon.commands.run", "alembic.command", "adapters.store.schema")


class Zygote:
    """The parent, seen from the test."""

    def __init__(self, launcher: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, launcher], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def fork(self, arguments: Sequence[str], log: Path) -> Forked:
        """A daemon with these arguments."""
        return Forked(self, int(self.ask(arguments=list(arguments), log=str(log))))

    def ask(self, **order: Any) -> str:  # noqa: ANN401 - an order as JSON
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Forked:
    """A daemon that is a child of the zygote."""

    def __init__(self, zygote: Zygote, pid: int) -> None:
        self._zygote = zygote
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        if self._code is None:
            answer = int(self._zygote.ask(poll=self.pid))
            self._code = None if answer == _RUNS else answer
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended; `timeout` is left to the test's own limit."""
        if self._code is None:
            self._code = int(self._zygote.ask(wait=self.pid))
        return self._code


_RUNS = 1000


def _serve(launcher: str) -> None:
    for name in _IMPORTED:
        importlib.import_module(name)
    launch = importlib.import_module(launcher).main
    for line in sys.stdin:
        order = json.loads(line)
        if "arguments" in order:
            print(_fork(launch, order), flush=True)
        elif "wait" in order:
            print(os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1]), flush=True)
        else:
            number, status = os.waitpid(order["poll"], os.WNOHANG)
            print(os.waitstatus_to_exitcode(status) if number else _RUNS, flush=True)


def _fork(launch: Any, order: dict[str, Any]) -> int:  # noqa: ANN401 - a launcher's main
    number = os.fork()
    if number:
        return number
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(ours, theirs)
    sys.argv[1:] = order["arguments"]
    launch()
    os._exit(0)


if __name__ == "__main__":
    _serve(sys.argv[1])
