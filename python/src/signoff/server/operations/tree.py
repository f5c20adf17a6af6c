"""The unit of a change: an execution with its ancestors, and the event chains of all of them.

Who waits for a waiting child waits too, so a change of one execution may move every execution
above it. A tree is loaded, changed in memory, and turned into one :class:`Change`, in which the
heads of all chains that it touched come first::

    tree = await Tree.load(context, execution_id)
    tree.append(EventType.STEP_RECORDED, actor, data={...})
    tree.gate_closed(actor)                     # and its parent resumes, and that one's parent
    tree.add("insert_message", id=..., ...)
    await context.store.apply(tree.change())    # Missed: load again, decide again

Whatever is left out of the tree can't be moved by it: load with ``descendants=True`` to cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from signoff.contract_gen import ExecutionStatus
from signoff.server.domain.errors import NotFound
from signoff.server.domain.event import Actor
from signoff.server.domain.execution import WAITING, Execution
from signoff.server.domain.store import (
    Change,
    Row,
    Statement,
    StatementSource,
    Store,
    Value,
)
from signoff.server.domain.transition import Transition

if TYPE_CHECKING:
    from signoff.server.operations.context import Context


class Draft:
    """A change while it is built: chains, statements, topics, and what is to be built last.

    ``now`` is the time of everything that the change does, in ms since the epoch.
    """

    def __init__(self, now: int) -> None:
        self.now = now
        self._chains: list[StatementSource] = []
        self._change = Change()
        self._deferred: list[Callable[[], Iterable[Statement]]] = []

    def include(self, chain: StatementSource) -> None:
        """Take a chain into the change, such as that of a standalone request."""
        self._chains.append(chain)

    def add(self, query: str, *, expect: int | None = 1, **params: Value) -> None:
        """Add a statement: a row beside those that have chains."""
        self._change.add(query, expect=expect, **params)

    def extend(self, statements: Iterable[Statement]) -> None:
        """Add statements that were built elsewhere, such as those of a request."""
        self._change.statements.extend(statements)

    def defer(self, build: Callable[[], Iterable[Statement]]) -> None:
        """Add what ``build`` returns when all else is done: messages show the state after it."""
        self._deferred.append(build)

    def wake(self, *topics: str) -> None:
        """Name topics whose watchers are woken once the change is durable."""
        self._change.wake(*topics)

    def change(self) -> Change:
        """What was done, as one change: heads and events first. Call it once.

        It wakes ``due`` when it writes down a time at which something is to be done.
        """
        for build in self._deferred:
            self.extend(build())
        self._change.add_chains(*self._chains)
        if any(map(_falls_due, self._change.statements)):
            self._change.wake("due")
        return self._change


_DUE = ("dispatch_at", "expires_at", "next_at", "timeout_at")


def _falls_due(statement: Statement) -> bool:
    return any(statement.params.get(name) is not None for name in _DUE)


class Tree(Draft):
    """An execution, its ancestors, and if asked for its descendants, while a change is built."""

    def __init__(self, execution: Execution, others: Iterable[Execution], now: int) -> None:
        super().__init__(now)
        self.execution = execution
        self._members = {member.chain_id: member for member in (execution, *others)}
        self._read = {key: dict(member.row) for key, member in self._members.items()}
        self._held: set[str] = set()
        self._leased: set[str] = set()

    @classmethod
    async def load(
        cls,
        context: Context,
        execution_id: str,
        *,
        descendants: bool = False,
        known: Row | None = None,
    ) -> Tree:
        """Read an execution by its bare id, with its ancestors.

        With ``descendants`` also all executions below it. ``known`` is its row if it was read just
        now: see :func:`signoff.server.operations.serial.once`.

        Raises:
            NotFound: there is no such execution.
        """
        row = known or await context.store.one("get_execution", execution_id=execution_id)
        if row is None:
            raise NotFound(f"there is no execution {execution_id}")
        others = await _ancestors(context.store, row)
        if descendants:
            others += await _descendants(context.store, execution_id)
        return cls(Execution(row), map(Execution, others), context.clock.now())

    @property
    def ancestors(self) -> list[Execution]:
        """The parent of the execution, then that one's parent, up to the root of the run."""
        return list(self._above(self.execution))

    @property
    def descendants(self) -> list[Execution]:
        """The unfinished executions below it, parents before children; empty unless loaded."""
        upper = {self.execution.chain_id, *(member.chain_id for member in self.ancestors)}
        return [m for key, m in self._members.items() if key not in upper and not m.finished]

    def append(
        self,
        kind: str,
        actor: Actor,
        *,
        data: Mapping[str, Any] | None = None,
        content: str | None = None,
        approval_id: str | None = None,
        key: str | None = None,
        of: Execution | None = None,
    ) -> Row:
        """Append an event to the chain of the execution (``of``: of that member); return its row.

        See :meth:`Chain.append` for the rest.
        """
        return (of or self.execution).append(
            kind,
            at=self.now,
            actor=actor,
            data=data,
            approval_id=approval_id,
            content=content,
            key=key,
        )

    def gate_opened(self, actor: Actor) -> None:
        """The execution has one more pending request: it waits, and so do those above it.

        Append the event of the request first: it is what guards the count, here and at the end.
        """
        self._count(+1, actor)

    def gate_closed(self, actor: Actor) -> None:
        """It has one pending request less: with the last one it and those above it go on.

        Whoever has no lease is due for dispatch now: the next attempt takes the decision.
        """
        self._count(-1, actor)
        self.execution.wake(self.now)

    def move(
        self,
        transition: Transition[ExecutionStatus],
        actor: Actor,
        *,
        reason: str | None = None,
        data: Mapping[str, Any] | None = None,
        of: Execution | None = None,
        **columns: Value,
    ) -> None:
        """Move the execution (``of``: that member), and those above it as far as they wait for it.

        At an end its parent is woken when nobody holds it: a result is there for it. An instance
        that holds it hears of the end by itself, and must still hold it when this is applied.

        Raises:
            Conflict, ValueError: as :meth:`Execution.move`.
        """
        moved = of or self.execution
        waited = moved.waits
        moved.move(transition, at=self.now, actor=actor, reason=reason, data=data, **columns)
        self._ripple(moved, waited, actor)
        if moved.finished and (parent := self._parent(moved)) and not parent.finished:
            if parent.row["lease_instance"] is not None:
                self._leased.add(parent.chain_id)
            elif parent.status == WAITING:
                parent.wake(self.now)

    def hold(self, of: Execution | None = None) -> None:
        """Demand that the execution (``of``: that member) is still as read, though not changed."""
        self._held.add((of or self.execution).chain_id)

    def change(self) -> Change:
        """What was done, as one change; it also wakes ``exec:{id}`` of each touched member.

        Members that nothing was done to take no part and guard nothing. Call it once.
        """
        for key, member in self._members.items():
            source = _Member(member, self._read[key])
            if source.touched:
                self.wake(f"exec:{key}")
            if source.touched or key in self._held:
                self.include(source)
            elif key in self._leased:
                self.include(_Leased(member))
        return super().change()

    def _count(self, pending_own: int, actor: Actor) -> None:
        waited = self.execution.waits
        self.execution.count(at=self.now, actor=actor, pending_own=pending_own)
        self._ripple(self.execution, waited, actor)

    def _ripple(self, child: Execution, waited: bool, actor: Actor) -> None:
        for ancestor in self._above(child):
            if waited == child.waits:
                return
            waited = ancestor.waits
            ancestor.count(at=self.now, actor=actor, waiting_children=1 if child.waits else -1)
            if waited and not ancestor.waits:
                ancestor.wake(self.now)
                if not ancestor.finished:  # somebody below it was answered: that is progress
                    ancestor.set(idle_attempts=0)
            child = ancestor

    def _parent(self, execution: Execution) -> Execution | None:
        return self._members.get(execution.row["parent_execution_id"])

    def _above(self, execution: Execution) -> Iterable[Execution]:
        parent = self._parent(execution)
        while parent is not None:
            yield parent
            parent = self._parent(parent)


