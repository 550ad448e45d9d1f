"""Wrong on purpose: the batch is acknowledged, and then stored."""

from __future__ import annotations

from adapters.mqtt.buffered import BufferedSocket
from adapters.mqtt.client import Connection
from tests.variants.launching import launch


class _Hasty(Connection):
    def _store_and_acknowledge(self, sock: BufferedSocket) -> None:
        for mid in self._mids:
            self._client.ack(mid, 1)
        self._mids.clear()
        super()._store_and_acknowledge(sock)


def main() -> None:
    """The daemon, started wrong."""
    launch(connection=_Hasty)


if __name__ == "__main__":
    main()
