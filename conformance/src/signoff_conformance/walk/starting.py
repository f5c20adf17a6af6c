"""Requests that start executions, from clients and from the executions of agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from signoff_conformance.oracle.answers import Request
from signoff_conformance.oracle.deliveries import DEAF, SUBSCRIBER
from signoff_conformance.oracle.executions import Execution
from signoff_conformance.oracle.leasing import INLINE, REFUSING
from signoff_conformance.profiles import NODE, OTHER_NODE
from signoff_conformance.walk.moves import Chance
from signoff_conformance.walk.registering import AGENTS, TYPED

NEWEST: Final = 0.92
LATER: Final = 0.5
"""How often the newest attempt is addressed: of an execution with one, and with more."""
NAMES: Final = ("work",) * 12 + (INLINE, INLINE, INLINE, REFUSING, TYPED, "nothing")
INPUTS: Final[tuple[Any, ...]] = (
    {},
    {},
    {"n": 12345678901234567890123},
    {"a": None},
    {"ticket": "A-1"},
    [1],
)
SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of tests


def execute_async(chance: Chance) -> Request:
    """Start a reasoner."""
    path, headers, body, key = _start(chance)
    return Request("executeAsync", path, {}, headers, body, key=key)


def execute(chance: Chance) -> Request:
    """Start a reasoner and wait, where the end comes without another operation."""
    path, headers, body, key = _start(chance)
    node_id, _, name = path["target"].partition(".")
    there = chance.oracle.nodes.worker(node_id) is not None
    query = {} if there and name in (INLINE, REFUSING) else {"wait_seconds": "0"}
    if "Idempotency-Key" in headers:  # it may be that of another, which goes on
        query = {"wait_seconds": "0"}
    return Request("execute", path, query, headers, body, key=key)


def _start(chance: Chance) -> tuple[dict[str, str], dict[str, str], dict[str, Any], str]:
    body: dict[str, Any] = chance.some(
        0.4, input=INPUTS, timeout_seconds=(1, 60, 7200), max_attempts=(1, 2)
    )
    if chance.maybe(0.1):
        body["webhook"] = _webhook(chance)
    headers = chance.some(0.25, **{"Idempotency-Key": ("order-1", "order-2")})
    path = {"target": f"{NODE if chance.maybe(0.7) else OTHER_NODE}.{chance.pick(NAMES)}"}
    key = chance.pick(("client", "client2", "admin"))
    parent = chance.execution() if chance.maybe(0.35) else None
    if parent is not None:
        headers["X-Parent-Execution-ID"] = attempt_id(chance, parent)
        key = caller(chance, parent)
        if key == "client":
            headers["X-Parent-Execution-ID"] = parent.id
        if chance.maybe(0.6):  # equal calls
            body = {"input": {}}
    elif chance.maybe(0.03):
        key = "agent"
    return path, headers, body, key


def caller(chance: Chance, one: Execution) -> str:
    """Who calls from within an execution: mostly its agent."""
    if chance.maybe(0.1):
        return str(chance.pick(("client", "admin", "agent", "agent2")))
    return AGENTS[one.node_id]


def attempt_id(chance: Chance, one: Execution | None) -> str:
    """The id of the newest attempt; now and then of another."""
    if one is None:
        return "exec_o-nowhere"
    if chance.maybe(NEWEST if one.newest == 1 else LATER):
        return one.attempt_id
    number = chance.random.randrange(2, one.newest + 2)
    return one.id if chance.maybe(0.7) else f"{one.id}~{number}"


def _webhook(chance: Chance) -> dict[str, str]:
    told = {"url": f"{SUBSCRIBER}/finished", **chance.some(secret=(SECRET,))}
    if chance.maybe(0.15):
        told["url"] = "http://127.0.0.1:9/finished"
    elif chance.maybe(0.3) and not chance.oracle.deliveries.unheard():
        told["url"] = f"{SUBSCRIBER}/finished{DEAF}"
    return told


MAKERS: list[tuple[int, Callable[[Chance], Request]]] = [(14, execute_async), (5, execute)]
