"""Who calls, and who may: the keys and their roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signoff_conformance.contract import Operation
from signoff_conformance.oracle.answers import Refused, Request


@dataclass(frozen=True, slots=True)
class Caller:
    """The owner of a key."""

    name: str
    role: str
    node: str | None = None

    def principal(self) -> dict[str, Any]:
        """A ``Principal`` of the contract."""
        return {"id": f"key_o-{self.name}", "name": self.name, "source": "key"}


class Keys:
    """The keys of a server, by name."""

    def __init__(self, callers: Mapping[str, Caller]) -> None:
        self._callers = dict(callers)

    def caller(self, operation: Operation, request: Request) -> Caller | None:
        """Who makes a request; None where nobody need say.

        Raises:
            Refused: ``unauthorized`` or ``forbidden``.
        """
        if not operation.roles:
            return None
        caller = self._callers.get(request.key or "")
        if caller is None:
            raise Refused(401, "unauthorized", "A missing or unknown key is 401 `unauthorized`")
        if caller.role not in operation.roles:
            raise forbidden()
        return caller


def forbidden() -> Refused:
    """The refusal of a role, node or run that does not fit."""
    return Refused(403, "forbidden", "a role, node or run that does not fit is 403 `forbidden`")
