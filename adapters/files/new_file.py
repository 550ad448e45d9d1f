"""Writes files that were not there before."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4


def write_new(file: Path, content: bytes) -> None:
    """Write a new file; FileExistsError if there is one of this name, OSError if it cannot be written.

    The name is taken first, so that nobody else's file is replaced; what is read under it later is all of the content.
    """
    file.open("xb").close()
    draft = file.with_name(f".{uuid4().hex}.part")
    try:
        draft.write_bytes(content)
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        file.unlink()
        raise
