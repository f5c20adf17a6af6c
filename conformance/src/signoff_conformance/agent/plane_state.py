"""What the played control plane knows: the instance, the executions, what was said."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any, Final

from signoff_conformance.agent import records
from signoff_conformance.agent.runs import Event, Execution, number_of
from signoff_conformance.contract import Contract
from signoff_conformance.waiting import Waiting

HEARTBEAT_SECONDS: Final = 0.05
"""What agents are told: often, so that no case waits for the next one."""

ENDS: Final = ("succeeded", "failed")
"""What ends an execution; `waiting` and `cancelled` give it back."""

Answer = tuple[int, Any]


class Refused(Exception):
    """A request is answered by a problem."""

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.body = records.problem(status, code, detail, **more)


class State:
    """All of it, in memory.

    Args:
        contract: whose records the answers are.
        changed: told of everything that happens.
    """

    def __init__(self, contract: Contract, changed: Waiting) -> None:
        self.contract = contract
        self.changed = changed
        self.gates = 0
        """How many questions there were, ever."""
        self.secret = _secret()
        """What messages to the instance are signed with."""
        self.former = _secret()
        """A secret that no longer counts, or never did."""
        self.instance: Mapping[str, Any] | None = None
        """What the instance has registered with; None when none is known."""
        self.known = False
        """Whether the instance has heard so: it beats, and knows the secret."""
        self.leaving: Mapping[str, Any] | None = None
        """What it has said at its shutdown."""
        self.beats: list[Mapping[str, Any]] = []
        """All heartbeats since the case began."""
        self.executions: dict[str, Execution] = {}
        self.events: list[Event] = []
        self.resync = False
        """Ask for the list with the next heartbeat."""
        self.page = 200
        """How many steps a page has at most."""

    def clear(self) -> None:
        """Begin a case: no executions, no faults; the instance stays."""
        self.executions.clear()
        self.events.clear()
        self.beats.clear()
        self.resync, self.page = False, 200

    def forget(self) -> None:
        """Know the instance no more, as a server without its store; sign with a new secret."""
        self.former, self.secret = self.secret, _secret()
        self.instance = self.leaving = None
        self.known = False

    def execution(self, reasoner: str, given: Any) -> Execution:
        """A new execution, for its first dispatch."""
        name = secrets.token_hex(6)
        one = Execution(
            f"exec_019a8f2e-7c00-7000-8000-{name}",
            f"run_019a8f2e-7c00-7000-8000-{name}",
            reasoner,
            given,
        )
        self.executions[one.id] = one
        return one

    def known_execution(self, attempt_id: str) -> Execution:
        """The execution of an attempt.

        Raises:
            Refused: there is none.
        """
        one = self.executions.get(number_of(attempt_id)[0])
        if one is None:
            raise Refused(404, "not_found", f"there is no execution {attempt_id}")
        return one

    def current(self, attempt_id: str, finished: Any = None) -> Execution:
        """The execution, if this is its newest attempt and it goes on, or ended by `finished`.

        Raises:
            Refused: it is not.
        """
        one = self.known_execution(attempt_id)
        if number_of(attempt_id)[1] < one.attempt:
            raise Refused(409, "stale_attempt", f"attempt {one.attempt} runs")
        if one.end is not None and one.end != finished:
            raise Refused(409, "execution_finished", f"the execution has {one.end['status']}")
        return one

    def happened(
        self,
        kind: str,
        one: Execution,
        attempt_id: str,
        said: Mapping[str, Any],
        stored: Mapping[str, Any],
    ) -> None:
        """Something new is stored that an agent has said."""
        self.events.append(Event(kind, one.id, attempt_id, said, stored))


def _secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
