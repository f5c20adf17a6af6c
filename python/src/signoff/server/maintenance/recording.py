"""Outcomes must not be lost because the store was away for a moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from signoff.server.domain.store import StoreUnavailable
from signoff.server.operations.context import Context

T = TypeVar("T")

AGAIN_MS = 1_000
"""How long to wait before the store is tried again."""


async def recorded(context: Context, work: Callable[[], Awaitable[T]]) -> T:
    """Do ``work`` until the store takes it; its answer. Cancel it to give up."""
    while True:
        try:
            return await work()
        except StoreUnavailable as error:
            context.failed(error)
        await context.clock.wait_until(context.clock.now() + AGAIN_MS)
