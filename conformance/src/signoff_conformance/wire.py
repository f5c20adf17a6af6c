"""Sending requests exactly as a case wants them, and keeping what went over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Final

import aiohttp
from yarl import URL

from signoff_conformance.traffic import Exchange

SECONDS: Final = 45.0

CHUNKED: Final = "Transfer-Encoding"
"""A header that the HTTP client writes itself when it is told to send pieces."""


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
        sent: asyncio.Event | None = None,
    ) -> Exchange:
        """Send a request; its exchange, with status 0 when no answer came.

        ``sent`` is set once it is on its way, or cannot be. With ``Transfer-Encoding: chunked`` the
        body goes out in pieces, and nothing says beforehand how long it is.
        """
        exchange = Exchange(method, path, dict(headers), body)
        self._kept.append(exchange)
        try:
            async with self._session().request(
                method,
                URL(self._url + path, encoded=True),
                headers={name: headers[name] for name in headers if name != CHUNKED},
                chunked=True if CHUNKED in headers else None,
                data=body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
                skip_auto_headers=("Content-Type", "Accept", "Accept-Encoding", "User-Agent"),
                trace_request_ctx=sent,
            ) as answer:
                exchange.answer = await answer.read()
                exchange.answer_headers = {
                    name.lower(): value for name, value in answer.headers.items()
                }
                exchange.status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            exchange.note = f"no answer: {error!r}"
        finally:
            if sent is not None:
                sent.set()
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
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_tell)
            trace.on_request_chunk_sent.append(_tell)
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), trace_configs=[trace]
            )
        return self._http


async def _tell(_: aiohttp.ClientSession, context: SimpleNamespace, sent: object) -> None:
    event, method = context.trace_request_ctx, getattr(sent, "method", "POST")
    # What has a body is on its way with the first piece of it.
    if event is not None and (method == "GET" or not hasattr(sent, "headers")):
        event.set()
