"""Ports for what the suite starts."""

from __future__ import annotations

import secrets
import socket
from typing import Final

_given: Final[set[int]] = set()


def free_port() -> int:
    """A port that nobody listens on now, below those that the system hands out to connections."""
    while True:
        port = 12_000 + secrets.randbelow(8_000)
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
