"""A store that is away is told when it goes, once a minute, and when it is back."""

from __future__ import annotations

import asyncio
import logging

import pytest

from signoff.server.domain.store import StoreUnavailable
from signoff.server.maintenance.outages import LOOK_EVERY_MS, Outages
from signoff.server.operations.outage import QUIET_MS, TOLD_EVERY_MS
from signoff.server.store.sqlite import SqliteStore
from tests.server.maintenance.house import House
from tests.server.maintenance.test_runner import turns

AWAY = StoreUnavailable("the database can't be reached: refused")


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [f"{r.levelname} {r.message}" for r in caplog.records if r.levelno > logging.DEBUG]


async def look(house: House, outages: Outages, ms: int = LOOK_EVERY_MS) -> None:
    house.clock.advance_monotonic(ms)
    await outages.run_due()


async def test_however_many_meet_it_it_is_told_once_and_once_when_it_is_over(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    outages = Outages(house.context)
    await outages.run_due()
    assert await outages.next_due() is None
    for _ in range(100):
        house.context.failed(AWAY)
        house.clock.advance_monotonic(5)
    await look(house, outages)
    await look(house, outages, QUIET_MS)
    assert told(caplog) == [
        f"ERROR the store is unavailable: {AWAY}",
        "WARNING the store is available again",
    ]
    over = vars(caplog.records[-1])
    # It was away until it first answered; what came after that was only to be sure.
    assert (over["for_ms"], over["failures"]) == (500 + LOOK_EVERY_MS, 100)
    assert await outages.next_due() is None
    house.context.failed(AWAY)
    assert len(told(caplog)) == 3


async def test_one_that_lasts_is_told_once_a_minute(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(TOLD_EVERY_MS // 100 * 2 + 1):
        house.context.failed(AWAY)
        house.clock.advance_monotonic(100)
    still = f"ERROR the store is still unavailable: {AWAY}"
    assert told(caplog) == [f"ERROR the store is unavailable: {AWAY}", still, still]
    assert [vars(each)["failures"] for each in caplog.records if each.message in still] == [
        TOLD_EVERY_MS // 100 + 1,
        TOLD_EVERY_MS // 100 * 2 + 1,
    ]


async def test_one_that_comes_and_goes_is_one(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    outages = Outages(house.context)
    for _ in range(5):
        house.context.failed(AWAY)
        await look(house, outages)
        await look(house, outages, QUIET_MS - 1)
    assert len(told(caplog)) == 1


async def test_what_can_only_be_read_is_still_away(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    outages = Outages(house.context)
    house.context.failed(AWAY)
    house.control.arm("before_commit", 1)
    with pytest.raises(StoreUnavailable):
        await look(house, outages)
    assert await outages.next_due() == house.clock.monotonic() + LOOK_EVERY_MS
    await outages.run_due()  # not before it is time: a disk that is full is not to be tried hard
    assert house.context.outage.since is not None


async def test_a_server_finds_out_by_itself(
    house: House, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    await house.maintenance.start()
    await turns()
    house.context.failed(AWAY)
    async with asyncio.timeout(10):
        while house.context.outage.since is not None:
            await turns()
            house.clock.advance_monotonic(LOOK_EVERY_MS)
            await store.one("ping")
    assert told(caplog) == [
        f"ERROR the store is unavailable: {AWAY}",
        "WARNING the store is available again",
    ]
