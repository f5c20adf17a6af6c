"""The clocks, the ids made from them, and times as text."""

from __future__ import annotations

import asyncio
import time

import pytest

from signoff.server.domain import timestamp
from signoff.server.domain.clock import ManualClock, SystemClock
from signoff.server.domain.ids import Ids, made_at
from tests.server.rows import NOW


async def test_waiters_wake_when_their_time_is_passed() -> None:
    clock = ManualClock(NOW)
    tasks = [asyncio.create_task(clock.wait_until(NOW + ms)) for ms in (10, 20)]
    await clock.until_waiting(2)
    assert clock.next_due() == NOW + 10
    clock.advance(9)
    assert clock.waiting() == 2
    clock.advance(1)
    await tasks[0]
    assert not tasks[1].done()
    clock.set(NOW + 20)
    await tasks[1]
    assert (clock.now(), clock.waiting(), clock.next_due()) == (NOW + 20, 0, None)


async def test_time_that_has_come_is_not_waited_for() -> None:
    clock = ManualClock(NOW)
    await clock.wait_until(NOW)
    wake = asyncio.Event()
    wake.set()
    await clock.wait_until(None, wake)
    assert clock.waiting() == 0


async def test_an_event_ends_the_wait() -> None:
    clock, wake = ManualClock(NOW), asyncio.Event()
    task = asyncio.create_task(clock.wait_until(NOW + 10, wake))
    await clock.until_waiting()
    wake.set()
    await task
    assert (clock.now(), clock.waiting()) == (NOW, 0)


async def test_a_waiter_that_is_cancelled_leaves() -> None:
    clock = ManualClock(NOW)
    task = asyncio.create_task(clock.wait_until(None, asyncio.Event()))
    await clock.until_waiting()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    clock.advance(1)
    assert clock.waiting() == 0


async def test_leases_run_on_their_own_clock() -> None:
    clock = ManualClock(NOW, monotonic=5)
    task = asyncio.create_task(clock.wait_until_monotonic(15))
    await clock.until_waiting()
    clock.advance(1_000_000)
    assert clock.waiting() == 1
    assert clock.next_due() is None
    clock.advance_monotonic(10)
    await task
    assert (clock.now(), clock.monotonic()) == (NOW + 1_000_000, 15)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance_monotonic(-1)


async def test_wall_time_may_go_back() -> None:
    clock = ManualClock(NOW)
    task = asyncio.create_task(clock.wait_until(NOW + 1))
    await clock.until_waiting()
    clock.set(NOW - 1_000)
    assert clock.waiting() == 1
    clock.set(NOW + 1)
    await task


async def test_the_system_clock_waits_for_its_time() -> None:
    clock = SystemClock()
    at = clock.now() + 20
    await clock.wait_until(at)
    assert at <= clock.now()
    later = clock.monotonic() + 20
    await clock.wait_until_monotonic(later, asyncio.Event())
    assert later <= clock.monotonic()
    await clock.wait_until(clock.now() - 5)


async def test_the_system_clock_wakes_for_an_event() -> None:
    clock, wake = SystemClock(), asyncio.Event()
    for at in (None, clock.now() + 60_000):
        wake.clear()
        task = asyncio.create_task(clock.wait_until(at, wake))
        await asyncio.wait([task], timeout=0)
        assert not task.done()
        wake.set()
        await asyncio.wait_for(task, 5)


def test_a_step_of_the_systems_clock_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    before = clock.now()
    assert abs(clock.drift()) < 1000
    wall = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: wall() + 3_600_000_000_000)
    assert clock.now() - before < 1000
    assert clock.drift() == pytest.approx(3_600_000, abs=1000)


def test_ids_sort_by_when_they_were_made_even_if_the_clock_goes_back() -> None:
    clock = ManualClock(NOW)
    ids = Ids(clock)
    made = [ids.execution() for _ in range(5000)]
    clock.advance(-60_000)
    made += [ids.execution() for _ in range(5000)]
    clock.advance(120_000)
    made.append(ids.execution())
    assert made == sorted(set(made))
    assert made_at(made[0]) == NOW
    assert made_at(made[-1]) == NOW + 60_000


def test_ids_say_what_they_name() -> None:
    ids = Ids(ManualClock(NOW))
    made = [ids.execution(), ids.run(), ids.approval(), ids.message()]
    assert [text.split("_")[0] for text in made] == ["exec", "run", "apr", "msg"]
    for text in made:
        uuid = text.split("_")[1]
        assert (len(uuid), uuid[14], uuid[19] in "89ab") == (36, "7", True)
    with pytest.raises(ValueError, match="badly formed"):
        made_at("exec_1")


@pytest.mark.parametrize(
    "ms, text",
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (NOW + 999, "2027-01-15T08:00:00.999Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_times_there_and_back(ms: int, text: str) -> None:
    assert timestamp.render(ms) == timestamp.render_or_none(ms) == text
    assert timestamp.parse(text) == ms


def test_times_of_others() -> None:
    assert timestamp.render_or_none(None) is None
    assert timestamp.parse("2027-01-15T10:00:00.9995+02:00") == NOW + 999
    with pytest.raises(ValueError, match="needs its zone"):
        timestamp.parse("2027-01-15T10:00:00")
