"""The states of an execution: what may move where, and what moves with it."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.contract_gen import ExecutionStatus
from signoff.server.domain import execution as domain
from signoff.server.domain.errors import Conflict
from signoff.server.domain.execution import QUEUED, RUNNING, STATES, TRANSITIONS, WAITING, Execution
from signoff.server.domain.transition import draw
from tests.server.rows import NOW, PERSON

ENDS = set(ExecutionStatus) - {QUEUED, RUNNING, WAITING}

# Every move, and every state that it starts from, written out once more by hand.
ALLOWED = {
    "started": {"queued", "running"},
    "parked": {"queued", "running"},
    "resumed": {"waiting"},
    "requeued": {"running"},
    "succeeded": {"queued", "running", "waiting"},
    "failed": {"queued", "running", "waiting"},
    "abandoned": {"queued", "running", "waiting"},
    "cancelled": {"queued", "running", "waiting"},
    "timed_out": {"running"},
}
LEADS_TO = {
    "started": "running",
    "parked": "waiting",
    "resumed": "running",
    "requeued": "queued",
    "succeeded": "succeeded",
    "failed": "failed",
    "abandoned": "failed",
    "cancelled": "cancelled",
    "timed_out": "timeout",
}


def row(**columns: Any) -> dict[str, Any]:
    whole = {
        "execution_id": "exec_1",
        "parent_execution_id": None,
        "status": RUNNING,
        "attempt": 1,
        "idle_attempts": 0,
        "max_attempts": 10,
        "lease_instance": "i-1",
        "dispatch_at": None,
        "pending_own": 0,
        "waiting_children": 0,
        "timeout_ms": 10_000,
        "running_ms": 0,
        "running_since": NOW,
        "timeout_at": NOW + 10_000,
        "started_at": NOW,
        "completed_at": None,
        "event_seq": 2,
        "event_hash": "0" * 64,
    }
    return whole | columns


def parked(**columns: Any) -> dict[str, Any]:
    clock = {"running_since": None, "timeout_at": None}
    return row(status=WAITING, pending_own=1, **clock | columns)


def in_state(status: ExecutionStatus) -> dict[str, Any]:
    if status in ENDS:
        return row(status=status, completed_at=NOW, lease_instance=None)
    return parked() if status == WAITING else row(status=status)


def assigned(execution: Execution) -> dict[str, Any]:
    """The columns that the UPDATE sets, without its guards and the head."""
    params = dict(execution.statements()[0].params)
    for name in ("event_seq", "event_hash", "execution_id", "from_seq", "sources"):
        params.pop(name, None)
    return params


def test_every_state_is_described_and_every_move_is_listed() -> None:
    assert set(STATES) == set(ExecutionStatus)
    assert [move.name for move in TRANSITIONS] == list(ALLOWED) == list(LEADS_TO)
    assert {move.name: {*move.sources} for move in TRANSITIONS} == ALLOWED
    assert {move.name: move.target for move in TRANSITIONS} == LEADS_TO


@pytest.mark.parametrize("move", TRANSITIONS, ids=lambda move: move.name)
@pytest.mark.parametrize("status", list(ExecutionStatus))
def test_every_move_from_every_state(status: ExecutionStatus, move: Any) -> None:
    execution = Execution(in_state(status))
    if status in ALLOWED[move.name]:
        execution.move(move, at=NOW + 100, actor=PERSON)
        assert execution.status == LEADS_TO[move.name]
        assert execution.finished == (move.target in ENDS)
        head = execution.statements()[0]
        assert head.query == "move_execution"
        assert head.params["sources"] == move.sources
        assert head.params["from_seq"] == 2
        assert head.params["event_seq"] == 3
    elif status in ENDS:
        with pytest.raises(Conflict) as conflict:
            execution.move(move, at=NOW, actor=PERSON)
        assert conflict.value.code == "execution_finished"
        assert conflict.value.present == execution.row
    else:
        with pytest.raises(ValueError, match="does not start from"):
            execution.move(move, at=NOW, actor=PERSON)


def test_an_end_ends_everything() -> None:
    execution = Execution(row(pending_own=0))
    execution.move(domain.SUCCEEDED, at=NOW + 700, actor=PERSON, result="1")
    assert assigned(execution) == {
        "status": "succeeded",
        "status_reason": None,
        "result": "1",
        "completed_at": NOW + 700,
        "lease_instance": None,
        "dispatch_at": None,
        "pending_own": 0,
        "running_ms": 700,
        "running_since": None,
        "timeout_at": None,
    }


def test_the_clock_runs_while_it_runs_and_is_leased() -> None:
    execution = Execution(row())
    execution.count(at=NOW + 400, actor=PERSON, pending_own=1)
    assert (execution.row["running_ms"], execution.row["timeout_at"]) == (400, None)
    assert domain.running_ms(execution.row, NOW + 9_999_999) == 400
    execution.count(at=NOW + 5000, actor=PERSON, pending_own=-1)
    assert execution.row["running_since"] == NOW + 5000
    assert execution.row["timeout_at"] == NOW + 5000 + 9600
    assert domain.running_ms(execution.row, NOW + 5050) == 450
    execution.release(at=NOW + 6000, why="lease_ended", dispatch_at=None)
    assert (execution.status, execution.row["running_ms"]) == (QUEUED, 1400)
    assert execution.row["dispatch_at"] == NOW + 6000
    execution.claim("i-2", at=NOW + 9000)
    assert execution.row["timeout_at"] == NOW + 9000 + 8600


def test_a_clock_that_was_set_back_takes_no_time_away() -> None:
    assert domain.running_ms(row(running_ms=5, running_since=NOW), NOW - 1000) == 5


def test_time_that_is_used_up_is_over_at_once() -> None:
    execution = Execution(parked(running_ms=10_001))
    execution.count(at=NOW + 5, actor=PERSON, pending_own=-1)
    assert execution.row["timeout_at"] == NOW + 5


def test_it_waits_for_the_last_pending_request() -> None:
    execution = Execution(row())
    moves = []
    for change in (1, 1, -1, 1, -1, -1):
        execution.count(at=NOW, actor=PERSON, pending_own=change)
        moves.append(execution.status)
    assert moves == [WAITING] * 5 + [RUNNING]
    assert [s.params["type"] for s in execution.statements()[1:]] == [
        "execution.waiting",
        "execution.resumed",
    ]


def test_a_finished_one_goes_on_counting_what_is_below_it() -> None:
    execution = Execution(in_state(ExecutionStatus.FAILED))
    execution.count(at=NOW, actor=PERSON, waiting_children=1)
    execution.wake(NOW)
    assert execution.row == in_state(ExecutionStatus.FAILED) | {"waiting_children": 1}
    assert execution.waits
    assert execution.head["seq"] == execution.from_seq


def test_claims_count_attempts() -> None:
    queued = row(status=QUEUED, attempt=0, lease_instance=None, dispatch_at=NOW, started_at=None)
    execution = Execution(queued | {"running_since": None, "timeout_at": None})
    execution.claim("i-1", at=NOW + 10)
    assert execution.row["started_at"] == NOW + 10
    assert execution.attempt_id == "exec_1"
    with pytest.raises(ValueError, match="i-1 holds exec_1"):
        execution.claim("i-2", at=NOW + 11)
    execution.release(at=NOW + 20, why="lease_ended", dispatch_at=NOW + 25)
    execution.claim("i-2", at=NOW + 30)
    assert (execution.attempt_id, execution.row["started_at"]) == ("exec_1~2", NOW + 10)
    assert (execution.row["idle_attempts"], execution.row["dispatch_at"]) == (2, None)


def test_an_attempt_that_was_refused_does_not_count() -> None:
    execution = Execution(row(attempt=1, idle_attempts=1, running_since=NOW))
    assert execution.row["started_at"] == NOW
    execution.release(at=NOW, why="refused", dispatch_at=NOW + 200, refused=True)
    assert (execution.row["attempt"], execution.row["started_at"]) == (1, None)
    assert (execution.row["idle_attempts"], execution.status) == (0, QUEUED)
    later = Execution(row(attempt=2, running_since=NOW + 10))
    later.release(at=NOW, why="refused", dispatch_at=NOW + 200, refused=True)
    assert (later.row["attempt"], later.row["started_at"]) == (2, NOW)


def test_attempts_that_come_to_nothing_are_counted() -> None:
    execution = Execution(row(idle_attempts=8))
    exhausted = []
    for instance in ("i-2", "i-3"):
        execution.release(at=NOW, why="lease_ended", dispatch_at=NOW)
        exhausted.append(execution.exhausted)
        execution.claim(instance, at=NOW)
    assert [*exhausted, execution.exhausted] == [False, False, True]


def test_the_more_attempts_come_to_nothing_the_longer_the_next_one_waits() -> None:
    delays = [Execution(row(idle_attempts=idle)).idle_delay_ms for idle in range(10)]
    assert delays == [0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]
    assert Execution(row(idle_attempts=1_000)).idle_delay_ms == 60_000


def test_who_is_put_off_is_due_with_the_next_decision() -> None:
    execution = Execution(parked())
    execution.release(at=NOW, why="lease_ended", dispatch_at=NOW + 8_000)
    execution.wake(NOW + 50)
    assert execution.row["dispatch_at"] == NOW + 50


def test_a_waiting_one_stays_waiting_when_its_lease_ends() -> None:
    execution = Execution(parked())
    execution.release(at=NOW, why="lease_ended", dispatch_at=None)
    assert (execution.status, execution.row["dispatch_at"]) == (WAITING, None)
    execution.wake(NOW + 50)
    execution.wake(NOW + 60)
    assert execution.row["dispatch_at"] == NOW + 50
    execution.claim("i-2", at=NOW + 70)
    assert (execution.status, execution.row["running_since"]) == (WAITING, None)
    execution.wake(NOW + 80)
    assert execution.row["dispatch_at"] is None
    types = [statement.params["type"] for statement in execution.statements()[1:]]
    assert types == ["execution.requeued", "execution.dispatched"]


def test_a_new_one_is_inserted_with_its_head() -> None:
    execution = Execution.create(
        at=NOW, actor=PERSON, execution_id="exec_9", target="a.b", data={"target": "a.b"}
    )
    head, event = execution.statements()
    assert (head.query, head.params["status"], head.params["dispatch_at"]) == (
        "insert_execution",
        "queued",
        NOW,
    )
    assert head.params["event_hash"] == event.params["hash"] == execution.head["hash"]
    assert execution.from_seq == 0


def test_the_diagram_is_drawn_from_the_table() -> None:
    text = draw(STATES, TRANSITIONS)
    assert text.startswith("queued\n    Put here by execute")
    assert "    ── timed_out ──► timeout\n" in text
    assert text.endswith("    (the end)\n")
    assert max(map(len, text.splitlines())) <= 88
