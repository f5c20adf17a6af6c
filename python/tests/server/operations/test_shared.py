"""What all operations stand on: retry, cursors, long polls, rendering."""

from __future__ import annotations

import asyncio

import pytest

from signoff.server.domain.errors import Refusal
from signoff.server.domain.store import Missed, Statement, StoreUnavailable
from signoff.server.operations import cursors, rendering, serial
from signoff.server.operations.serial import TRIES, Locks
from signoff.server.operations.waiting import wait_for
from tests.server.operations.stage import Stage, soon


async def test_a_miss_is_tried_again(stage: Stage) -> None:
    tries = []

    async def work() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise Missed(Statement("move_execution", {}))
        return len(tries)

    assert await serial.change(stage.context, "run_1", work) == 3
    assert len(stage.context.locks) == 0


async def test_what_always_misses_is_given_up(stage: Stage) -> None:
    tries = []

    async def work() -> None:
        tries.append(1)
        raise Missed(Statement("move_execution", {}))

    with pytest.raises(StoreUnavailable):
        await serial.change(stage.context, "run_1", work)
    assert len(tries) == TRIES
    assert len(stage.context.locks) == 0


async def test_a_lock_lets_one_in_at_a_time() -> None:
    locks = Locks()
    inside: list[int] = []
    most: list[int] = []

    async def enter(n: int, key: str) -> None:
        async with locks.hold(key):
            inside.append(n)
            most.append(len(inside))
            await asyncio.sleep(0)
            inside.remove(n)

    await asyncio.gather(*(enter(n, "a") for n in range(5)))
    assert max(most) == 1
    await asyncio.gather(*(enter(n, str(n)) for n in range(5)))
    assert max(most) > 1
    assert len(locks) == 0


async def test_who_gives_up_waiting_holds_nobody_up() -> None:
    locks = Locks()
    async with locks.hold("a"):
        waiting = asyncio.ensure_future(_enter(locks))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert len(locks) == 1
    assert len(locks) == 0


async def _enter(locks: Locks) -> None:
    async with locks.hold("a"):
        raise AssertionError


@pytest.mark.parametrize("last", ["exec_0", "a b c", "ü", "x" * 300])
def test_a_cursor_names_its_list_and_row(last: str) -> None:
    cursor = cursors.encode("steps", last)
    assert cursors.decode("steps", cursor) == last
    assert set(cursor) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    with pytest.raises(Refusal, match="not a cursor of this list"):
        cursors.decode("events", cursor)


@pytest.mark.parametrize("last", ["", "x", "-1", "1" * 17, "²", "1\x00"])
def test_a_cursor_of_numbers_names_a_number(last: str) -> None:
    with pytest.raises(Refusal) as refused:
        cursors.decode_number("events", cursors.encode("events", last))
    assert refused.value.code == "invalid_cursor"
    assert refused.value.errors[0].where == "query"


@pytest.mark.parametrize("cursor", ["ZXZlbnRzIDR", "ZXZlbnRzIDQ=", "!!!!", "A", "_____w", "é"])
def test_only_what_was_given_out_is_a_cursor(cursor: str) -> None:
    with pytest.raises(Refusal):
        cursors.decode_number("events", cursor)


async def test_nothing_falls_between_the_look_and_the_subscription(stage: Stage) -> None:
    looks: list[int] = []

    async def look() -> int:
        looks.append(1)
        if len(looks) == 1:
            # After the first look, before anybody sleeps.
            stage.store.wake("t")
        return len(looks)

    waited = wait_for(stage.context, "t", look, lambda seen: seen == 2, 60)
    assert await soon(waited) == 2


async def test_a_wait_of_no_time_looks_once(stage: Stage) -> None:
    looks: list[int] = []

    async def look() -> int:
        looks.append(1)
        return len(looks)

    assert await wait_for(stage.context, "t", look, lambda _: False, 0) == 1


def test_user_json_comes_back_as_it_was() -> None:
    value = {"z": 1, "a": [None, 1.5, 10**40, -0.0, "𝄞\u2028"], "2": {"1": True}}
    text = rendering.user_json(value)
    assert rendering.dump({"v": rendering.raw(text)}) == f'{{"v":{text}}}'
    assert rendering.user_json_of({"v": None}, "v") == "null"
    assert rendering.user_json_of({}, "v") is None
    assert rendering.raw(None) is None


@pytest.mark.parametrize(
    "url, shown",
    [
        ("https://u:p@h.example:8443/a/b?token=1#x", "https://h.example:8443/a/b"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_addresses_are_shown_without_secrets(url: str, shown: str) -> None:
    assert rendering.bare_url(url) == shown
