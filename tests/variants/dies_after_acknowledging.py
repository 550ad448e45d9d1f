"""Dies of SIGKILL when it has acknowledged the first batch of its second connection; in a later life it does not."""

from __future__ import annotations

import os
import signal

from adapters.mqtt.buffered import BufferedSocket
from adapters.mqtt.client import Connection
from tests.variants.launching import launch


def dies_after_acknowledging(connection: type[Connection]) -> type[Connection]:
    """Such a connection that dies."""

    class Dying(connection):  # type: ignore[misc, valid-type]
        begun = 0

        def _greet(self) -> None:
            self.begun += not self._greeted
            super()._greet()

        def _acknowledge(self, sock: BufferedSocket) -> None:
            super()._acknowledge(sock)
            if self.begun > 1:
                os.kill(os.getpid(), signal.SIGKILL)

    return Dying


def main() -> None:
    """The daemon that dies."""
    launch(connection=dies_after_acknowledging(Connection))


if __name__ == "__main__":
    main()
