"""Ids: a prefix that says what it names, and a UUIDv7 that sorts by the time it was made.

Listings page by id, newest first; that is right because ids of one process never go back, even
when the injected clock is set back.
"""

from __future__ import annotations

import secrets
from random import Random
from uuid import UUID

from signoff.server.domain.clock import Clock

EXECUTION = "exec_"
RUN = "run_"
APPROVAL = "apr_"
MESSAGE = "msg_"


class Ids:
    """Makes ids from the injected clock. Of two ids, the one made later is the greater text."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0
        # Ids name things and open nothing, so they need not be secret: seeded once, as each call
        # into the kernel costs as much as ten ids.
        self._random = Random(secrets.randbits(256))  # noqa: S311

    def execution(self) -> str:
        """A new execution id, ``exec_…``."""
        return EXECUTION + self._uuid7()

    def run(self) -> str:
        """A new run id, ``run_…``: shared by a tree of executions."""
        return RUN + self._uuid7()

    def approval(self) -> str:
        """A new approval request id, ``apr_…``."""
        return APPROVAL + self._uuid7()

    def message(self) -> str:
        """A new id of a message that the server sends, ``msg_…``."""
        return MESSAGE + self._uuid7()

    def _uuid7(self) -> str:
        # 48 bits of ms and the 12 bits of rand_a as one counter: RFC 9562, section 6.2, method 1.
        # It starts anywhere in the lower half of its range, and runs into the next ms when full.
        chance = self._random.getrandbits(73)
        stamp = (self._clock.now() << 12) | (chance >> 62 & 0x7FF)
        self._last = stamp = max(stamp, self._last + 1)
        milliseconds, counter = stamp >> 12, stamp & 0xFFF
        low = (0b10 << 62) | (chance & 0x3FFF_FFFF_FFFF_FFFF)
        text = f"{milliseconds:012x}7{counter:03x}{low:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def made_at(identifier: str) -> int:
    """The wall time in ms that an id was made at.

    Raises:
        ValueError: it is not one of our ids.
    """
    _, _, uuid = identifier.partition("_")
    return UUID(uuid).int >> 80


def oldest_execution(at: int) -> str:
    """No execution that was made at a time, in ms, or later has a smaller id than this."""
    text = f"{max(0, at):012x}"
    return f"{EXECUTION}{text[:8]}-{text[8:]}"


def oldest_message(at: int) -> str:
    """The same for the messages that the server sends."""
    return MESSAGE + oldest_execution(at).removeprefix(EXECUTION)
