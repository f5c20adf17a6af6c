"""Test control: the clock of the server under test is moved, never waited for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import aiohttp

SECONDS = 60.0

FAIL_POINTS = ("before_commit", "after_commit", "before_read")
"""``crash_…`` before either ends the process instead."""


class ControlError(Exception):
    """Test control did not do what it was told: a fault of the server under test."""


class Control:
    """``/test-control`` of a server: see SPEC.md.

    Args:
        url: of the server.
        token: that it was started with.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = f"{url}/test-control"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http: aiohttp.ClientSession | None = None
        self.now = 0
        """The server's time when it was told last, in ms since the epoch."""
        self._armed = set(FAIL_POINTS)
        """Fail points that may be armed: of a server that was not met yet, all."""

    async def advance(self, ms: int) -> int:
        """Move the clock; all that falls due is done when it returns. The time then."""
        return self._told(await self._post("clock", {"advance_ms": ms}))

    async def set(self, ms: int) -> int:
        """Set the clock, in ms since the epoch, forwards or backwards. The time then."""
        return self._told(await self._post("clock", {"now": render(ms)}))

    async def advance_leases(self, ms: int) -> None:
        """Move the clock of the leases only."""
        await self._post("leases", {"advance_ms": ms})

    async def settle(self) -> None:
        """Return when nothing is left to do now, and all that was sent is answered."""
        await self._post("settle")

    async def reset(self) -> None:
        """Empty the server's store, but for its keys."""
        await self._post("reset")

    async def fail(self, name: str, times: int = 1) -> None:
        """Make the next ``times`` commits fail at a named point; 0 disarms."""
        self._armed.add(name.removeprefix("crash_"))
        await self._post("fail-points", {"name": name, "times": times})

    async def disarm(self) -> None:
        """Have no fail point armed."""
        for name in sorted(self._armed):
            await self.fail(name, 0)
        self._armed.clear()

    async def outbox(self) -> list[dict[str, Any]]:
        """All messages that were to be sent, oldest first, with their bodies."""
        answer = await self._request("GET", "outbox", None)
        items: list[dict[str, Any]] = answer["items"]
        return items

    async def close(self) -> None:
        """Close its connections: they are of no use after a restart."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    def _told(self, answer: Mapping[str, Any]) -> int:
        try:
            self.now = parse(answer["now"])
        except (KeyError, TypeError, ValueError):
            raise ControlError(f"test control: clock answered {dict(answer)}, no time") from None
        return self.now

    async def _post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return await self._request("POST", path, dict(body or {}))

    async def _request(self, method: str, path: str, body: Any) -> dict[str, Any]:
        if self._http is None:
            timeout = aiohttp.ClientTimeout(total=SECONDS)
            self._http = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        try:
            async with self._http.request(method, f"{self._url}/{path}", json=body) as answer:
                text = await answer.text()
                if answer.status != 200:
                    raise ControlError(
                        f"test control: {path} answered {answer.status}: {text[:300]}"
                    )
                told: dict[str, Any] = json.loads(text)
        except ValueError:
            raise ControlError(f"test control: {path} answered no JSON: {text[:300]}") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ControlError(f"test control: {path} got no answer: {error!r}") from None
        if not isinstance(told, dict):
            raise ControlError(f"test control: {path} answered no object: {text[:300]}")
        return told


def parse(text: str) -> int:
    """A time of the contract in ms since the epoch."""
    at = datetime.fromisoformat(text)
    return round((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


@lru_cache(1024)  # clocks stand still, and walks ask for the same few times again and again
def render(ms: int) -> str:
    """Milliseconds since the epoch as the contract writes them."""
    whole = datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{ms % 1000:03}Z"
