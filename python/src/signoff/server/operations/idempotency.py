"""Idempotency keys: the same request again is answered with the first execution."""

from __future__ import annotations

from dataclasses import dataclass

from signoff.server.domain.errors import Conflict
from signoff.server.domain.principal import Principal
from signoff.server.domain.store import Change, Statement, Value
from signoff.server.operations.context import Context

KEPT_MS = 24 * 3600 * 1000
"""A key is kept so long, and longer while its execution is unfinished."""


@dataclass(slots=True)
class Claim:
    """A key of a principal for one operation, and the digest of what was sent under it."""

    principal: Principal
    operation: str
    key: str
    request_sha256: str
    _stale: str | None = None

    async def execution(self, context: Context) -> str | None:
        """The execution that the key stands for; None when it is free.

        Raises:
            Conflict: ``idempotency_conflict``: it stands for another request.
        """
        row = await context.store.one("get_idempotency", **self._named())
        self._stale = None
        if row is None:
            return None
        if row["completed_at"] is not None and context.clock.now() >= row["expires_at"]:
            self._stale = row["execution_id"]
            return None
        if row["request_sha256"] != self.request_sha256:
            detail = "this Idempotency-Key was used with another target or body"
            raise Conflict("idempotency_conflict", detail)
        return str(row["execution_id"])

    def put(self, change: Change, execution_id: str, now: int) -> None:
        """Claim the key for an execution, in the change that makes it. A taken one misses."""
        if self._stale is not None:
            stale = self._named() | {"execution_id": self._stale}
            change.statements.append(Statement("delete_idempotency", stale))
        claimed: dict[str, Value] = {
            "request_sha256": self.request_sha256,
            "execution_id": execution_id,
            "created_at": now,
            "expires_at": now + KEPT_MS,
        }
        change.statements.append(Statement("insert_idempotency", claimed | self._named()))

    def _named(self) -> dict[str, Value]:
        return {"principal": self.principal.id, "operation": self.operation, "key": self.key}
