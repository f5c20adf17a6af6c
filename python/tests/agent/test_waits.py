"""A run only waits when all of its tasks provably do: whatever is not known to wait is work."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from signoff.agent.run import Run, enter
from signoff.agent.tracking import is_tracked, tracked
from signoff.clock import AsyncSystemClock

Work = Callable[["Branches"], Awaitable[Any]]


class Branches:
    """What the code of a run may be doing."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.answers: dict[str, asyncio.Future[None]] = {}

    async def pause(self, name: str = "apr_1", *, timed: bool = False) -> None:
        answer = self.answers[name] = asyncio.get_running_loop().create_future()
        with self.run.waits.waiting(name, timed=timed):
            await answer

    async def work(self) -> None:
        await asyncio.Event().wait()


@asynccontextmanager
async def running(code: Work) -> AsyncIterator[Branches]:
    """A run whose code is blocked."""
    empty: Any = None
    run = Run("shop", "exec_1", "exec_1", 1, "run_1", empty, AsyncSystemClock(), empty)
    branches = Branches(run)

    async def main() -> None:
        enter(run)
        await code(branches)

    with tracked():
        context = contextvars.Context()
        task = asyncio.create_task(main(), context=context)
        run.waits.track(task)
        for _ in range(10):
            await asyncio.sleep(0)
        try:
            yield branches
        finally:
            for each in [*run.waits.tasks]:
                each.cancel()
            await asyncio.gather(*run.waits.tasks, return_exceptions=True)


async def one(it: Branches) -> None:
    await it.pause()


async def deep(it: Branches) -> None:
    async def inner() -> None:
        await one(it)

    await inner()


async def gathered(it: Branches) -> None:
    await asyncio.gather(it.pause("apr_1"), it.pause("exec_2"), deep(it))


async def gathered_within_gathered(it: Branches) -> None:
    await asyncio.gather(gathered(it), it.pause("apr_4"))


async def a_task_awaited(it: Branches) -> None:
    await asyncio.create_task(it.pause())


async def waited(it: Branches) -> None:
    await asyncio.wait({asyncio.create_task(it.pause()), asyncio.create_task(it.pause("apr_2"))})


async def waited_for_the_first(it: Branches) -> None:
    tasks = [asyncio.create_task(it.pause()), asyncio.create_task(it.pause("apr_2"))]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


async def grouped(it: Branches) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(it.pause())
        group.create_task(gathered(it))


async def grouped_beside(it: Branches) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(it.pause())
        await it.pause("apr_2")


async def an_iterator(it: Branches) -> None:
    async def each() -> AsyncIterator[int]:
        await it.pause()
        yield 1

    async for _ in each():
        pass


@pytest.mark.parametrize(
    "code",
    [
        one,
        deep,
        gathered,
        gathered_within_gathered,
        a_task_awaited,
        waited,
        waited_for_the_first,
        grouped,
        grouped_beside,
        an_iterator,
    ],
)
async def test_it_only_waits(code: Work) -> None:
    async with running(code) as branches:
        assert branches.run.waits.only()
        answered = next(iter(branches.answers.values()))
        answered.set_result(None)
        # Answered, though its code has not heard of it yet: it is about to work.
        assert not branches.run.waits.only()


async def works(it: Branches) -> None:
    await it.work()


async def works_beside(it: Branches) -> None:
    await asyncio.gather(it.pause(), it.work())


async def works_in_the_background(it: Branches) -> None:
    task = asyncio.create_task(it.work())
    await it.pause()
    task.cancel()


async def waits_in_the_background(it: Branches) -> None:
    task = asyncio.create_task(it.pause())
    await it.work()
    task.cancel()


async def has_a_time_limit(it: Branches) -> None:
    await asyncio.wait_for(one(it), 3600)


async def waits_for_so_long(it: Branches) -> None:
    await asyncio.wait({asyncio.create_task(it.pause())}, timeout=3600)


async def shielded(it: Branches) -> None:
    await asyncio.shield(it.pause())


async def groups_work(it: Branches) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(it.pause())
        group.create_task(it.work())


async def gathers_a_stranger(it: Branches) -> None:
    await asyncio.gather(it.pause(), asyncio.get_running_loop().create_future())


async def works_in_a_thread(it: Branches) -> None:
    release = asyncio.Event()
    work = asyncio.get_running_loop().run_in_executor(None, lambda: None)
    await work
    await asyncio.gather(it.pause(), release.wait())


@pytest.mark.parametrize(
    "code",
    [
        works,
        works_beside,
        works_in_the_background,
        waits_in_the_background,
        has_a_time_limit,
        waits_for_so_long,
        shielded,
        groups_work,
        gathers_a_stranger,
        works_in_a_thread,
    ],
)
async def test_it_does_something_too(code: Work) -> None:
    async with running(code) as branches:
        assert not branches.run.waits.only()


async def test_a_wait_that_ends_by_itself_is_work_unless_the_process_ends() -> None:
    async with running(lambda it: it.pause(timed=True)) as branches:
        assert not branches.run.waits.only()
        assert branches.run.waits.only(timed=True)


async def test_what_is_being_cancelled_does_not_wait() -> None:
    async with running(one) as branches:
        (task,) = branches.run.waits.tasks
        task.cancel()
        assert not branches.run.waits.only()


async def test_a_run_that_is_over_waits_for_nothing() -> None:
    async with running(one) as branches:
        heard: list[int] = []
        branches.run.waits.changed = lambda: heard.append(len(branches.run.waits))
        branches.run.waits.end()
        assert (heard, branches.run.waits.only()) == ([0], False)


async def test_tasks_are_told_apart_by_the_run_that_starts_them() -> None:
    loop = asyncio.get_running_loop()
    assert not is_tracked()
    async with running(gathered) as one_run, running(a_task_awaited) as other:
        assert [len(each.run.waits.tasks) for each in (one_run, other)] == [4, 2]
        stranger = asyncio.create_task(asyncio.Event().wait())
        assert stranger not in one_run.run.waits.tasks | other.run.waits.tasks
        stranger.cancel()
        assert is_tracked()
    assert loop.get_task_factory() is None


async def test_a_factory_that_was_there_before_goes_on_making_tasks() -> None:
    loop = asyncio.get_running_loop()
    made: list[Any] = []

    def factory(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
        made.append(work)
        return asyncio.Task(work, loop=loop, **options)

    loop.set_task_factory(factory)
    try:
        async with running(gathered) as branches:
            assert len(made) == 4
            assert branches.run.waits.only()
            # Another one in its place does not know it: nothing is said of tasks any more.
            loop.set_task_factory(factory)
            assert not is_tracked()
        assert loop.get_task_factory() is factory
    finally:
        loop.set_task_factory(None)
