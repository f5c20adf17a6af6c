"""What a run waits for, and whether it does nothing else."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final, cast


@dataclass(frozen=True, slots=True, eq=False)
class Wait:
    """A task of a run that waits for a decision or for a child.

    `id` is the `apr_` or `exec_` id; `timed` says that it stops waiting when a time is over, which
    no other process would know of.
    """

    id: str
    task: asyncio.Task[Any]
    timed: bool

    @property
    def for_a_person(self) -> bool:
        """Whether it waits for a decision."""
        return self.id.startswith("apr_")


class Waits:
    """The waits of one run, and all of its unfinished tasks.

    `changed` is called when the run begins or stops to wait.
    """

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[Any]] = set()
        self.changed: Callable[[], None] = _nothing
        self._waits: set[Wait] = set()

    def __len__(self) -> int:
        return len(self._waits)

    def __iter__(self) -> Iterator[Wait]:
        return iter(self._waits)

    def track(self, task: asyncio.Task[Any]) -> None:
        """A task that belongs to the run."""
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def end(self) -> None:
        """The run is over here: what still waits is nobody's concern."""
        self._waits.clear()
        self.changed()
        self.changed = _nothing

    @contextmanager
    def waiting(self, name: str, *, timed: bool = False) -> Iterator[None]:
        """Within the block the running task waits for what has this id, and does nothing else."""
        wait = Wait(name, cast("asyncio.Task[Any]", asyncio.current_task()), timed)
        self._waits.add(wait)
        self.changed()
        try:
            yield
        finally:
            self._waits.discard(wait)
            self.changed()

    def only(self, *, timed: bool = False) -> bool:
        """Whether nothing of the run is in progress: all its tasks wait, or join others that do.

        What is not known to be such counts as work. With `timed` so do not the waits that end
        when a time is over.
        """
        waiting = {wait.task for wait in self._waits if timed or not wait.timed}
        return bool(waiting) and all(
            _is_blocked(task) and (_waits(task, waiting) or _joins(task, self.tasks))
            for task in self.tasks
        )


def _nothing() -> None: ...


def _is_blocked(task: asyncio.Task[Any]) -> bool:
    """Whether it waits for something that has not happened yet, and nobody cancels it."""
    # Both implementations of CPython have this attribute; where it is missing, it works.
    waiter = getattr(task, "_fut_waiter", None)
    return waiter is not None and not waiter.done() and not task.cancelling()


def _joins(task: asyncio.Task[Any], tasks: set[asyncio.Task[Any]]) -> bool:
    """Whether a blocked task waits for others of `tasks` and for nothing else.

    By awaiting one, by `gather`, by `wait` without a time limit, or at the end of a `TaskGroup`.
    """
    waiter = getattr(task, "_fut_waiter", None)
    if isinstance(waiter, asyncio.Task):
        return waiter in tasks
    joined = getattr(waiter, "_children", None)  # of what `gather` returns
    if joined is None:
        joined = _joined_by_frame(task)
    return joined is not None and all(future.done() or future in tasks for future in joined)


def _waits(task: asyncio.Task[Any], waiting: set[asyncio.Task[Any]]) -> bool:
    """Whether it is one of those; not when `asyncio.wait_for` bounds its time."""
    return task in waiting and all(frame.f_code is not _WAIT_FOR for frame in _frames(task))


def _joined_by_frame(task: asyncio.Task[Any]) -> Any:
    """What `asyncio.wait` or a `TaskGroup` joins, when a task is blocked in one; else None."""
    frame = next(reversed([*_frames(task)]), None)
    if frame is None:
        return None
    if frame.f_code is _WAIT:
        return frame.f_locals["fs"] if frame.f_locals["timeout"] is None else None
    if frame.f_code in _GROUP_ENDS:
        return getattr(frame.f_locals["self"], "_tasks", None)
    return None


def _frames(task: asyncio.Task[Any]) -> Iterator[FrameType]:
    """The frames of a blocked task, from the outermost on, as far as they are coroutines."""
    coroutine: Any = task.get_coro()
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        yield frame
        coroutine = coroutine.cr_await


_WAIT_FOR: Final = asyncio.wait_for.__code__
_WAIT: Final = getattr(getattr(asyncio.tasks, "_wait", None), "__code__", None)
_GROUP_ENDS: Final = tuple(
    method.__code__
    for method in (asyncio.TaskGroup.__aexit__, getattr(asyncio.TaskGroup, "_aexit", None))
    if method is not None
)
