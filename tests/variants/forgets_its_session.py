"""Wrong on purpose: every connection begins anew, and the broker forgets what waited for the one before."""

from __future__ import annotations

from typing import Any

from adapters.mqtt.client import Connection
from tests.variants.launching import launch


class _Forgetful(Connection):
    def _session(self) -> dict[str, Any]:
        return {**super()._session(), "clean_start": True}


def main() -> None:
    """The daemon, started wrong."""
    launch(connection=_Forgetful)


if __name__ == "__main__":
    main()