class _Member:
    """A member of the tree as a source of statements, with the guards that its counts need.

    That a second child waits is no transition of its parent and leaves no event, so the head of
    the chain does not move and can't tell two such changes apart: the count guards itself.
    """

    def __init__(self, execution: Execution, read: Row) -> None:
        self._execution = execution
        self._read = read

    @property
    def chain_id(self) -> str:
        return self._execution.chain_id

    @property
    def touched(self) -> bool:
        return bool(self._events) or self._quiet() != {}

    @property
    def _events(self) -> bool:
        return bool(self._execution.head["seq"] != self._execution.from_seq)

    def _quiet(self) -> dict[str, Value]:
        """The columns that changed, of those that change without an event."""
        row = self._execution.row
        return {
            name: row[name]
            for name in ("waiting_children", "dispatch_at", "held_for")
            if name in row and row[name] != self._read[name]
        }

    def statements(self) -> list[Statement]:
        counted: dict[str, Value] = {"if_waiting_children": self._read.get("waiting_children", 0)}
        if not self._events:
            guards: dict[str, Value] = {
                "execution_id": self.chain_id,
                "from_seq": self._execution.from_seq,
            }
            return [Statement("wait_for_children", self._quiet() | guards | counted)]
        head, *events = self._execution.statements()
        # Whether those above it go on with a move depends on the count, too.
        if head.query == "move_execution" and not head.params.keys().isdisjoint(_COUNTED):
            head = Statement(head.query, {**head.params, **counted}, head.expect)
        return [head, *events]


class _Leased:
    """A guard beside the chains, in their order: an instance holds the execution as it was read.

    Unlike a guard by the head it lets everything else happen to the execution meanwhile.
    """

    def __init__(self, execution: Execution) -> None:
        self.chain_id = execution.chain_id
        self._instance_id = execution.row["lease_instance"]

    def statements(self) -> list[Statement]:
        guards = {"execution_id": self.chain_id, "if_leased_by": self._instance_id}
        return [Statement("check_lease", guards)]


_COUNTED = ("status", "waiting_children")


async def _ancestors(store: Store, row: Row) -> list[Row]:
    rows: list[Row] = []
    while (parent := row["parent_execution_id"]) is not None:
        above = await store.one("get_execution", execution_id=parent)
        if above is None:  # pragma: no cover - a foreign key forbids it
            break
        rows.append(above)
        row = above
    return rows


async def _descendants(store: Store, execution_id: str) -> list[Row]:
    # Level by level: parents come before their children. A finished one may have children that
    # still run, so all are followed.
    found: list[Row] = []
    level = [execution_id]
    while level:
        rows = [
            row
            for parent in level
            for row in await store.all("list_children", parent_execution_id=parent)
        ]
        found += rows
        level = [row["execution_id"] for row in rows]
    return found
