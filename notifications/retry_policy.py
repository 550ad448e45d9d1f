"""How long to wait after a failed attempt, and when to give up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential waits with a cap, all in ms.

    `lease_ms` is for how long a claimed letter is ours: longer than the slowest delivery begun in the first third of it
    (`begin_within_ms`), or it goes out twice.
    """

    first_ms: int = 30_000
    factor: int = 4
    cap_ms: int = 3_600_000
    max_attempts: int = 12
    lease_ms: int = 900_000

    @property
    def begin_within_ms(self) -> int:
        """A letter that is not on its way so long after it was claimed waits: the lease might end before it is out."""
        return self.lease_ms // 3

    def delay_ms(self, failed: int) -> int | None:
        """The wait after so many failed attempts, the present one included; None: make no other."""
        if failed >= self.max_attempts:
            return None
        wait = self.first_ms
        for _ in range(failed - 1):
            wait = min(wait * self.factor, self.cap_ms)
        return min(wait, self.cap_ms)
