"""What the kernel says of a process, from /proc."""

from __future__ import annotations

from pathlib import Path


def status_of(pid: int | str) -> dict[str, str]:
    """The fields of its status; `self`: of this one."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def status_mb(pid: int | str, field: str) -> float:
    """One of the fields that are sizes (VmRSS: resident, VmHWM: the most it was, VmSize: addressed), in MB."""
    return int(status_of(pid)[field].removesuffix(" kB")) / 1024
