"""The command line, called as people call it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from subprocess import DEVNULL
from typing import Any
from unittest.mock import patch

from daemon.main import run
from tests.support.kept_in import url_of

COMMAND = Path(sys.executable).with_name("hourkeeper")


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        assert self.code in (0, 1), self.err
        return json.loads(self.out)

    @property
    def csv(self) -> list[dict[str, str]]:
        assert self.code in (0, 1), self.err
        return list(csv.DictReader(StringIO(self.out)))


@dataclass(frozen=True)
class Caller:
    """Calls `hourkeeper` in a folder, with its store there: in this process, which is quick, or in one of its own."""

    folder: Path

    @property
    def url(self) -> str:
        return url_of(self.folder / "hourkeeper.db")

    def __call__(self, *arguments: str, stdin: str = "", **variables: str) -> Said:
        """All that the installed command does but start Python."""
        out, err = BytesIO(), BytesIO()
        environ = patch.dict(os.environ, {"HOURKEEPER_STORE__URL": self.url, **variables})
        given = patch("sys.stdin", TextIOWrapper(BytesIO(stdin.encode()), "utf-8"))
        with environ, given, chdir(self.folder), _printing(out, err):
            code = run(arguments)
        return Said(code, out.getvalue().decode(), err.getvalue().decode())

    def apart(self, *arguments: str, **variables: str) -> Said:
        """The installed command."""
        environ = {**os.environ, "HOURKEEPER_STORE__URL": self.url, **variables}
        done = subprocess.run(
            [COMMAND, *arguments], cwd=self.folder, env=environ, capture_output=True, check=False, stdin=DEVNULL
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


@contextmanager
def _printing(out: BytesIO, err: BytesIO) -> Iterator[None]:
    """What is printed goes there, as bytes."""
    streams = [TextIOWrapper(content, "utf-8", write_through=True) for content in (out, err)]
    with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
        yield
    for stream in streams:
        stream.detach()


def failed(said: Said, code: int, *words: str) -> None:
    """One message on stderr, with these words and no traceback; nothing on stdout."""
    assert said.code == code, said
    assert said.out == ""
    assert "Traceback" not in said.err
    for word in words:
        assert word in said.err, said.err
