"""One attempt in hand: what `pause`, `step`, `call`, `ai` and `note` work on."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from signoff.agent.notes import Notes
from signoff.agent.waiters import Waiters
from signoff.agent.waits import Waits
from signoff.canonical import digest
from signoff.client import AsyncClient
from signoff.clock import AsyncClock
from signoff.contract_gen import Step
from signoff.errors import (
    ExecutionFinishedError,
    NotInRunError,
    RefusedError,
    StaleAttemptError,
)

LONGEST_PREFIX: Final = 280
"""Characters of a step key before its number; the contract gives both 300."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """Who a run is: what `app.ctx` tells its code.

    Attributes:
        node_id: the node that runs it.
        execution_id: what everybody but the agent calls it, `exec_…`; the same in all attempts.
        attempt_id: what the agent calls it: `exec_…`, and from the second attempt on `exec_…~2`.
        attempt: which attempt this is, from 1.
        run_id: the tree of calls that it belongs to, `run_…`.
    """

    node_id: str
    execution_id: str
    attempt_id: str
    attempt: int
    run_id: str


@dataclass(slots=True, eq=False)
class Run:
    """One attempt of one execution, from its dispatch to its report.

    `attempt_id` is what the agent calls it (`exec_…~2`), `execution_id` what everybody else does.
    `recorded` holds the steps of earlier attempts and of this one, by key.
    """

    node_id: str
    execution_id: str
    attempt_id: str
    attempt: int
    run_id: str
    client: AsyncClient
    clock: AsyncClock
    notes: Notes
    waiters: Waiters = field(default_factory=Waiters)
    recorded: dict[str, Step] = field(default_factory=dict)
    waits: Waits = field(default_factory=Waits)
    stopped: bool = False
    """It was told to end: what breaks in it now has not failed."""
    leaving: bool = False
    """It goes on in a later attempt: this one is being unwound."""
    over: Callable[[RefusedError], None] = lambda _: None
    """Called when the server says that this attempt is none any more."""
    unwinding: set[asyncio.Task[Any]] = field(default_factory=set)
    """Its tasks that were cancelled for that."""
    _asked: Counter[str] = field(default_factory=Counter)

    @property
    def context(self) -> RunContext:
        """Who it is, for its code."""
        return RunContext(
            self.node_id, self.execution_id, self.attempt_id, self.attempt, self.run_id
        )

    async def stay(self) -> None:
        """Let nothing begin in an attempt that is being unwound.

        What its `finally` blocks recorded would count as done when the next attempt comes there.

        Raises:
            asyncio.CancelledError: the run goes on in a later attempt.
        """
        if self.leaving:
            await self.clock.sleep(0)  # who catches it and tries again must not hold up the others
            raise asyncio.CancelledError(f"{self.execution_id} goes on in a later attempt")

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Around what the attempt asks of the server, which may say that it is over.

        Then nothing more is done in it, whatever errors its code catches: what its `except` blocks
        would make good may be going well in a later attempt.

        Raises:
            asyncio.CancelledError: a later attempt runs, or the execution has ended.
        """
        try:
            yield
        except (StaleAttemptError, ExecutionFinishedError) as over:
            self.over(over)
            raise asyncio.CancelledError(str(over)) from over

    def key(self, prefix: str) -> str:
        """The next key under a prefix: `{prefix}.{n}`, n counted from 1 in this attempt.

        A prefix that would be too long gives its end for its digest, alike in all languages.
        """
        if len(prefix) > LONGEST_PREFIX:
            prefix = f"{prefix[: LONGEST_PREFIX - 65]}.{digest(prefix)}"
        self._asked[prefix] += 1
        return f"{prefix}.{self._asked[prefix]}"

    async def load_recorded(self) -> None:
        """Fetch what earlier attempts recorded; the first attempt has nothing to fetch."""
        if self.attempt > 1:
            async for step in self.client.iter_steps(self.attempt_id):
                self.recorded[step.key] = step


_current: Final[ContextVar[Run]] = ContextVar("signoff_run")


def enter(run: Run) -> None:
    """Make `run` the one of the running task and of the tasks that it starts."""
    _current.set(run)


def current() -> Run | None:
    """The run of the running task; None outside a reasoner that the server dispatched."""
    return _current.get(None)


def run_of(context: Context | None) -> Run | None:
    """The run of a context; None: of the running one."""
    return current() if context is None else context.get(_current)


def require(verb: str) -> Run:
    """The run of the running task.

    Raises:
        NotInRunError: there is none.
    """
    run = current()
    if run is None:
        raise NotInRunError(verb)
    return run


def attempt_number(attempt_id: str) -> tuple[str, int]:
    """`exec_…~2` → (`exec_…`, 2); without a suffix it is the first attempt."""
    execution_id, _, number = attempt_id.partition("~")
    return execution_id, int(number) if number.isdecimal() else 1
