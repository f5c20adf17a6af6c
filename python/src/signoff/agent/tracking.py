"""Which tasks belong to which run: a task factory that looks at the context of each new task."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from signoff.agent.run import run_of


class _Tracking:
    """Makes tasks as the event loop did before, and tells the run in which each is started."""

    def __init__(self, before: Any) -> None:
        self.before = before
        self.users = 0

    def __call__(
        self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any
    ) -> asyncio.Task[Any]:
        make = self.before or (lambda loop, work, **more: asyncio.Task(work, loop=loop, **more))
        task: asyncio.Task[Any] = make(loop, coroutine, **options)
        run = run_of(options.get("context"))
        if run is not None and not task.done():
            run.waits.track(task)
        return task


@contextmanager
def tracked() -> Iterator[None]:
    """Within the block, the tasks that runs start on the running event loop are known."""
    loop = asyncio.get_running_loop()
    present: Any = loop.get_task_factory()
    factory = present if isinstance(present, _Tracking) else _Tracking(present)
    loop.set_task_factory(factory)
    factory.users += 1
    try:
        yield
    finally:
        factory.users -= 1
        # Somebody else's that was put over it still calls it: then it stays.
        if factory.users == 0 and loop.get_task_factory() is factory:
            loop.set_task_factory(factory.before)


def is_tracked() -> bool:
    """Whether they are known now: nobody has put another factory in the place of this one."""
    return isinstance(asyncio.get_running_loop().get_task_factory(), _Tracking)
