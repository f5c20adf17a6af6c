"""The ASGI application: finds the operation, lets the caller in, checks, does, answers.

No framework stands between the server and this file: the contract is the route table, and a
request costs tens of microseconds.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from signoff.server.domain.errors import Refusal
from signoff.server.domain.store import StoreUnavailable
from signoff.server.http import bodies, requests
from signoff.server.http.auth import Gate
from signoff.server.http.contract import PREFIX, Contract, Operation
from signoff.server.http.problems import problem
from signoff.server.http.requests import Call, Sent
from signoff.server.http.routing import Routes
from signoff.server.operations.context import Context
from signoff.server.operations.responses import require_secret

Handler = Callable[[Call], Awaitable[Response]]
"""Does one operation: from a checked call to its answer."""

Extension = Callable[[Scope, Receive, Send], Awaitable[None]]
"""Serves paths that are not the contract's."""

SEALED = frozenset({"receiveApprovalResponse"})
"""Signed operations: their handler checks the signature before it has the request checked."""

_log = logging.getLogger("signoff.http")


class Observer(Protocol):
    """Counts what was served."""

    def served(self, operation: str, status: int, seconds: float) -> None:
        """One request was answered; ``operation`` is its id, or ``unknown``."""


class App:
    """Serves the contract.

    Raises (when made):
        ValueError: an operation of the contract has no handler, or a handler no operation.
    """

    def __init__(
        self,
        contract: Contract,
        handlers: Mapping[str, Handler],
        context: Context,
        observer: Observer,
        extensions: Mapping[str, Extension] | None = None,
    ) -> None:
        unmatched = contract.operations.keys() ^ handlers.keys()
        if unmatched:
            raise ValueError(f"handlers and contract differ in {', '.join(sorted(unmatched))}")
        self._handlers = handlers
        self._context = context
        self._observer = observer
        self._extensions = dict(extensions or {})
        self._gate = Gate(context)
        self._routes = Routes(contract.operations.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request. There is nothing else: no lifespan, no web sockets."""
        if scope["type"] != "http":
            raise RuntimeError(f"only http is served, not {scope['type']}")
        path = scope["raw_path"] if "raw_path" in scope else scope["path"].encode()
        for prefix, extension in self._extensions.items():
            if path.startswith(prefix.encode()):
                await extension(scope, receive, send)
                return
        started = time.perf_counter()
        found = self._routes.find(path.partition(b"?")[0])
        operation = found.methods.get(scope["method"]) if found else None
        if found is None:
            response = problem(Refusal("not_found", f"there is no such path; all begin {PREFIX}"))
        elif operation is None:
            response = _wrong_method(found.methods)
        else:
            try:
                response = await self._answer(operation, found.values, scope, receive)
            except ClientDisconnect:
                return
        await response(scope, receive, send)
        name = operation.id if operation else "unknown"
        seconds = time.perf_counter() - started
        self._observer.served(name, response.status_code, seconds)
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("%s %d", name, response.status_code, extra={"ms": round(seconds * 1000, 3)})

    async def _answer(
        self, operation: Operation, values: tuple[str, ...], scope: Scope, receive: Receive
    ) -> Response:
        try:
            return await self._do(operation, values, scope, receive)
        except ClientDisconnect:
            raise
        except asyncio.CancelledError:
            if not self._context.stopping.is_set():
                raise
            # Its time to finish is over: a body that never came, for one.
            return problem(_stopping(), operation)
        except Exception:  # noqa: BLE001 - whatever it is, its text is not for the client
            _log.exception("%s failed", operation.id)
            return problem(Refusal("internal_error", "a fault of the server; it is in its log"))

    async def _do(
        self, operation: Operation, values: tuple[str, ...], scope: Scope, receive: Receive
    ) -> Response:
        try:
            if self._context.stopping.is_set() and operation.needs_the_store:
                raise _stopping()
            call = await self._call(operation, values, scope, receive)
            work = self._handlers[operation.id](call)
            if call.query.get("wait_seconds"):
                return await _while_connected(work, receive)
            return await work
        except Refusal as refusal:
            return problem(refusal, operation)
        except StoreUnavailable as error:
            self._context.failed(error)
            return problem(
                Refusal("store_unavailable", "the database can't be used now; try again"), operation
            )

    async def _call(
        self, operation: Operation, values: tuple[str, ...], scope: Scope, receive: Receive
    ) -> Call:
        headers = requests.headers_of(scope)
        principal = await self._gate.admit(operation, headers)
        sealed = operation.id in SEALED
        if sealed:
            require_secret(self._context)
        body = await bodies.read(operation.body, headers, receive) if operation.body else b""
        sent = Sent(values, scope["query_string"], headers, body)
        call = Call(operation, self._context, principal, sent)
        if not sealed:
            requests.check(call)
        return call


def _stopping() -> Refusal:
    return Refusal("shutting_down", "the server is stopping")


def _wrong_method(methods: Mapping[str, Operation]) -> Response:
    allowed = ", ".join(sorted(methods))
    refusal = Refusal("method_not_allowed", f"this path has {allowed}")
    return problem(refusal, headers={"allow": allowed})


async def _while_connected(work: Awaitable[Response], receive: Receive) -> Response:
    """Wait for an answer that may take its time, but not longer than somebody wants it."""
    answer = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise ClientDisconnect
        return answer.result()
    finally:
        answer.cancel()
        gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
