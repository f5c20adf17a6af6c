"""Sending requests exactly as a case wants them, and keeping what went over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import aiohttp
from yarl import URL

from signoff_conformance.traffic import Exchange

SECONDS: Final = 45.0


class Wire:
    """The requests of one case to one server.

    Args:
        url: of the server.
        kept: every exchange is appended to it.
    """

    def __init__(self, url: str, kept: list[Exchange]) -> None:
        self._url = url
        self._kept = kept
        self._http: aiohttp.ClientSession | None = None

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        seconds: float = SECONDS,
    ) -> Exchange:
        """Send a request; its exchange, with status 0 when no answer came."""
        exchange = Exchange(method, path, dict(headers), body)
        self._kept.append(exchange)
        try:
            async with self._session().request(
                method,
                URL(self._url + path, encoded=True),
                headers=headers,
                data=body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
                skip_auto_headers=("Content-Type", "Accept", "Accept-Encoding", "User-Agent"),
            ) as answer:
                exchange.answer = await answer.read()
                exchange.answer_headers = {
                    name.lower(): value for name, value in answer.headers.items()
                }
                exchange.status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            exchange.note = f"no answer: {error!r}"
        return exchange

    def stream(
        self, path: str, headers: Mapping[str, str]
    ) -> aiohttp.client._RequestContextManager:
        """A GET whose answer is read as it comes."""
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        url = URL(self._url + path, encoded=True)
        return self._session().get(url, headers=headers, timeout=timeout)

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), auto_decompress=True
            )
        return self._http
