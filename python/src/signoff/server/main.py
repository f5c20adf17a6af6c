"""The composition root: the only place that knows store, operations, maintenance and HTTP alike.

server = build(settings)
async with running(server) as base_url: ...     # in this process, on a free port
serve(settings)                                 # the process: until SIGTERM or SIGINT
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

from signoff.server import logs
from signoff.server.database import Engine, KeyRing, StartError, engine, key_ring, opened
from signoff.server.domain.clock import Clock, ManualClock, SystemClock
from signoff.server.domain.ids import Ids
from signoff.server.domain.store import StoreUnavailable
from signoff.server.http import contract, handlers, test_control
from signoff.server.http.app import App, Extension
from signoff.server.http.auth import is_local
from signoff.server.http.listening import AddressInUse, Listener
from signoff.server.maintenance.http_client import HttpClient
from signoff.server.maintenance.liveness import Liveness
from signoff.server.maintenance.retention import Retention
from signoff.server.maintenance.runner import SWEEP_MS, Maintenance
from signoff.server.maintenance.test_control import TestControl as Control
from signoff.server.metrics import Metrics
from signoff.server.operations import keys
from signoff.server.operations.context import Context, Options
from signoff.server.operations.keys import NewKey
from signoff.server.settings import PostgresUrl, Settings
from signoff.server.store.sqlite_lock import Lock

__all__ = [
    "Clock",
    "KeyRing",
    "ManualClock",
    "NewKey",
    "Server",
    "Settings",
    "StartError",
    "SystemClock",
    "build",
    "key_ring",
    "opened",
    "running",
    "serve",
]

DAY_MS = 86_400_000

GARBAGE = 20_000
"""New objects after which the garbage collector looks for cycles among them."""

_log = logging.getLogger("signoff")


class Server:
    """A control plane in this process, and an ASGI application while it is started."""

    def __init__(self, settings: Settings, clock: Clock, test_control_token: str | None) -> None:
        self.settings = settings
        self.clock = clock
        self.metrics = Metrics()
        self._token = test_control_token
        self._context: Context | None = None
        self._maintenance: Maintenance | None = None
        self._app: App | None = None
        self._lock: Lock | None = None

    @property
    def context(self) -> Context:
        """What the operations are given. Only while started."""
        if self._context is None:
            raise RuntimeError("the server is not started")
        return self._context

    async def start(self) -> None:
        """Open the store, bring its schema up to date, and begin the maintenance.

        Whatever it raises, :meth:`stop` closes what is open by then.

        Raises:
            StartError: the database can't be used, or another server uses its file.
        """
        self._lock = _lock(self.settings)
        try:
            store = await engine(self.settings)
        except StartError:
            await self.stop()
            raise
        store.observe(self.metrics.committed)
        liveness = Liveness(self.clock)
        self._context = Context(
            store=store,
            clock=self.clock,
            ids=Ids(self.clock),
            liveness=liveness,
            options=_options(self.settings),
        )
        self._maintenance = Maintenance(
            self._context,
            liveness,
            HttpClient(allowed_hosts=self.settings.allowed_hosts),
            counters=self.metrics,
            notify_secret=self.settings.notify_secret,
            # Whoever moves the clock by hand says when to look.
            sweep_ms=None if isinstance(self.clock, ManualClock) else SWEEP_MS,
            retention=_retention(self.settings, self._context),
        )
        try:
            await self._maintenance.start()
        except StoreUnavailable as error:
            raise StartError(f"{self.settings.database}: {error}") from error
        read = contract.load()
        bound = handlers.bind(read, self.metrics)
        self._app = App(read, bound, self._context, self.metrics, self._extensions(store, liveness))

    def _extensions(self, store: Engine, liveness: Liveness) -> dict[str, Extension]:
        if self._token is None or self._context is None or self._maintenance is None:
            return {}
        if not isinstance(self.clock, ManualClock):
            raise StartError("test control needs a clock that it can move")
        # A function as a default looks like a method to mypy, which can't be set.
        fail_points: Any = store.fail_points
        control = Control(self._context, self.clock, liveness, self._maintenance, fail_points)
        return {test_control.PREFIX: test_control.TestControl(control, self._token)}

    def stopping(self) -> None:
        """End all waits: long polls answer the present state, streams of events end."""
        if self._context is not None:
            self._context.stop()

    async def stop(self) -> None:
        """End the maintenance and close the store. Safe to repeat."""
        if self._context is not None:
            self.stopping()
            if self._maintenance is not None:
                await self._maintenance.stop()
            await self._context.store.close()
        if self._lock is not None:
            self._lock.release()
        self._context = self._app = self._maintenance = self._lock = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if self._app is None:
            raise RuntimeError("the server is not started")
        await self._app(scope, receive, send)


def build(
    settings: Settings, *, clock: Clock | None = None, test_control_token: str | None = None
) -> Server:
    """A server, not started yet.

    Args:
        settings: what it is told.
        clock: where it takes the time from; None: the system's clock, or one that starts there
            and stands still when tests control it.
        test_control_token: what opens ``/test-control``; None: there is no such path.
    """
    if clock is None:
        clock = SystemClock()
        if test_control_token is not None:
            clock = ManualClock(clock.now(), clock.monotonic())
    return Server(settings, clock, test_control_token)


@asynccontextmanager
async def running(server: Server, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Start a server and listen, in this event loop; gives the base URL.

    Raises:
        StartError: the database or the address can't be used, or a server without keys was to
            listen beyond loopback.
    """
    try:
        await server.start()
        if not is_local(host) and await _is_open(server):
            raise StartError(
                f"without keys the server is open to everybody, so it does not listen on {host}:"
                " make a key first (signoff keys create), or listen on 127.0.0.1"
            )
        try:
            listener = Listener(server, host, port, server.stopping)
        except AddressInUse as error:
            raise StartError(str(error)) from None
        async with listener:
            yield listener.url
    finally:
        await server.stop()


