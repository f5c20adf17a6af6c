"""An agent of the Python SDK under test. See `../../ADAPTERS.md`, Agents."""

import asyncio
import json
import os
import sys
from contextvars import ContextVar
from typing import Any

import signoff
from signoff import Agent

SETTINGS: dict[str, Any] = json.loads(os.environ.get("CONFORMANCE_SETTINGS", "{}"))


def write(line: dict[str, Any]) -> None:
    """Append a line to the log, whole."""
    text = json.dumps(line, ensure_ascii=False) + "\n"
    log = os.open(os.environ["CONFORMANCE_LOG"], os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        os.write(log, text.encode())
    finally:
        os.close(log)


def seconds(settings: dict[str, Any], name: str, otherwise: Any = None) -> Any:
    """A setting in ms as seconds; `otherwise` when it is absent."""
    return settings[name] / 1000 if name in settings else otherwise


app = Agent(
    "conformance",
    version=signoff.__version__,
    shutdown_seconds=seconds(SETTINGS, "shutdown_ms", 5.0),
    suspend_after_seconds=seconds(SETTINGS, "suspend_after_ms"),
    max_running=SETTINGS.get("max_running"),
)


class StepError(Exception):
    """A step of a script fails as it is told."""


@app.reasoner()
async def script(do: list[dict[str, Any]], attempt: str) -> list[Any]:
    """Do what is listed, one after the other; the results. The log says that `attempt` did it."""
    logged.set(attempt)
    return [await perform(one) for one in do]


logged: ContextVar[str] = ContextVar("logged")


async def perform(one: dict[str, Any]) -> Any:
    """Do one verb; with `catch`, what goes wrong is its result."""
    if not one.get("catch", False):
        return await VERBS[one["verb"]](one)
    try:
        return await VERBS[one["verb"]](one)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return {"error": told(error)}


def told(error: Exception) -> dict[str, Any]:
    """An error as the suite wants it."""
    for types, kind in KINDS:
        if isinstance(error, types):
            return {"kind": kind, "message": str(error)}
    if isinstance(error, signoff.ApiError):
        return {"kind": "refused", "code": error.code, "message": str(error)}
    return {"kind": "internal", "message": f"{type(error).__name__}: {error}"}


KINDS: list[tuple[tuple[type[Exception], ...], str]] = [
    ((StepError, signoff.StepFailedError), "step_failed"),
    ((signoff.CallFailedError,), "call_failed"),
    ((signoff.NondeterministicReplayError,), "nondeterministic_replay"),
    ((signoff.PauseTimeoutError, signoff.WaitTimeoutError), "deadline"),
]


def outcome(result: signoff.ApprovalResult | None) -> dict[str, Any] | None:
    """The end of a wait, with the five booleans as the SDK has them."""
    if result is None:
        return None
    members = {
        "decision": result.decision,
        "approved": result.approved,
        "rejected": result.rejected,
        "changes_requested": result.changes_requested,
        "expired": result.expired,
        "withdrawn": result.withdrawn,
        "feedback": result.feedback,
        "response": result.response,
        "reviewer": result.reviewer.model_dump(exclude_unset=True) if result.reviewer else None,
        "event_head": result.event_head and result.event_head.model_dump(exclude_unset=True),
        "id": result.id,
        "approval_request_id": result.approval_request_id,
    }
    return {name: value for name, value in members.items() if value is not None}


async def step(one: dict[str, Any]) -> Any:
    async def work(*_: Any) -> Any:
        write({"did": one["name"], "attempt": logged.get()})
        if "error" in one:
            raise (ValueError if one.get("built_in") else StepError)(one["error"])
        if one.get("linger", False):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise ConnectionError("it was broken off") from None
        return one.get("value")

    return await app.step(one["name"], work, *one.get("args", ()), key=one.get("key"))


async def pause(one: dict[str, Any]) -> Any:
    names = ("title", "description", "payload", "expires_in_hours")
    asked = {name: one[name] for name in names if name in one}
    if "url" in one:
        asked["approval_request_url"] = one["url"]
    return outcome(await app.pause(one["id"], timeout=seconds(one, "timeout_ms"), **asked))


async def resume(one: dict[str, Any]) -> Any:
    return outcome(await app.wait_for_resume(one["id"], timeout=seconds(one, "timeout_ms")))


async def call(one: dict[str, Any]) -> Any:
    return await app.call(one["target"], **one.get("input", {}))


async def note(one: dict[str, Any]) -> None:
    app.note(one["message"], tags=one.get("tags", ()))


async def work(one: dict[str, Any]) -> None:
    write({"did": one["name"], "attempt": logged.get()})


async def value(one: dict[str, Any]) -> Any:
    return one.get("value")


async def fail(one: dict[str, Any]) -> None:
    raise RuntimeError(one["message"])


async def linger(_: dict[str, Any]) -> None:
    await asyncio.Event().wait()


async def together(one: dict[str, Any]) -> list[Any]:
    return list(await asyncio.gather(*map(perform, one["do"])))


VERBS = {
    "step": step,
    "pause": pause,
    "resume": resume,
    "call": call,
    "note": note,
    "work": work,
    "value": value,
    "fail": fail,
    "linger": linger,
    "together": together,
}


if __name__ == "__main__":
    hello = {
        "protocol": 1,
        "name": "signoff-python",
        "language": "python",
        "version": signoff.__version__,
        "abilities": dict.fromkeys(("exact_integers", "key_order", "suspend", "max_running"), True),
    }
    write({"hello": hello})
    app.run()
    sys.exit(0)
