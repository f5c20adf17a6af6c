"""Which clock counts, and who is told when one was stepped."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import Any

import pytest

from signoff.server.domain.clock import ManualClock, SystemClock
from signoff.server.domain.store import Change, StoreUnavailable
from signoff.server.maintenance.timekeeping import LOOK_EVERY_MS, READ_EVERY_MS, Timekeeper
from signoff.server.operations import system
from signoff.server.operations.set_back import LONGEST_MS
from tests.server.maintenance.house import House
from tests.server.maintenance.stand_in import StandIn
from tests.server.operations.stage import TARGET

HOUR_MS = 3_600_000


class Database:
    """A store that tells the time, shared with other servers."""

    shared = True

    def __init__(self, clock: SystemClock) -> None:
        self.clock = clock
        self.ahead = 0

    async def one(self, query: str) -> dict[str, int]:
        assert query in ("read_clock", "ping")
        wall = time.time_ns() // 1_000_000 + self.ahead
        return {"at": wall}

    async def apply(self, _: Change) -> None:
        """Whether it can be written to is not the question here."""


class Moved(SystemClock):
    """A clock whose monotonic side a test moves on."""

    def pass_by(self, ms: int) -> None:
        self._passed = getattr(self, "_passed", 0) + ms

    def monotonic(self) -> int:
        return super().monotonic() + getattr(self, "_passed", 0)


async def nothing_put_off(_: int) -> None: ...


@pytest.fixture
def clock() -> Moved:
    return Moved()


def off(clock: SystemClock) -> int:
    return round((clock.now() - time.time_ns() / 1e6) / 1000)


async def test_servers_go_by_the_clock_of_their_database(clock: Moved, caplog: Any) -> None:
    database = Database(clock)
    database.ahead = HOUR_MS
    keeper = Timekeeper(database, clock, nothing_put_off)  # type: ignore[arg-type]
    await keeper.run_due()
    assert off(clock) == 3_600
    assert (clock.stepped, caplog.records) == (None, [])
    database.ahead = 0
    await keeper.run_due()  # it is not time to look again
    assert off(clock) == 3_600
    assert await keeper.next_due() is not None
    clock.pass_by(READ_EVERY_MS)
    await keeper.run_due()
    assert off(clock) == 0
    assert clock.stepped is not None
    assert clock.stepped.ms == pytest.approx(-HOUR_MS, abs=1_000)
    [record] = caplog.records
    assert record.message == "the clock of the database was stepped"


async def test_readiness_tells_for_an_hour_of_a_step_that_was_followed(
    house: House, clock: Moved
) -> None:
    database = Database(clock)
    keeper = Timekeeper(database, clock, nothing_put_off)  # type: ignore[arg-type]
    store: Any = database
    context = replace(house.context, clock=clock, store=store)

    async def check() -> Any:
        found = await system.get_readiness(context)
        return found["checks"][-1]

    await keeper.run_due()
    assert await check() == {"name": "clock", "ok": True}
    database.ahead = HOUR_MS
    clock.pass_by(READ_EVERY_MS)
    await keeper.run_due()
    told = await check()
    assert told["ok"] is False
    assert "stepped by 3600 s, and is followed" in told["detail"]
    clock.pass_by(HOUR_MS)
    told = await check()
    assert told["ok"] is True
    assert "-3600 s ahead of the database's" in told["detail"]


async def test_a_slow_answer_says_nothing(clock: Moved, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(clock)
    database.ahead = HOUR_MS
    keeper = Timekeeper(database, clock, nothing_put_off)  # type: ignore[arg-type]
    answer = database.one

    async def slowly(query: str) -> dict[str, int]:
        clock.pass_by(1_001)
        return await answer(query)

    monkeypatch.setattr(database, "one", slowly)
    await keeper.run_due()
    assert off(clock) == 0


async def test_drift_back_is_waited_out(clock: Moved) -> None:
    before = clock.now()
    clock.correct(before - 3_000)
    assert before <= clock.now() <= before + 1_000
    clock.correct(before - 60_000)
    assert clock.now() < before - 50_000


async def test_a_server_with_a_file_tells_of_a_step_once_and_keeps_its_time(
    clock: Moved, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(clock)
    database.shared = False
    keeper = Timekeeper(database, clock, nothing_put_off)  # type: ignore[arg-type]
    await keeper.run_due()
    assert caplog.records == []
    real = time.time_ns
    with caplog.at_level(logging.WARNING):
        monkeypatch.setattr(time, "time_ns", lambda: real() + HOUR_MS * 1_000_000)
        for _ in range(3):
            clock.pass_by(LOOK_EVERY_MS)
            await keeper.run_due()
    [record] = caplog.records
    assert "a restart follows it" in record.message
    assert abs(clock.now() - real() // 1_000_000) < 60_000


async def test_a_clock_that_tests_move_is_left_alone() -> None:
    clock = ManualClock()
    keeper = Timekeeper(None, clock, nothing_put_off)  # type: ignore[arg-type]
    await keeper.run_due()
    assert await keeper.next_due() is None


async def test_what_was_put_off_is_brought_forward_at_the_start_and_after_a_step_back(
    clock: Moved,
) -> None:
    database = Database(clock)
    hastened: list[int] = []
    wrong: list[Exception] = []

    async def hasten(beyond_ms: int) -> None:
        if wrong:
            raise wrong.pop()
        hastened.append(beyond_ms)

    async def look(ahead_ms: int) -> list[int]:
        database.ahead = ahead_ms
        clock.pass_by(READ_EVERY_MS)
        hastened.clear()
        await keeper.run_due()
        return hastened

    keeper = Timekeeper(database, clock, hasten)  # type: ignore[arg-type]
    wrong.append(StoreUnavailable("just now"))
    with pytest.raises(StoreUnavailable):
        await keeper.run_due()
    await keeper.run_due()  # sooner than it reads the clock again
    assert hastened == [LONGEST_MS]
    assert await look(0) == []
    assert await look(HOUR_MS) == []
    assert await look(HOUR_MS - 3_000) == []
    wrong.append(StoreUnavailable("just now"))
    with pytest.raises(StoreUnavailable):
        await look(0)
    await keeper.run_due()
    assert hastened == [0]


async def test_a_run_that_is_due_does_not_wait_for_the_clock_to_come_by_again(
    house: House, clock: Moved, agent: StandIn
) -> None:
    house.use(clock, sweep_ms=5_000)
    clock.correct(clock.now() + HOUR_MS)
    await house.join(agent)
    execution_id = (await house.start(TARGET))["execution_id"]
    clock.correct(clock.now() - HOUR_MS)
    await house.settle()
    assert (await house.execution(execution_id))["status"] == "queued"
    await house.maintenance.start()  # a restart follows the step
    try:
        await house.until(execution_id, "running")
    finally:
        await house.maintenance.stop()