def serve(
    settings: Settings,
    *,
    test_control_token: str | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Run a server until SIGTERM or SIGINT.

    Args:
        settings: what it is told.
        test_control_token: what opens ``/test-control``, on loopback only.
        ready: called with the base URL when requests are taken.

    Raises:
        StartError: it can't start.
    """
    logs.configure(settings.log_level, settings.log_format)
    if test_control_token is not None and not is_local(settings.host):
        raise StartError(f"test control is for loopback only, not for {settings.host}")
    server = build(settings, test_control_token=test_control_token)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_until_signalled(server, ready))


def _lock(settings: Settings) -> Lock | None:
    if isinstance(settings.database, PostgresUrl):
        return None
    try:
        return Lock.take(Path(settings.database))
    except StoreUnavailable as error:
        raise StartError(f"{settings.database}: {error}") from None


def _retention(settings: Settings, context: Context) -> Retention | None:
    if settings.retention_days is None or settings.retention_folder is None:
        return None
    return Retention(context, round(settings.retention_days * DAY_MS), settings.retention_folder)


def _options(settings: Settings) -> Options:
    return Options(
        notify_url=settings.notify_url,
        allowed_hosts=settings.allowed_hosts,
        webhook_secrets=settings.webhook_secrets,
        replay_decisions=settings.replay_decisions,
    )


async def _until_signalled(server: Server, ready: Callable[[str], None] | None) -> None:
    settings = server.settings
    with _signals() as told:
        async with running(server, host=settings.host, port=settings.port) as url:
            _log.info("ready", extra={"url": url, "database": str(settings.database)})
            await _warn_if_open(server)
            if ready is not None:
                ready(url)
            _spare_the_collector()
            await told.wait()
            _log.info("stopping")
    _log.info("stopped")


async def _is_open(server: Server) -> bool:
    try:
        return await keys.is_open(server.context)
    except StoreUnavailable as error:
        raise StartError(f"{server.settings.database}: {error}") from error


async def _warn_if_open(server: Server) -> None:
    """Say that there are no keys. It listens by now: a database that went away ends no server."""
    try:
        if await keys.is_open(server.context):
            _log.warning("there are no keys: whoever reaches this port may do everything")
    except StoreUnavailable as error:
        _log.warning("whether there are keys is not known: %s", error)


def _spare_the_collector() -> None:
    """Have the garbage collector look at what requests leave behind, which is little in cycles,
    less often than once in 700 objects, and never again at all that was made by now."""
    gc.freeze()
    gc.set_threshold(GARBAGE)


@contextmanager
def _signals() -> Iterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    before = {
        each: signal.signal(each, lambda *_: loop.call_soon_threadsafe(told.set))
        for each in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield told
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop
