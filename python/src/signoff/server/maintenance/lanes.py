"""Who may be sent to now: a lane for each target, so that one that hangs holds up no other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PER_TARGET = 32
"""Messages on their way to one target at once; a single one after a failure, until one arrives."""

IN_ALL = 512
"""Messages on their way at once."""


@dataclass(slots=True)
class _Lane:
    waiting: deque[str] = field(default_factory=deque)
    on_the_way: int = 0
    failing: bool = False

    def is_open(self) -> bool:
        return self.on_the_way < (1 if self.failing else PER_TARGET)


class Lanes:
    """Queues of message ids by target. Bounded in what is on its way, not in what waits."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}
        self._known: dict[str, str] = {}
        self._on_the_way = 0

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._known

    def join(self, message_id: str, url: str) -> None:
        """Queue a message for its target. Do it once, until :meth:`leave`."""
        target = target_of(url)
        self._known[message_id] = target
        self._lanes.setdefault(target, _Lane()).waiting.append(message_id)

    def take(self) -> Iterator[str]:
        """The messages that may go now; each is on its way until it leaves."""
        for lane in list(self._lanes.values()):
            while lane.waiting and lane.is_open() and self._on_the_way < IN_ALL:
                lane.on_the_way += 1
                self._on_the_way += 1
                yield lane.waiting.popleft()

    def leave(self, message_id: str, *, arrived: bool | None) -> bool:
        """A message is done for now; whether another may have waited for that.

        ``arrived`` says whether its target was reached; None: it was not tried.
        """
        target = self._known.pop(message_id)
        lane = self._lanes[target]
        freed = bool(lane.waiting) or self._on_the_way >= IN_ALL
        lane.on_the_way -= 1
        self._on_the_way -= 1
        if arrived is not None:
            lane.failing = not arrived
        if not (lane.waiting or lane.on_the_way or lane.failing):
            del self._lanes[target]
        return freed

    def clear(self) -> None:
        """Forget what waits, and what was known of the targets; what is on its way still leaves."""
        for target, lane in list(self._lanes.items()):
            for message_id in lane.waiting:
                del self._known[message_id]
            lane.waiting.clear()
            lane.failing = False
            if not lane.on_the_way:
                del self._lanes[target]


def target_of(url: str) -> str:
    """Scheme, host and port of a URL: what hangs or answers as one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.scheme}://{parts.netloc}"
