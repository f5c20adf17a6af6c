"""``/test-control``: how tests move the clock of a server that was started for them.

    POST /test-control/clock        {"now": "2026-01-05T09:30:00.000Z"} or {"advance_ms": 1000}
    POST /test-control/leases       {"advance_ms": 1000}
    POST /test-control/settle       until nothing is left to do now
    POST /test-control/reset        empties the database, but for its keys
    GET  /test-control/outbox       {"items": [...]}: messages with their bodies, oldest first
    POST /test-control/fail-points  {"name": "before_commit", "times": 1}

Each wants ``Authorization: Bearer`` and the token of ``signoff serve --test-control``. It answers
when all that fell due is done. Without the token at start there are no such paths.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

from jsonschema_rs import Draft202012Validator
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from signoff.server.domain import timestamp
from signoff.server.domain.errors import Fault, Refusal
from signoff.server.domain.store import StoreUnavailable
from signoff.server.http import bodies, faults, requests
from signoff.server.http.contract import BODY_LIMIT, BodyRule
from signoff.server.http.problems import problem
from signoff.server.http.replies import shape

PREFIX: Final = "/test-control/"

_log = logging.getLogger("signoff.http")


class Control(Protocol):
    """What tests may do; ``maintenance/test_control.py`` does it."""

    async def set_clock(self, now: int) -> int:
        """Set the wall clock, in ms since the epoch; its time then."""

    async def advance_clock(self, ms: int) -> int:
        """Move the wall clock; its time then."""

    async def advance_leases(self, ms: int) -> None:
        """Move the clock of the leases."""

    async def settle(self) -> None:
        """Do what is left to do now."""

    async def reset(self) -> None:
        """Empty the database, but for its keys."""

    async def outbox(self) -> list[dict[str, Any]]:
        """The messages with their bodies."""

    def arm(self, name: str, times: int = 1) -> None:
        """Make the store fail."""


class TestControl:
    """Serves the paths above (ASGI)."""

    __test__ = False

    def __init__(self, control: Control, token: str) -> None:
        self._control = control
        self._authorization = f"Bearer {token}".encode()
        self._actions: Mapping[tuple[str, str], tuple[BodyRule, Action]] = {
            ("POST", "clock"): (_CLOCK, self._clock),
            ("POST", "leases"): (_LEASES, self._leases),
            ("POST", "settle"): (_NOTHING, self._settle),
            ("POST", "reset"): (_NOTHING, self._reset),
            ("GET", "outbox"): (_NOTHING, self._outbox),
            ("POST", "fail-points"): (_FAIL_POINTS, self._fail_points),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            response = await self._answer(scope, receive)
        except Refusal as refusal:
            response = problem(refusal)
        except StoreUnavailable as error:
            _log.error("the store is unavailable: %s", error)
            response = problem(Refusal("store_unavailable", "the database can't be used now"))
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        headers = requests.headers_of(scope)
        given = "".join(headers.get("authorization", ())).encode()
        if not hmac.compare_digest(given, self._authorization):
            raise Refusal("unauthorized", "send the token of --test-control as a bearer")
        found = self._actions.get((scope["method"], scope["path"].removeprefix(PREFIX)))
        if found is None:
            raise Refusal("not_found", "test control has no such method and path")
        rule, action = found
        raw = await bodies.read(rule, headers, receive)
        return shape(await action(requests.body_of(rule, raw)))

    async def _clock(self, body: Mapping[str, Any]) -> dict[str, Any]:
        if "now" in body:
            now = await self._control.set_clock(_time(body["now"]))
        else:
            now = await self._control.advance_clock(int(body["advance_ms"]))
        return {"now": timestamp.render(now)}

    async def _leases(self, body: Mapping[str, Any]) -> dict[str, Any]:
        await self._control.advance_leases(int(body["advance_ms"]))
        return {}

    async def _settle(self, _: Mapping[str, Any]) -> dict[str, Any]:
        await self._control.settle()
        return {}

    async def _reset(self, _: Mapping[str, Any]) -> dict[str, Any]:
        await self._control.reset()
        return {}

    async def _outbox(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"items": await self._control.outbox()}

    async def _fail_points(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._control.arm(body["name"], int(body["times"]))
        return {}


Action = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]


def _time(text: str) -> int:
    try:
        return timestamp.parse(text)
    except ValueError:
        raise faults.refuse([Fault("/now", "must be a time with its zone")]) from None


def _rule(members: Mapping[str, Any], **more: Any) -> BodyRule:
    schema = {"type": "object", "additionalProperties": False, "properties": members, **more}
    return BodyRule(bool(members), BODY_LIMIT, {}, (), Draft202012Validator(schema))


_MS: Final = {"type": "integer", "minimum": -(10**15), "maximum": 10**15}
_NOTHING: Final = _rule({})
_LEASES: Final = _rule({"advance_ms": _MS}, required=["advance_ms"])
_CLOCK: Final = _rule(
    {"now": {"type": "string"}, "advance_ms": _MS}, minProperties=1, maxProperties=1
)
_FAIL_POINTS: Final = _rule(
    {"name": {"type": "string"}, "times": {"type": "integer", "minimum": 0, "maximum": 10**6}},
    required=["name", "times"],
)
