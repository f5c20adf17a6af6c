"""What agents write down: steps, notes, events; and how the chain is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from signoff_conformance.oracle.access import Access
from signoff_conformance.oracle.answers import ANYTHING, Answer, Has, Refused
from signoff_conformance.oracle.calls import Call, Handler
from signoff_conformance.oracle.pages import Pages
from signoff_conformance.oracle.times import digest, render

FIRST_WRITE: Final = "The first write wins; the same key with another `input_sha256` is 409"
STREAM: Final = "The events after `Last-Event-ID`, then new ones as they come."


class Recording:
    """The operations on steps, notes and events."""

    def __init__(self, access: Access, pages: Pages) -> None:
        self._access, self._pages = access, pages
        self.handlers: Mapping[str, Handler] = {
            "recordStep": self._record,
            "listSteps": self._steps,
            "appendExecutionEvent": self._append,
            "addNote": self._note,
            "listExecutionEvents": self._events,
            "streamExecutionEvents": self._stream,
        }

    def _record(self, call: Call) -> Answer:
        one = self._access.own(call, call.request.path["execution_id"])
        body, key = call.request.body, call.request.path["step_key"]
        if key in one.steps:
            if one.steps[key]["input_sha256"] != body["input_sha256"]:
                raise Refused(409, "step_conflict", FIRST_WRITE)
            return Answer(200, one.steps[key], sentence=FIRST_WRITE)
        one.unfinished(call.now)
        step = {name: body[name] for name in ("kind", "name", "input_sha256")}
        step |= {"key": key, "attempt": one.newest, "at": render(call.now)}
        if "error" in body:
            step["error"] = body["error"]
        else:
            step["result"] = body.get("result")
        one.steps[key] = step
        one.idle = 0
        one.event("step.recorded", call.now, call.caller.principal())
        return Answer(201, step, sentence=FIRST_WRITE)

    def _steps(self, call: Call) -> Answer:
        one = self._access.readable(call, call.request.path["execution_id"])
        rows = list(one.steps.values())
        name = f"steps {one.id}"
        return self._pages.answer(
            call.label, call.request, rows, name, lambda row: str(row["key"]), dict
        )

    def _append(self, call: Call) -> Answer:
        one, body = self._access.own(call, call.request.path["execution_id"]), call.request.body
        if body.get("key") in one.keyed:
            return Answer(200, one.keyed[body["key"]], sentence="answered with the first event")
        one.unfinished(call.now)
        more = {} if "content" not in body else {"content": body["content"]}
        event = one.event(body["type"], call.now, call.caller.principal(), **more)
        event |= more  # null is content
        if "key" in body:
            one.keyed[body["key"]] = event
        return Answer(201, event, sentence="Append an `agent.*` event.")

    def _note(self, call: Call) -> Answer:
        one, body = (
            self._access.own(call, call.request.headers["X-Execution-ID"]),
            call.request.body,
        )
        if body.get("key") in one.keyed:
            return Answer(200, one.keyed[body["key"]], sentence="answered with the first note")
        said = {name: body[name] for name in ("message", "tags") if name in body}
        data: dict[str, Any] = {"content_sha256": ANYTHING, "attempt": one.newest}
        if "tags" in body:  # without, the contract leaves open what stands there
            data["content_sha256"] = digest(said)
        event = one.event("note", call.now, call.caller.principal(), data, content=Has(said))
        if "key" in body:
            one.keyed[body["key"]] = event
        return Answer(200, event, sentence="The note, as an event of type `note`.")

    def _events(self, call: Call) -> Answer:
        one = self._access.readable(call, call.request.path["execution_id"])
        name = f"events {one.id}"
        return self._pages.answer(
            call.label, call.request, one.chain.events, name, lambda row: str(row["seq"]), dict
        )

    def _stream(self, call: Call) -> Answer:
        """What the stream has now; ``open`` says that it goes on."""
        one = self._access.readable(call, call.request.path["execution_id"])
        rows = one.chain.events[int(call.request.headers.get("Last-Event-ID", 0)) :]
        if one.finished and not rows:
            return Answer(204, sentence="with its last seq gets 204, which ends an `EventSource`")
        return Answer(200, {"items": rows}, sentence=STREAM, open=not one.finished)
