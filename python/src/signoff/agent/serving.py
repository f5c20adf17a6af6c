"""`app.run()`: a socket, a URL under which the server finds it, and uvicorn."""

import asyncio
import contextlib
import ipaddress
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from signoff.errors import MissingDependencyError
from signoff.gathering import Gathering

ANYWHERE: Final = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound to
SHUTDOWN_SECONDS: Final = 10.0


def listen(host: str, port: int, *, auto_port: bool) -> socket.socket:
    """A bound socket; with `auto_port`, on the next free port when `port` is taken.

    Raises:
        OSError: the address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in (port, *((0,) if auto_port else ())):
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, candidate))
            # Bound alone is not taken: two processes may bind, the second fails here.
            sock.listen(2048)
        except OSError:
            sock.close()
            if candidate == port and auto_port:
                continue
            raise
        return sock
    raise OSError("no port is free")  # pragma: no cover - port 0 is always another


def base_url(host: str, port: int, server_url: str) -> str:
    """Where the control plane reaches this machine: the bound address, or the one towards it."""
    if host in ANYWHERE:
        host = _address_towards(urlsplit(server_url).hostname or "127.0.0.1")
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _address_towards(server: str) -> str:
    """This machine's own address on the way to `server`; nothing is sent."""
    try:
        if server == "localhost" or ipaddress.ip_address(server).is_loopback:
            return "127.0.0.1"
    except ValueError:
        pass  # a name
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((server, 9))
            address: str = probe.getsockname()[0]
            return address
    except OSError:
        return "127.0.0.1"


def server(app: Any) -> Any:
    """A uvicorn server for an ASGI app; `run(sockets=[…])` serves until SIGTERM or Ctrl-C.

    Both are how it is meant to end, so it then returns, like `signoff serve`: a supervisor sees 0,
    and a person no stack trace. Uvicorn itself raises the signal once more.

    Raises:
        MissingDependencyError: uvicorn is not installed.
    """
    try:
        import uvicorn
    except ImportError:
        raise MissingDependencyError("app.run()", "agent") from None

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            with _handled(self.handle_exit):
                yield

    config = uvicorn.Config(
        app,
        http=_protocol(),
        lifespan="on",
        proxy_headers=False,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=int(SHUTDOWN_SECONDS),
    )
    return Server(config)


def _protocol() -> Any:
    """Uvicorn's HTTP, with answers in one piece."""
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    class Protocol(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(Gathering(transport))

    return Protocol


@contextlib.contextmanager
def _handled(handler: Any) -> Iterator[None]:
    """SIGTERM and Ctrl-C go to `handler`; only the main thread may say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, handler) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, earlier in before.items():
            signal.signal(each, earlier)
