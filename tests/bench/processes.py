"""What processes of others have cost, from /proc: CPU time in s."""

from __future__ import annotations

import os
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PARENT, _OWN, _OF_CHILDREN = 1, slice(11, 13), slice(13, 15)
"""Places in /proc/PID/stat, counted after the name in brackets."""


def cpu_s(pid: int) -> float:
    """CPU time of a process, of its children that live, and of those that have ended."""
    mine = _fields(pid)
    children = [fields for each in _pids() if (fields := _fields(each)) and int(fields[_PARENT]) == pid]
    ticks = sum(int(each) for fields in (mine, *children) for each in fields[_OWN])
    return (ticks + sum(int(each) for each in mine[_OF_CHILDREN])) * _TICK_S


def _pids() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
