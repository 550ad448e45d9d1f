"""Wrong on purpose: what a connection has not acknowledged is acknowledged on the next one."""

from __future__ import annotations

from adapters.mqtt.buffered import BufferedSocket
from adapters.mqtt.client import Connection
from tests.variants.dies_after_acknowledging import dies_after_acknowledging
from tests.variants.launching import launch


class _Stale(Connection):
    _older: tuple[int, ...] = ()

    def _leave(self, why: str) -> None:
        self._older += tuple(self._mids)
        super()._leave(why)

    def _acknowledge(self, sock: BufferedSocket) -> None:
        self._mids[:0] = self._older
        self._older = ()
        super()._acknowledge(sock)


def main() -> None:
    """The daemon, started wrong."""
    launch(connection=dies_after_acknowledging(_Stale))


if __name__ == "__main__":
    main()
