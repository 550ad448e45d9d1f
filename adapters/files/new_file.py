"""Writes files that were not there before, whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from uuid import uuid4

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS})


def write_new(file: Path, content: bytes) -> None:
    """Write a new file; FileExistsError if there is one of this name, OSError if it cannot be written."""
    draft = file.with_name(f".{uuid4().hex}.part")
    try:
        draft.write_bytes(content)
        _name(draft, file)
    finally:
        draft.unlink(missing_ok=True)


def _name(draft: Path, file: Path) -> None:
    """Give a draft its name, unless another file has it: a link is refused then, a renaming would replace it."""
    try:
        os.link(draft, file)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if file.exists():
            raise FileExistsError(errno.EEXIST, "it exists already", str(file)) from None
        draft.rename(file)
