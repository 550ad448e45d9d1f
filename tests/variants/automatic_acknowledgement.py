"""Wrong on purpose: every message is acknowledged as soon as it is received."""

from __future__ import annotations

from adapters.mqtt.client import Connection
from adapters.mqtt.frame import Publish
from tests.variants.launching import launch


class _Automatic(Connection):
    def _on_publish(self, publish: Publish) -> None:
        super()._on_publish(publish)
        for mid in self._mids:
            self._client.ack(mid, 1)
        self._mids.clear()


def main() -> None:
    """The daemon, started wrong."""
    launch(connection=_Automatic)


if __name__ == "__main__":
    main()
