"""Who is alive, in milliseconds of the monotonic clock."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from signoff.server.domain.clock import ManualClock
from signoff.server.domain.store import Change, Store, StoreUnavailable
from signoff.server.maintenance.liveness import Liveness, recall
from signoff.server.operations.context import InstanceKey
from tests.server.rows import Maker

A = InstanceKey("refund-agent", "a")
B = InstanceKey("refund-agent", "b")
URL = "http://127.0.0.1:8001"
SEEN: dict[str, Any] = {"draining_since": None, "last_heartbeat_at": 1_800_000_000_000}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def liveness(clock: ManualClock) -> Liveness:
    return Liveness(clock)


def row(instance_id: str = "a", **columns: Any) -> dict[str, Any]:
    wanted = {"node_id": "refund-agent", "instance_id": instance_id, "base_url": URL, "own": 1}
    return wanted | {"state": "live", "drain_ms": None} | SEEN | columns


def drain(liveness: Liveness, key: InstanceKey, drain_ms: int) -> None:
    with liveness.draining(key, drain_ms):
        """It is stored at once."""


def ends_after(liveness: Liveness, clock: ManualClock) -> int:
    end = liveness.next_end()
    assert end is not None
    return end - clock.monotonic()


def test_a_lease_ends_after_thirty_seconds_of_silence(
    liveness: Liveness, clock: ManualClock
) -> None:
    liveness.registered(A, base_url=URL, own=True)
    clock.advance_monotonic(29_999)
    assert (liveness.is_live(A), liveness.lease_left_ms(A), liveness.over()) == (True, 1, [])
    clock.advance_monotonic(1)
    assert (liveness.is_live(A), liveness.lease_left_ms(A), liveness.over()) == (False, 0, [A])


def test_a_heartbeat_renews_it(liveness: Liveness, clock: ManualClock) -> None:
    liveness.registered(A, base_url=URL, own=True)
    clock.advance_monotonic(29_999)
    liveness.seen(A)
    assert ends_after(liveness, clock) == 30_000


def test_the_wall_clock_moves_no_lease(liveness: Liveness, clock: ManualClock) -> None:
    liveness.registered(A, base_url=URL, own=True)
    clock.advance(10**9)
    assert liveness.lease_left_ms(A) == 30_000


@pytest.mark.parametrize("own, silent", [(True, 3_000), (False, 6_000)])
def test_a_replaced_instance_ends_when_it_falls_silent(
    liveness: Liveness, clock: ManualClock, own: bool, silent: int
) -> None:
    liveness.registered(A, base_url=URL, own=own)
    liveness.changed.clear()
    clock.advance_monotonic(1_000)
    liveness.registered(B, base_url=URL + "/", own=own)
    assert liveness.changed.is_set()
    assert (liveness.is_live(A), liveness.takes_work(A), liveness.takes_work(B)) == (
        *(True, False, True),
    )
    liveness.seen(A)  # it lives on beside the other: a replacement alone ends nothing
    clock.advance_monotonic(silent - 1)
    assert liveness.is_live(A)
    clock.advance_monotonic(1)
    assert liveness.over() == [A]
    assert liveness.is_live(B)


def test_another_address_or_another_node_replaces_nobody(
    liveness: Liveness, clock: ManualClock
) -> None:
    liveness.registered(A, base_url=URL, own=True)
    liveness.registered(B, base_url="http://127.0.0.1:8002", own=True)
    liveness.registered(InstanceKey("other-agent", "c"), base_url=URL, own=True)
    clock.advance_monotonic(29_999)
    assert liveness.over() == []


def test_registering_again_is_a_sign_of_life_and_ends_a_drain(
    liveness: Liveness, clock: ManualClock
) -> None:
    liveness.registered(A, base_url=URL, own=True)
    drain(liveness, A, 0)
    before = liveness.beats(A)
    liveness.registered(A, base_url=URL, own=True)
    assert liveness.takes_work(A)
    assert liveness.lease_left_ms(A) == 30_000
    assert liveness.beats(A) == before + 1


def test_a_draining_instance_keeps_its_leases_for_its_time_and_ten_seconds(
    liveness: Liveness, clock: ManualClock
) -> None:
    liveness.registered(A, base_url=URL, own=True)
    drain(liveness, A, 60_000)
    assert (liveness.is_live(A), liveness.takes_work(A)) == (True, False)
    clock.advance_monotonic(50_000)
    drain(liveness, A, 60_000)  # said again: it counts from the first time
    clock.advance_monotonic(19_999)
    assert liveness.is_live(A)
    clock.advance_monotonic(1)
    assert liveness.over() == [A]


def test_a_silent_instance_gets_no_new_work(liveness: Liveness, clock: ManualClock) -> None:
    liveness.registered(A, base_url=URL, own=True)
    assert liveness.workers() == [A]
    clock.advance_monotonic(3_000)
    assert liveness.workers() == []
    calls: list[str] = []
    liveness.on_ready = lambda: calls.append("ready")
    liveness.seen(A)
    assert liveness.workers() == [A]
    liveness.seen(A)
    assert calls == ["ready"]


def test_those_that_ended_are_named_once_in_order_until_they_are_heard_again(
    liveness: Liveness, clock: ManualClock
) -> None:
    liveness.registered(B, base_url="http://127.0.0.1:8002", own=True)
    clock.advance_monotonic(1)
    liveness.registered(A, base_url=URL, own=True)
    clock.advance_monotonic(60_000)
    assert liveness.over() == [B, A]
    liveness.ended(B)
    liveness.ended(A)
    assert (liveness.over(), liveness.next_end()) == ([], None)
    assert not liveness.takes_work(A)
    liveness.changed.clear()
    liveness.seen(A)
    assert liveness.changed.is_set()
    assert liveness.takes_work(A)
    assert ends_after(liveness, clock) == 30_000


def test_who_is_heard_while_its_leases_are_taken_is_live(
    liveness: Liveness, clock: ManualClock
) -> None:
    liveness.registered(A, base_url=URL, own=True)
    clock.advance_monotonic(30_000)
    assert liveness.over() == [A]
    liveness.seen(A)
    liveness.ended(A)
    assert liveness.is_live(A)


def test_one_that_was_replaced_and_ended_is_forgotten(
    liveness: Liveness, clock: ManualClock
) -> None:
    liveness.registered(A, base_url=URL, own=True)
    liveness.registered(B, base_url=URL, own=True)
    clock.advance_monotonic(3_000)
    liveness.ended(A)
    assert (liveness.over(), liveness.is_live(A), liveness.beats(A)) == ([], False, 0)
    liveness.ended(A)  # once more changes nothing


def test_a_stranger_is_foreign_until_it_registers(liveness: Liveness, clock: ManualClock) -> None:
    assert (liveness.is_live(A), liveness.takes_work(A), liveness.beats(A)) == (False, False, 0)
    liveness.seen(A)
    assert (liveness.is_live(A), liveness.takes_work(A), liveness.beats(A)) == (True, True, 1)
    clock.advance_monotonic(5_999)
    assert liveness.takes_work(A)
    clock.advance_monotonic(1)
    assert not liveness.takes_work(A)
    liveness.forget()
    assert liveness.next_end() is None


def test_after_a_start_leases_hold_for_the_grace_and_get_no_work(
    liveness: Liveness, clock: ManualClock
) -> None:
    liveness.remember([row()], grace=True)
    assert (liveness.lease_left_ms(A), liveness.takes_work(A)) == (60_000, False)
    liveness.seen(A)
    assert (liveness.lease_left_ms(A), liveness.takes_work(A)) == (30_000, True)


def test_without_grace_they_hold_for_a_lease(liveness: Liveness) -> None:
    liveness.remember([row()], grace=False)
    assert liveness.lease_left_ms(A) == 30_000


@pytest.mark.parametrize("own, silent", [(1, 3_000), (0, 6_000)])
def test_a_registration_after_the_start_shortens_the_grace(
    liveness: Liveness, clock: ManualClock, own: int, silent: int
) -> None:
    liveness.remember([row(own=own)], grace=True)
    clock.advance_monotonic(1_000)
    liveness.registered(B, base_url=URL, own=bool(own))
    assert liveness.lease_left_ms(A) == silent - 1_000


def test_an_instance_replaced_before_the_start_is_remembered_as_such(liveness: Liveness) -> None:
    liveness.remember([row("b"), row("a"), row("c", base_url="http://h:1")], grace=True)
    assert liveness.lease_left_ms(B) == 60_000
    assert liveness.lease_left_ms(A) == 3_000


def test_a_drain_begins_anew_with_the_start(liveness: Liveness, clock: ManualClock) -> None:
    liveness.remember([row(state="draining", drain_ms=5_000)], grace=True)
    assert liveness.lease_left_ms(A) == 15_000


async def put_instance(store: Store, instance_id: str, **columns: Any) -> None:
    change = Change()
    wanted = row(instance_id) | {"secret": "whsec_c2VjcmV0", "offers": None, "now": 1}
    for unsaid in ("drain_ms", *SEEN):
        del wanted[unsaid]
    change.add("put_instance", **wanted | columns)
    await store.apply(change)


async def test_recall_reads_who_may_still_be_there(
    store: Store, make: Maker, liveness: Liveness, clock: ManualClock
) -> None:
    await make.node()
    await put_instance(store, "a")
    await put_instance(store, "b", base_url="http://h:1", state="away")
    await recall(liveness, store, clock)
    assert (liveness.is_live(A), liveness.is_live(B)) == (True, False)


@pytest.mark.parametrize("later", [0, -3_600_000])
async def test_who_registered_last_is_no_matter_of_the_clock(
    store: Store, make: Maker, liveness: Liveness, clock: ManualClock, later: int
) -> None:
    await make.node()
    for instance_id, now in (("a", 5_000_000), ("b", 5_000_000), ("a", 5_000_000 + later)):
        await put_instance(store, instance_id, now=now)
    await recall(liveness, store, clock)
    clock.advance_monotonic(3_000)
    assert (liveness.is_live(A), liveness.is_live(B)) == (True, False)


async def test_recall_gives_grace_at_most_once_in_five_minutes(
    store: Store, make: Maker, clock: ManualClock
) -> None:
    await make.node()
    await put_instance(store, "a")

    async def left() -> int:
        liveness = Liveness(clock)
        await recall(liveness, store, clock)
        return liveness.lease_left_ms(A)

    assert await left() == 60_000
    clock.advance(299_999)
    assert await left() == 30_000
    clock.advance(1)
    assert await left() == 60_000
    clock.advance(-1_000)  # the clock was set back over the restart: no reason to be strict
    assert await left() == 60_000


async def test_a_start_without_instances_does_not_use_up_the_grace(
    store: Store, make: Maker, clock: ManualClock
) -> None:
    await recall(Liveness(clock), store, clock)
    await make.node()
    await put_instance(store, "a")
    liveness = Liveness(clock)
    await recall(liveness, store, clock)
    assert liveness.lease_left_ms(A) == 60_000


def test_time_in_which_nobody_could_be_heard_is_no_silence(
    liveness: Liveness, clock: ManualClock
) -> None:
    liveness.registered(A, base_url=URL, own=True)
    liveness.registered(B, base_url="http://127.0.0.1:8002", own=True)
    drain(liveness, B, 0)
    clock.advance_monotonic(100_000)
    liveness.excuse(95_000)
    assert (liveness.lease_left_ms(A), liveness.lease_left_ms(B)) == (25_000, 5_000)


def test_a_stranger_is_what_its_row_says(liveness: Liveness, clock: ManualClock) -> None:
    liveness.seen(A, row("a", base_url=URL + "/"))
    assert liveness.takes_work(A)
    liveness.seen(B, row("b"))  # at the same address
    clock.advance_monotonic(3_000)
    assert (liveness.is_live(A), liveness.is_live(B)) == (True, False)


def test_who_is_in_no_row_any_more_is_forgotten_unless_it_was_heard_just_now(
    liveness: Liveness, clock: ManualClock
) -> None:
    liveness.registered(A, base_url=URL, own=True)
    clock.advance_monotonic(1)
    liveness.registered(B, base_url=URL + "/b", own=True)
    liveness.hear([], liveness.look())
    assert (liveness.is_live(A), liveness.is_live(B)) == (False, True)


@pytest.mark.parametrize("state, works", [("live", True), ("draining", False)])
def test_a_row_says_whether_another_server_has_drained_it(
    liveness: Liveness, state: str, works: bool
) -> None:
    liveness.registered(A, base_url=URL, own=True)
    if works:
        drain(liveness, A, 0)
    liveness.hear([row("a", state=state)], liveness.look())
    assert liveness.takes_work(A) == works


def test_rows_that_were_read_before_undo_nothing_that_was_said_since(
    liveness: Liveness, clock: ManualClock
) -> None:
    c = A._replace(instance_id="c")
    for key, port in ((A, 8001), (B, 8002), (c, 8003)):
        liveness.registered(key, base_url=f"http://127.0.0.1:{port}", own=True)
    drain(liveness, B, 0)
    look = liveness.look()
    rows = [
        row("c", base_url="http://127.0.0.1:8003"),
        row("b", base_url="http://127.0.0.1:8002", state="draining"),
        row("a"),
    ]
    drain(liveness, A, 0)
    liveness.registered(B, base_url="http://127.0.0.1:8003", own=True)
    liveness.hear(rows, look)
    assert [liveness.takes_work(key) for key in (A, B)] == [False, True]
    clock.advance_monotonic(3_000)
    assert not liveness.is_live(c)  # it is replaced


def test_of_two_looks_that_overtake_each_other_the_later_one_counts(liveness: Liveness) -> None:
    liveness.registered(A, base_url=URL, own=True)
    first, second = liveness.look(), liveness.look()
    liveness.hear([row("a", state="draining", drain_ms=0)], second)
    beats = liveness.beats(A)
    liveness.hear([row("a", last_heartbeat_at=0)], first)
    assert (liveness.takes_work(A), liveness.beats(A)) == (False, beats)


def test_what_was_read_before_everything_was_forgotten_is_not_taken_in(liveness: Liveness) -> None:
    look = liveness.look()
    liveness.forget()
    liveness.hear([row("a")], look)
    assert liveness.workers() == []
    liveness.hear([row("a")], liveness.look())
    assert liveness.workers() == [A]


def test_a_stranger_that_drains_is_no_worker(liveness: Liveness) -> None:
    liveness.seen(A, row("a", state="draining", drain_ms=5_000))
    assert not liveness.takes_work(A)
    assert liveness.lease_left_ms(A) == 15_000


@pytest.mark.parametrize("known", [True, False])
def test_what_is_being_stored_is_newer_than_any_look(
    liveness: Liveness, clock: ManualClock, known: bool
) -> None:
    if known:
        liveness.registered(A, base_url=URL, own=True)
    with liveness.draining(A, 0, row("a", state="away")):
        clock.advance_monotonic(1)
        liveness.hear([], liveness.look())
        assert liveness.is_live(A)
        liveness.hear([row("a")], liveness.look())
        assert not liveness.takes_work(A)
        look = liveness.look()
    liveness.hear([row("a")], look)
    assert not liveness.takes_work(A)


def test_after_a_shutdown_that_was_not_stored_the_next_look_counts(liveness: Liveness) -> None:
    liveness.registered(A, base_url=URL, own=True)
    with suppress(StoreUnavailable), liveness.draining(A, 0):
        raise StoreUnavailable("nobody knows")
    assert not liveness.takes_work(A)
    liveness.hear([row("a")], liveness.look())
    assert liveness.takes_work(A)
