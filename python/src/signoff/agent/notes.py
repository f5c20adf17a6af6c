"""Notes: said without waiting, sent in order, all of them before the run's report."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Final

from signoff.canonical import digest
from signoff.client import AsyncClient
from signoff.clock import AsyncClock

log: Final = logging.getLogger("signoff.agent")


class Notes:
    """The notes of one attempt.

    Each has a key of its digest and its place among equals, so that a later attempt that says
    the same again adds nothing.
    """

    def __init__(self, attempt_id: str, client: AsyncClient, clock: AsyncClock) -> None:
        self._attempt_id = attempt_id
        self._client = client
        self._clock = clock
        self._said: Counter[str] = Counter()
        self._queue: list[tuple[str, str, list[str]]] = []
        self._sender: asyncio.Task[None] | None = None

    def add(self, message: str, tags: Sequence[str]) -> None:
        """Queue a note; it is sent in the background."""
        prefix = f"note.{digest([message, list(tags)])[:16]}"
        self._said[prefix] += 1
        self._queue.append((f"{prefix}.{self._said[prefix]}", message, list(tags)))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())

    async def flush(self) -> None:
        """Come back when all that was said is stored, or refused for good."""
        while self._sender is not None and not self._sender.done():
            await asyncio.shield(self._sender)

    async def _send(self) -> None:
        while self._queue:
            key, message, tags = self._queue[0]
            try:
                await self._client.add_note(
                    execution_id=self._attempt_id, message=message, tags=tags, key=key
                )
            except Exception as refused:  # noqa: BLE001 - a remark must not cost the run
                log.warning("a note of %s was refused: %s", self._attempt_id, refused)
            del self._queue[0]
