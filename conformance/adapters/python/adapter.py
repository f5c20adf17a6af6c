"""The Python SDK under test: one JSON object a line in, one a line out. See `../../ADAPTERS.md`."""

import asyncio
import base64
import inspect
import json
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

import signoff
from signoff import contract_gen as models

Line = dict[str, Any]

KINDS: list[tuple[tuple[type[Exception], ...], str]] = [
    ((signoff.SignatureError, signoff.InvalidSignatureError), "signature"),
    ((signoff.UnauthorizedError, signoff.ForbiddenError, signoff.UntrustedOriginError), "auth"),
    ((signoff.NotFoundError, signoff.UnknownTargetError), "not_found"),
    (
        (
            signoff.AlreadyDecidedError,
            signoff.RequestConflictError,
            signoff.AmbiguousRequestIdError,
            signoff.ExecutionFinishedError,
            signoff.StaleAttemptError,
            signoff.StepConflictError,
            signoff.IdempotencyConflictError,
            signoff.DeliveryNotRetryableError,
        ),
        "conflict",
    ),
    ((signoff.ServerError,), "server"),
    ((signoff.RefusedError, ValueError), "validation"),
    ((signoff.WaitTimeoutError, signoff.PauseTimeoutError), "deadline"),
    ((signoff.TransportError,), "transport"),
    ((signoff.ProtocolError,), "protocol"),
]
"""The first that fits counts."""


class Clock:
    """Time that stands still until the runner fires it."""

    def __init__(self, now_ms: float) -> None:
        self.elapsed_ms = 0.0
        self.start_ms = now_ms
        self.timers: dict[int, tuple[float, asyncio.Future[None]]] = {}
        self.count = 0

    def now(self) -> float:
        return (self.start_ms + self.elapsed_ms) / 1000

    def monotonic(self) -> float:
        return self.elapsed_ms / 1000

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        self.count += 1
        timer, ms = self.count, seconds * 1000
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.timers[timer] = (self.elapsed_ms + ms, woken)
        say({"event": "sleeping", "timer": timer, "ms": ms})
        try:
            await woken
        except asyncio.CancelledError:
            say({"event": "awake", "timer": timer})
            raise
        finally:
            del self.timers[timer]

    def advance_to(self, ms: float) -> None:
        self.elapsed_ms = max(self.elapsed_ms, ms)
        for due, woken in self.timers.values():
            if due <= self.elapsed_ms and not woken.done():
                woken.set_result(None)


