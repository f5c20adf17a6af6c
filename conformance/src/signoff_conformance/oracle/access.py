"""Which executions a caller may read, and which of their attempts it may speak for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from signoff_conformance.oracle.answers import Refused
from signoff_conformance.oracle.calls import Call
from signoff_conformance.oracle.executions import Execution
from signoff_conformance.oracle.keys import forbidden

_ATTEMPT: Final = re.compile(r"([^~]+)(?:~([1-9][0-9]*))?")
STALE: Final = "Whatever comes from an older attempt is 409 `stale_attempt`."


class Access:
    """Finds executions by the ids of their attempts.

    Args:
        executions: all of them, by their plain ids.
    """

    def __init__(self, executions: Mapping[str, Execution]) -> None:
        self._executions = executions

    def plain(self, text: str) -> str:
        """The plain id that an attempt id names."""
        match = _ATTEMPT.fullmatch(text)
        return match[1] if match else text

    def readable(self, call: Call, text: str) -> Execution:
        """An execution that the caller may read.

        Raises:
            Refused: ``not_found``, ``forbidden``.
        """
        one, _ = self._found(text)
        run = (row for row in self._executions.values() if row.run_id == one.run_id)
        if call.caller.role == "agent" and all(row.node_id != call.caller.node for row in run):
            raise forbidden()
        return one

    def own(self, call: Call, text: str) -> Execution:
        """The execution whose newest attempt the caller speaks for.

        Raises:
            Refused: ``not_found``, ``forbidden``, ``stale_attempt``.
        """
        check_node(call, call.request.path.get("node_id"))
        one, attempt = self._found(text)
        check_node(call, one.node_id)
        if attempt < one.newest:
            raise Refused(409, "stale_attempt", STALE)
        return one

    def _found(self, text: str) -> tuple[Execution, int]:
        match = _ATTEMPT.fullmatch(text)
        one = self._executions.get(match[1]) if match else None
        attempt = int((match and match[2]) or 1)
        if one is None or attempt > one.newest or (match and match[2] == "1"):
            raise Refused(404, "not_found", "There is no such thing.")
        return one, attempt


def check_node(call: Call, node_id: str | None) -> None:
    """An agent speaks for its node only; a path that names another is refused first.

    Raises:
        Refused: ``forbidden``.
    """
    if call.caller.role == "agent" and node_id not in (None, call.caller.node):
        raise forbidden()


def check_place(call: Call, one: Execution) -> None:
    """The path must name the node of the execution.

    Raises:
        Refused: ``not_found``.
    """
    if call.request.path["node_id"] != one.node_id:
        raise Refused(404, "not_found", "There is no such thing.")
