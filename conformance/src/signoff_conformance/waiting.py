"""Waiting for something to be so, without looking at it again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Waiting:
    """Those who wait until something is so look again whenever they are told."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def tell(self) -> None:
        """Let all who wait look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Whether it holds within so many seconds; comes back as soon as it does."""
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    await self._changed.wait()
        except TimeoutError:
            return holds()
        return True