class Adapter:
    """A client, and the calls that it has in flight."""

    def __init__(self) -> None:
        self.client: signoff.AsyncClient | None = None
        self.clock: Clock | None = None
        self.calls: dict[int, asyncio.Task[None]] = {}

    async def hello(self, line: Line) -> Line:
        names = ("clock", "exact_integers", "key_order", "unknown_members")
        abilities = dict.fromkeys(names, True)
        return {
            "protocol": 1,
            "name": "signoff-python",
            "language": "python",
            "version": signoff.__version__,
            "abilities": abilities,
        }

    async def open(self, line: Line) -> Line:
        await self.close()
        clock = line.get("clock", {})
        self.clock = Clock(clock["now_ms"]) if clock.get("mode") == "injected" else None
        options: dict[str, Any] = {"api_key": line.get("api_key"), "clock": self.clock}
        if "timeout_ms" in line:
            options["timeout"] = line["timeout_ms"] / 1000
        self.client = signoff.AsyncClient(line["server_url"], **options)
        return {}

    async def fire(self, line: Line) -> Line:
        if self.clock is None:
            raise Unsupported("the client runs on this machine's time")
        if "timer" in line:
            if line["timer"] not in self.clock.timers:
                raise Unsupported(f"nothing sleeps on timer {line['timer']}")
            self.clock.advance_to(self.clock.timers[line["timer"]][0])
        else:
            self.clock.advance_to(self.clock.elapsed_ms + line["advance_ms"])
        return {}

    async def cancel(self, line: Line) -> Line:
        call = self.calls.get(line["call"])
        if call is not None:
            call.cancel()
        return {"found": call is not None}

    async def receive(self, line: Line) -> Line:
        forms = {
            "webhook": signoff.verify_webhook,
            "approval_response": signoff.verify_approval_response,
        }
        if line["form"] not in forms:
            raise Unsupported(f"no form {line['form']}")
        body = base64.b64decode(line["body"])
        verified = forms[line["form"]](line["headers"], body, line["secrets"], line["now"])
        return {"kind": verified.kind, "id": verified.id, "timestamp": verified.timestamp}

    async def codec(self, line: Line) -> Line:
        model = getattr(models, line["type"], None)
        if not isinstance(model, type):
            raise Unsupported(f"no type {line['type']}")
        try:
            value = TypeAdapter[object](model).validate_python(json.loads(line["text"]))
        except (ValidationError, ValueError) as error:
            raise signoff.ProtocolError(str(error)) from None
        return {"text": written(value)}

    async def call(self, line: Line) -> Any:
        if self.client is None:
            raise Unsupported("nothing is open")
        verb = self.verb(line["op"])
        args = {to_python(name): value for name, value in line.get("args", {}).items()}
        for name in ("timeout", "patience"):
            if f"{name}_ms" in args:
                args[name] = args.pop(f"{name}_ms") / 1000
        if "body" in args:
            args["body"] = args["body"].encode()
        try:
            inspect.signature(verb).bind(**args)
        except TypeError as error:
            raise Unsupported(f"{line['op']}: {error}") from None
        result = verb(**args)
        if isinstance(result, AsyncIterator):
            return {"items": [item async for item in result]}
        return await result

    def verb(self, op: str) -> Callable[..., Any]:
        name = to_python(op)
        verb = getattr(self.client, name, None)
        if name in ("aclose", "with_options") or name.startswith("_") or not callable(verb):
            raise Unsupported(f"no verb {op}")
        return verb  # type: ignore[no-any-return]

    async def close(self) -> None:
        calls = list(self.calls.values())
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        if self.client is not None:
            await self.client.aclose()

    async def bye(self, line: Line) -> Line:
        await self.close()
        return {}

    async def answer(self, line: Line) -> None:
        """Exactly one reply to a line, whatever happens."""
        number = line["id"]
        do: Callable[[Line], Awaitable[Any]] | None = None
        if line["do"] in MESSAGES:
            do = getattr(self, line["do"])
        try:
            if do is None:
                raise Unsupported(f"no message {line['do']}")
            say({"id": number, "ok": await do(line)})
        except Unsupported as why:
            say({"id": number, "unsupported": str(why)})
        except asyncio.CancelledError:
            say({"id": number, "error": {"kind": "canceled", "message": "canceled"}})
        except Exception as error:  # noqa: BLE001 - the runner judges it
            say({"id": number, "error": described(error)})
        finally:
            self.calls.pop(number, None)


MESSAGES = {"hello", "open", "call", "fire", "cancel", "receive", "codec", "bye"}


class Unsupported(Exception):
    """The SDK, or this adapter, has no such thing."""


def described(error: Exception) -> Line:
    kind = next((kind for types, kind in KINDS if isinstance(error, types)), "internal")
    told: Line = {"kind": kind, "message": f"{type(error).__name__}: {error}"}
    if isinstance(error, signoff.AlreadyDecidedError) and error.approval is not None:
        told["approval"] = error.approval
        if error.approval.status == "expired":
            told["kind"] = "expired"
    if isinstance(error, signoff.ApiError):
        told |= {"code": error.code, "status": error.status}
        told["pointers"] = [at.pointer for at in error.errors]
        if error.retry_after is not None:
            told["retry_after_ms"] = error.retry_after * 1000
    if isinstance(error, signoff.SignatureError):
        told["reason"] = error.reason
    return told


def to_python(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def plain(value: object) -> object:
    """What `json` writes in place of the SDK's own types."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, signoff.ApprovalResult):
        names = "decision feedback response reviewer id approval_request_id event_head approved"
        names += " rejected changes_requested expired withdrawn"
        return {name: getattr(value, name) for name in names.split()}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be told")


def written(value: object) -> str:
    return json.dumps(value, default=plain, ensure_ascii=False, allow_nan=False)


def say(line: Line) -> None:
    sys.stdout.buffer.write(written(line).encode() + b"\n")
    sys.stdout.buffer.flush()


async def main() -> None:
    reader = asyncio.StreamReader(limit=2**26)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    adapter = Adapter()
    while raw := await reader.readline():
        line = json.loads(raw)
        task = asyncio.create_task(adapter.answer(line))
        if line["do"] == "call":
            adapter.calls[line["id"]] = task
        else:
            await task
        if line["do"] == "bye":
            return


if __name__ == "__main__":
    asyncio.run(main())
