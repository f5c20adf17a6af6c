"""How much an instance gets that has refused, and for how long."""

from __future__ import annotations

import pytest

from signoff.server.domain.clock import ManualClock
from signoff.server.maintenance import doors
from signoff.server.maintenance.backoff import DISPATCH
from signoff.server.maintenance.doors import FIRST, PER_INSTANCE, Doors
from signoff.server.maintenance.liveness import Liveness
from signoff.server.operations.context import InstanceKey

KEY = InstanceKey("refund-agent", "a")


class Full:
    """An instance that has room for so many, and doors that it answers at."""

    def __init__(self, room: int) -> None:
        self.clock = ManualClock()
        self.liveness = Liveness(self.clock)
        self.liveness.registered(KEY, base_url="http://127.0.0.1:8001", own=True)
        self.doors = Doors(self.clock, self.liveness, DISPATCH)
        self.room = room
        self.taken = self.refused = 0

    @property
    def free(self) -> int:
        return self.doors.free().get(KEY.node_id, {}).get(KEY, 0)

    def send_all(self) -> int:
        """Send what may be sent, and have it answered together; how much that was."""
        sent = self.free
        for _ in range(sent):
            self.doors.enter(KEY)
        for _ in range(sent):
            if self.room > 0:
                self.room -= 1
                self.taken += 1
                self.doors.took(KEY)
            else:
                self.refused += 1
                self.doors.refused(KEY)
            self.doors.leave(KEY)
        return sent

    def let_go(self, runs: int) -> None:
        self.room += runs
        for _ in range(runs):
            self.liveness.eased(KEY)


@pytest.fixture
def full() -> Full:
    return Full(room=0)


def test_it_gets_more_while_it_takes_all() -> None:
    eager = Full(room=10_000)
    assert eager.free == FIRST
    for _ in range(FIRST):
        eager.doors.enter(KEY)
    for _ in range(FIRST):
        eager.doors.took(KEY)
    assert eager.free == FIRST
    for _ in range(PER_INSTANCE):
        eager.doors.took(KEY)
    assert eager.free == PER_INSTANCE - FIRST


def test_one_that_is_full_gets_as_much_as_it_lets_go_of(full: Full) -> None:
    full.send_all()
    assert full.free == 0
    full.let_go(3)
    assert full.free == 3
    assert (full.send_all(), full.free) == (3, 0)
    assert full.refused == FIRST


def test_what_it_let_go_of_before_does_not_count(full: Full) -> None:
    full.let_go(5)
    full.room = 0
    full.send_all()
    assert full.free == 0


def test_whether_it_takes_more_is_found_out_one_at_a_time(full: Full) -> None:
    full.send_all()
    full.room = 100
    full.clock.advance(200)
    assert [full.send_all() for _ in range(5)] == [1, 2, 4, 8, 16]


def test_one_that_takes_all_again_is_trusted_again(full: Full) -> None:
    full.send_all()
    full.room = 100_000
    full.clock.advance(200)
    while full.doors._doors:
        full.send_all()
    assert full.doors.next_open() is None
    assert full.free == FIRST


def test_an_instance_with_50_at_a_time_refuses_little_of_a_thousand() -> None:
    agent = Full(room=50)
    while agent.taken < 1_000:
        agent.send_all()
        agent.let_go(min(5, 50 - agent.room))
        agent.clock.advance(20)
    # The first burst, and a look from time to time whether it takes more by now.
    assert agent.refused <= 40


def test_an_instance_that_reports_elsewhere_is_still_fed() -> None:
    """Its reports go to another server: here nothing shows that it has let go of something."""
    agent = Full(room=50)
    rounds = 0
    while agent.taken < 1_000:
        agent.send_all()
        agent.room = min(50, agent.room + 5)
        agent.clock.advance(20)
        rounds += 1
    # It would take 190 rounds at the speed at which it works.
    assert rounds < 1_500
    assert agent.refused < 200


def test_one_that_takes_work_now_and_then_is_not_shut_out_for_long(full: Full) -> None:
    for _ in range(20):
        full.send_all()
        full.let_go(1)
        full.send_all()
        at = full.doors.next_open()
        assert at is not None
        assert at - full.clock.now() <= 1_600
        full.clock.advance(at - full.clock.now())


def test_instances_that_are_gone_are_forgotten(full: Full) -> None:
    full.send_all()
    full.liveness.forget()
    other = InstanceKey("refund-agent", "b")
    full.liveness.registered(other, base_url="http://127.0.0.1:8002", own=True)
    full.doors.enter(other)
    full.doors.refused(other)
    full.doors.leave(other)
    assert KEY not in full.doors._doors


def test_who_says_for_how_long_is_left_alone_for_so_long_whatever_is_heard(full: Full) -> None:
    full.doors.enter(KEY)
    full.doors.refused(KEY, at_least_ms=60_000)
    full.doors.leave(KEY)
    full.clock.advance(59_999)
    full.liveness.seen(KEY)
    full.let_go(3)
    assert (full.free, full.doors.next_open()) == (0, full.clock.now() + 1)
    full.clock.advance(1)
    assert full.free >= 1


def test_a_later_refusal_without_a_time_does_not_shorten_the_one_with(full: Full) -> None:
    for at_least_ms in (60_000, 0):
        full.doors.enter(KEY)
        full.doors.refused(KEY, at_least_ms=at_least_ms)
        full.doors.leave(KEY)
    full.clock.advance(59_999)
    assert full.free == 0


def test_a_process_that_registers_anew_has_not_asked_for_time(full: Full) -> None:
    full.doors.enter(KEY)
    full.doors.refused(KEY, at_least_ms=60_000)
    full.doors.leave(KEY)
    full.liveness.registered(KEY, base_url="http://127.0.0.1:8001", own=True)
    assert full.free >= 1


def test_who_has_asked_for_time_is_asked_again_when_the_clock_was_set_back(full: Full) -> None:
    full.doors.enter(KEY)
    full.doors.refused(KEY, at_least_ms=60_000)
    full.doors.leave(KEY)
    full.doors.clear()
    assert full.free >= 1


def test_what_was_free_is_so_still_unless_it_refused_or_drained_since(
    full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "IN_ALL", 2)
    others = [InstanceKey(f"other-{n}", "a") for n in range(2)]
    for key in others:
        full.liveness.registered(key, base_url="http://127.0.0.1:8002", own=True)
    free = {key: most for each in full.doors.free().values() for key, most in each.items()}
    assert free == dict.fromkeys([KEY, *others], 2)
    for _ in range(2):
        full.doors.enter(KEY)
    assert full.doors.free() == {}
    full.doors.refused(KEY)
    assert full.doors.still(free) == dict.fromkeys(others, 2)
    with full.liveness.draining(others[0], 0):
        assert full.doors.still(free) == {others[1]: 2}
