"""The moments at which a process is killed on purpose: a request on its way, seen at a door."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

When = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of a request.

    `to`: who gets the request. `when`: `before` it is passed on, or `after` it was answered with
    success, before the answer is passed on. `victim`: the server that it goes to (all of them
    where they send it), the agent at its other end, or the database.
    """

    name: str
    to: Literal["server", "agent"]
    when: When
    method: str
    path: re.Pattern[str]
    victim: Literal["server", "agent", "postgres"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A request at a door. `server` and `agent` are the names of its ends, as far as known."""

    to: Literal["server", "agent"]
    method: str
    path: str
    server: str | None = None
    agent: str | None = None

    def meets(self, point: Point, when: When) -> bool:
        return (
            (point.to, point.when, point.method) == (self.to, when, self.method)
            and (point.victim != "agent" or self.agent is not None)
            and point.path.search(self.path) is not None
        )


_EXECUTE: Final = re.compile(r"/execute/async/")
_REQUEST: Final = re.compile(r"/request-approval$")
_DECISION: Final = re.compile(r"/decision$")
_STEP: Final = re.compile(r"/steps/")
_REPORT: Final = re.compile(r"/status$")
_DISPATCH: Final = re.compile(r"^/reasoners/")
_CALLBACK: Final = re.compile(r"^/webhooks/approval$")

POINTS: Final = (
    Point("execution written, not answered", "server", "after", "POST", _EXECUTE, "server"),
    Point("question written, not answered", "server", "after", "POST", _REQUEST, "server"),
    Point("decision written, not answered", "server", "after", "POST", _DECISION, "server"),
    Point("decision written, database gone", "server", "after", "POST", _DECISION, "postgres"),
    Point("step written, not answered", "server", "after", "PUT", _STEP, "server"),
    Point("step written, database gone", "server", "after", "PUT", _STEP, "postgres"),
    Point("end written, not answered", "server", "after", "POST", _REPORT, "server"),
    Point("effect done, not recorded", "server", "before", "PUT", _STEP, "agent"),
    Point("step recorded, agent gone", "server", "after", "PUT", _STEP, "agent"),
    Point("question written, agent gone", "server", "after", "POST", _REQUEST, "agent"),
    Point("at its end, not reported", "server", "before", "POST", _REPORT, "agent"),
    Point("before dispatch", "agent", "before", "POST", _DISPATCH, "server"),
    Point("dispatch taken, not answered", "agent", "after", "POST", _DISPATCH, "server"),
    Point("dispatch taken, agent gone", "agent", "after", "POST", _DISPATCH, "agent"),
    Point("before callback", "agent", "before", "POST", _CALLBACK, "server"),
    Point("before callback, agent gone", "agent", "before", "POST", _CALLBACK, "agent"),
    Point("callback taken, not answered", "agent", "after", "POST", _CALLBACK, "server"),
    Point("callback taken, agent gone", "agent", "after", "POST", _CALLBACK, "agent"),
)
"""All points. The fail points of the server's own test control stop its clock; these don't."""
