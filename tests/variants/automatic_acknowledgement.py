"""Wrong on purpose: paho acknowledges every message as soon as it is received."""

from __future__ import annotations

from adapters.mqtt.client import Connection
from tests.variants.launching import launch


class _Automatic(Connection):
    def _make_client(self):  # type: ignore[no-untyped-def]
        client = super()._make_client()
        client.manual_ack_set(False)
        return client


def main() -> None:
    """The daemon, started wrong."""
    launch(connection=_Automatic)


if __name__ == "__main__":
    main()
