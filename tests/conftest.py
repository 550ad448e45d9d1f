"""What every test has: an environment without our variables, and a port when it asks for one."""

import os
import socket
from collections.abc import Iterator

import pytest

from tests.support.kept_in import servers

# Before anything is imported or started: a developer's own settings must not reach a test or its children.
for _name in [name for name in os.environ if name.startswith("HOURKEEPER_")]:
    del os.environ[_name]


@pytest.fixture(scope="session", autouse=True)
def _stores() -> Iterator[None]:
    """The server that this run keeps its stores on, if it is one on PostgreSQL."""
    with servers():
        yield


@pytest.fixture
def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
