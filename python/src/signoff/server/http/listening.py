"""The socket and uvicorn on it: started, and stopped within a time, by whoever owns the loop."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import sys
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self

import uvicorn
from httptools import HttpParserInvalidMethodError, HttpRequestParser
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from signoff.gathering import Gathering
from signoff.server.domain.errors import Refusal
from signoff.server.http import problems

GRACE_SECONDS: Final = 3
"""Requests in flight have so long to finish when the server stops; then they are cut off."""

KEEP_ALIVE_SECONDS: Final = 75
"""Idle connections are kept so long: longer than clients keep theirs, who then close first."""


BACKLOG: Final = 4096
"""Connections that may wait to be accepted: a thousand agents come back at once."""


class AddressInUse(Exception):
    """The address can't be listened on; the text says which and why."""


class Listener:
    """Serves an ASGI application on a socket while it is entered.

    Args:
        app: what to serve.
        host: a name or an address.
        port: 0 takes any free one.
        on_stop: called when the server begins to stop: it ends what would wait for long.
    """

    def __init__(self, app: ASGIApp, host: str, port: int, on_stop: Callable[[], None]) -> None:
        self._socket = _bind(host, port)
        self._host = host
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            backlog=BACKLOG,
        )
        self._server = _Uvicorn(config, on_stop)
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it can be reached from this machine, without a slash at the end."""
        port = self._socket.getsockname()[1]
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{port}"

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._server.serve([self._socket]))
        started = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({self._task, started}, return_when=asyncio.FIRST_COMPLETED)
        if not self._server.ready.is_set():
            started.cancel()
            await self._task
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        if self._task is not None:
            await self._task


class _Protocol(HttpToolsProtocol):
    """Uvicorn's, but answers leave in one piece, what is no HTTP gets a problem, too, and methods
    that the parser does not know are refused by whoever knows the methods of the path."""

    _data = b""
    _heads = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Gathering(transport))

    def data_received(self, data: bytes) -> None:
        self._data, self._heads = data, 0
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._heads += 1
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        del msg
        if self._heads == 0 and isinstance(sys.exc_info()[1], HttpParserInvalidMethodError):
            named = _UNKNOWN_METHOD.match(self._data)
            if named is not None and named[1] not in _STANDING_IN:
                self.parser = HttpRequestParser(self)
                self.data_received(_STANDING_IN + self._data[named.end(1) :])
                return
        what = "not to be read as HTTP/1.1: its first line, its method or a header is none"
        answer = problems.problem(Refusal("invalid_request", f"the request is {what}"))
        lines = [b"HTTP/1.1 400 Bad Request", *(b": ".join(each) for each in answer.raw_headers)]
        head = b"\r\n".join([*lines, b"connection: close", b"", b""])
        self.transport.write(head + bytes(answer.body))
        self.transport.close()


_UNKNOWN_METHOD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) [^ ]+ HTTP/1\.[01]\r?\n")
"""The first line of a request, with its method."""

_STANDING_IN: Final = b"TRACE"
"""A method that the parser knows and no path has."""


class _Uvicorn(uvicorn.Server):
    """Uvicorn without its signal handlers: the process's are the composition root's."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._on_stop = on_stop

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stop()
        await super().shutdown(sockets)


def _bind(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        raise AddressInUse(f"can't listen on {host}:{port}: {error.strerror or error}") from error
    listening.setblocking(False)
    return listening
