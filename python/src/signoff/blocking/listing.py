# Generated from signoff/listing.py by tools/generate.py; do not edit.
"""Whole lists, page by page as they are read.

Made from `signoff/listing.py`, which has all of it for coroutines.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol, TypeVar

from signoff import contract_gen as models
from signoff.blocking.operations import Operations, Time

PAGE_SIZE: Final = 200
"""Rows that the `iter_` verbs take at a time."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Page(Protocol[T_co]):
    """What the list operations answer."""

    @property
    def items(self) -> Sequence[T_co]:
        """The rows."""
        ...

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; None on the last."""
        ...


class Listing(Operations):
    """The operations, and an `iter_` verb for each list of theirs."""

    def iter_nodes(self) -> Iterator[models.Node]:
        """All nodes, newest first."""
        return self._rows(lambda at: self.list_nodes(limit=PAGE_SIZE, cursor=at))

    def iter_executions(
        self,
        *,
        status: str | None = None,
        node_id: str | None = None,
        run_id: str | None = None,
    ) -> Iterator[models.Execution]:
        """All executions that fit, newest first."""
        return self._rows(
            lambda at: self.list_executions(
                limit=PAGE_SIZE, cursor=at, status=status, node_id=node_id, run_id=run_id
            )
        )

    def iter_steps(self, execution_id: str) -> Iterator[models.Step]:
        """All recorded steps of an execution, oldest first."""
        return self._rows(lambda at: self.list_steps(execution_id, limit=PAGE_SIZE, cursor=at))

    def iter_execution_events(self, execution_id: str) -> Iterator[models.Event]:
        """All events of an execution so far, oldest first."""
        return self._rows(
            lambda at: self.list_execution_events(execution_id, limit=PAGE_SIZE, cursor=at)
        )

    def iter_approval_requests(
        self,
        *,
        approval_request_id: str | None = None,
        execution_id: str | None = None,
        status: str | None = None,
        node_id: str | None = None,
        reviewer: str | None = None,
        decided_after: Time | None = None,
        decided_before: Time | None = None,
    ) -> Iterator[models.Approval]:
        """All approval requests that fit, newest first."""
        return self._rows(
            lambda at: self.list_approval_requests(
                limit=PAGE_SIZE,
                cursor=at,
                approval_request_id=approval_request_id,
                execution_id=execution_id,
                status=status,
                node_id=node_id,
                reviewer=reviewer,
                decided_after=decided_after,
                decided_before=decided_before,
            )
        )

    def iter_approval_request_events(self, id: str) -> Iterator[models.Event]:
        """All events of a request so far, oldest first."""
        return self._rows(
            lambda at: self.list_approval_request_events(id, limit=PAGE_SIZE, cursor=at)
        )

    def iter_deliveries(
        self, *, state: str | None = None, execution_id: str | None = None
    ) -> Iterator[models.Delivery]:
        """All deliveries that fit, newest first."""
        return self._rows(
            lambda at: self.list_deliveries(
                limit=PAGE_SIZE, cursor=at, state=state, execution_id=execution_id
            )
        )

    def _rows(self, page: Callable[[str | None], Page[T]]) -> Iterator[T]:
        cursor: str | None = None
        while True:
            rows = page(cursor)
            yield from rows.items
            cursor = rows.next_cursor
            if cursor is None:
                return
