"""A new file is written whole or not at all, and nobody else's is replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.files.new_file import write_new


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(b"mine")

    with pytest.raises(FileExistsError):
        write_new(file, b"yours")

    assert file.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [file]


def test_what_fails_on_the_way_leaves_nothing_behind(tmp_path: Path) -> None:
    no_bytes: Any = object()

    with pytest.raises(TypeError):
        write_new(tmp_path / "a.pdf", no_bytes)

    assert list(tmp_path.iterdir()) == []
