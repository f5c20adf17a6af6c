"""The store as the operations see it. Every engine passes this suite."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from signoff.contract_gen import ApprovalStatus, ExecutionStatus
from signoff.server.domain import approval
from signoff.server.domain.event import Actor, first_break
from signoff.server.domain.execution import FAILED, SUCCEEDED
from signoff.server.domain.store import Change, Missed, Store, StoreUnavailable, given
from signoff.server.domain.transition import Transition
from tests.server.rows import NOW, PERSON, Maker, key

DEADLINE = 30


async def test_reads_back_what_was_applied(store: Store) -> None:
    assert await store.one("get_key_by_hash", hash="h1") is None
    await store.apply(key(1, name="café 𝄞"))
    row = await store.one("get_key_by_hash", hash="h1")
    assert row is not None
    assert (row["name"], row["created_at"], row["revoked_at"]) == ("café 𝄞", NOW, None)


async def test_a_change_is_applied_whole_or_not_at_all(store: Store) -> None:
    change = key(1)
    change.add("revoke_key", key_id="nobody", now=NOW)
    with pytest.raises(Missed) as missed:
        await store.apply(change)
    assert missed.value.statement.query == "revoke_key"
    assert await store.all("list_keys") == []


async def test_a_taken_key_is_a_miss(store: Store) -> None:
    await store.apply(key(1))
    with pytest.raises(Missed):
        await store.apply(key(1))
    with pytest.raises(Missed):
        await store.apply(key(2, hash="h1"))


async def test_one_miss_among_many_concurrent_changes_hurts_nobody_else(store: Store) -> None:
    await store.apply(key(7))
    ends = await asyncio.gather(*(store.apply(key(n)) for n in range(100)), return_exceptions=True)
    assert [n for n, end in enumerate(ends) if end is not None] == [7]
    assert isinstance(ends[7], Missed)
    assert len(await store.all("list_keys")) == 100


async def test_what_misses_late_is_undone_alone(store: Store) -> None:
    """The guard that does not hold is not the first statement: some of the change was done."""
    changes = [key(n) for n in range(20)]
    for change in changes[::3]:
        change.add("revoke_key", key_id="nobody", now=NOW)
    ends = await asyncio.gather(*map(store.apply, changes), return_exceptions=True)
    missed = [n for n, end in enumerate(ends) if isinstance(end, Missed)]
    assert missed == list(range(0, 20, 3))
    kept = {row["key_id"] for row in await store.all("list_keys")}
    assert kept == {f"key_{n}" for n in range(20) if n not in missed}


async def test_a_value_that_breaks_the_schema_fails_its_own_change_only(store: Store) -> None:
    ends = await asyncio.gather(
        store.apply(key(1)),
        store.apply(key(2, role="owner")),
        store.apply(key(3, created_at=2**63)),
        store.apply(key(4, name="\ud800")),
        store.apply(key(6, name={"no": "column"})),
        store.apply(key(5)),
        return_exceptions=True,
    )
    assert [end is None for end in ends] == [True, False, False, False, False, True]
    assert not any(isinstance(end, Missed | StoreUnavailable) for end in ends)
    assert [row["key_id"] for row in await store.all("list_keys")] == ["key_1", "key_5"]


async def test_statements_without_an_expectation_may_touch_nothing(store: Store) -> None:
    change = key(1)
    change.add("revoke_key", expect=None, key_id="nobody", now=NOW)
    await store.apply(change)
    assert len(await store.all("list_keys")) == 1


async def test_unknown_and_missing_parameters_are_mistakes_of_the_caller(store: Store) -> None:
    with pytest.raises(TypeError, match="has no colour"):
        await store.one("get_key_by_hash", hash="h", colour="red")
    with pytest.raises(TypeError, match="lacks hash"):
        await store.one("get_key_by_hash")
    change = Change()
    change.add("insert_key", key_id="k")
    with pytest.raises(TypeError, match="lacks"):
        await store.apply(change)


async def test_watchers_of_a_topic_wake_after_the_commit(store: Store) -> None:
    change = key(1)
    change.wake("exec:1")
    with store.watch("exec:1"):  # leaves again, and takes nobody with it
        pass
    with store.watch("exec:1", "exec:2") as watch, store.watch("exec:3") as other:
        with store.watch("exec:1", "exec:3"):
            pass
        await store.apply(change)
        assert watch.event.is_set()
        assert not other.event.is_set()
        watch.event.clear()
        store.wake("exec:2")
        assert watch.event.is_set()
        store.wake()
        assert other.event.is_set()
        watch.event.clear()
    store.wake("exec:1")
    assert not watch.event.is_set()


async def test_watchers_sleep_through_a_miss(store: Store) -> None:
    change = Change()
    change.add("revoke_key", key_id="nobody", now=NOW)
    change.wake("exec:1")
    with store.watch("exec:1") as watch:
        with pytest.raises(Missed):
            await store.apply(change)
        assert not watch.event.is_set()


async def test_a_closed_store_says_so(store: Store) -> None:
    late = [asyncio.create_task(store.apply(key(n))) for n in range(10)]
    await asyncio.gather(*late)
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.apply(key(11))
    with pytest.raises(StoreUnavailable):
        await store.all("list_keys")


async def test_a_caller_that_goes_away_leaves_its_change_applied(store: Store) -> None:
    task = asyncio.create_task(store.apply(key(1)))
    with store.watch("done") as watch:
        after = key(2)
        after.wake("done")
        second = asyncio.create_task(store.apply(after))
        await asyncio.wait([task], timeout=0)
        task.cancel()
        await watch.event.wait()
        await second
    async with asyncio.timeout(DEADLINE):
        # Where there are several connections, the second may be committed first.
        while len(await store.all("list_keys")) < 2:
            await asyncio.sleep(0.001)


async def test_an_execution_lives_its_life(store: Store, make: Maker) -> None:
    execution_id = await make.claimed()
    make.clock.advance(1500)
    request_id = await make.request(execution_id)
    waiting = await make.load(execution_id)
    assert (waiting.status, waiting.row["running_ms"]) == (ExecutionStatus.WAITING, 1500)
    make.clock.advance(3_600_000)
    request = await make.load_request(request_id)
    now = make.clock.now()
    request.close(approval.APPROVED, at=now, actor=PERSON, in_time=True, feedback="ok")
    execution = request.chain
    execution.count(pending_own=-1, at=now, actor=PERSON)  # type: ignore[attr-defined]
    change = Change()
    change.add_chains(execution)
    change.statements += request.statements()
    await store.apply(change)
    make.clock.advance(500)
    running = await make.load(execution_id)
    running.move(SUCCEEDED, at=make.clock.now(), actor=PERSON, result="null")
    await make.save(running)
    row = await store.one("get_execution", execution_id=execution_id)
    assert row is not None
    assert (row["status"], row["running_ms"], row["result"]) == ("succeeded", 2000, "null")
    events = await store.all("list_events", chain_id=execution_id, after=0, limit=50)
    assert [event["type"] for event in events] == [
        "execution.created",
        "execution.dispatched",
        "approval.requested",
        "execution.waiting",
        "approval.decided",
        "execution.resumed",
        "execution.succeeded",
    ]
    assert first_break(events) is None
    assert (row["event_seq"], row["event_hash"]) == (7, events[-1]["hash"])
    about = await store.all(
        "list_events", chain_id=execution_id, after=0, limit=50, approval_id=request_id
    )
    assert [event["seq"] for event in about] == [3, 5]


async def retried(attempt: Callable[[], Awaitable[None]]) -> int:
    """Misses until it applied."""
    for misses in range(1000):
        try:
            await attempt()
        except Missed:
            continue
        return misses
    raise AssertionError("never applied")


async def test_each_change_of_state_is_a_line_in_the_log_without_what_users_wrote(
    store: Store, make: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "signoff.state")
    execution_id = await make.claimed(input='{"a": "secret"}')
    request_id = await make.request(execution_id, approval_request_id="secret")
    request = await make.load_request(request_id)
    stranger = Actor("secret", "secret", "webhook")
    request.close(
        approval.APPROVED,
        at=make.clock.now(),
        actor=stranger,
        data={"reason": "Secret words."},
        content='{"feedback": "secret"}',
    )
    request.chain.append("note", at=make.clock.now(), actor=PERSON, content='"secret"')
    change = Change()
    change.add_chains(request.chain)
    change.statements += request.statements()
    await store.apply(change)
    with pytest.raises(Missed):
        await store.apply(change)
    lines = [(line.message, vars(line)) for line in caplog.records]
    assert [message for message, _ in lines] == [
        "execution.created",
        "execution.dispatched",
        "approval.requested",
        "execution.waiting",
        "approval.decided",
    ]
    facts = {name: lines[-1][1].get(name) for name in ("execution_id", "approval_id", "by")}
    assert facts == {"execution_id": execution_id, "approval_id": request_id, "by": "webhook"}
    assert lines[1][1]["attempt"] == 1
    assert lines[-1][1]["status"] == "approved"
    assert "secret" not in str(lines).lower()


async def test_a_log_that_is_not_kept_costs_nothing(
    store: Store, make: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "signoff.state")
    await make.claimed()
    assert caplog.records == []


async def test_chains_never_fork_under_concurrent_appends(store: Store, make: Maker) -> None:
    execution_id = await make.execution()

    async def append(number: int) -> None:
        execution = await make.load(execution_id)
        execution.append("note", at=NOW, actor=PERSON, content=f'{{"message":"{number}"}}')
        await make.save(execution)

    await asyncio.gather(*(retried(lambda n=n: append(n)) for n in range(60)))  # type: ignore[misc]
    events = await store.all("list_events", chain_id=execution_id, after=0, limit=500)
    assert [event["seq"] for event in events] == list(range(1, 62))
    assert first_break(events) is None
    assert len({event["content"] for event in events}) == 61


async def test_of_two_opposite_decisions_exactly_one_wins(store: Store, make: Maker) -> None:
    wins = {ApprovalStatus.APPROVED: 0, ApprovalStatus.REJECTED: 0}
    for _ in range(50):
        request_id = await make.request(approval_request_id=make.ids.approval()[4:])

        async def decide(transition: Transition, request_id: str = request_id) -> bool:
            request = await make.load_request(request_id)
            if not approval.is_pending(request.row):
                return False
            request.close(transition, at=make.clock.now(), actor=PERSON, in_time=True)
            change = Change()
            change.add_chains(request.chain)
            try:
                await store.apply(change)
            except Missed:
                return False
            return True

        both = [decide(approval.APPROVED), decide(approval.REJECTED)]
        random.shuffle(both)
        assert sorted(await asyncio.gather(*both)) == [False, True]
        row = await store.one("get_approval_request", id=request_id)
        assert row is not None
        wins[row["status"]] += 1
    assert sum(wins.values()) == 50


async def test_a_decision_at_the_end_of_its_time_misses(store: Store, make: Maker) -> None:
    request_id = await make.request(expires_at=NOW + 1000)
    for at, applied in ((NOW + 1001, False), (NOW + 1000, False), (NOW + 999, True)):
        request = await make.load_request(request_id)
        request.close(approval.APPROVED, at=at, actor=PERSON, in_time=True)
        change = Change()
        change.add_chains(request.chain)
        if applied:
            await store.apply(change)
        else:
            with pytest.raises(Missed):
                await store.apply(change)


async def test_a_finished_execution_moves_no_more(store: Store, make: Maker) -> None:
    execution_id = await make.claimed()
    first, second = await make.load(execution_id), await make.load(execution_id)
    first.move(SUCCEEDED, at=NOW, actor=PERSON, result="1")
    second.move(FAILED, at=NOW, actor=PERSON, error="boom")
    await make.save(first)
    with pytest.raises(Missed):
        await make.save(second)


async def test_the_same_call_of_one_parent_is_one_child(store: Store, make: Maker) -> None:
    parent = await make.execution()
    call = {"parent_execution_id": parent, "parent_attempt": 1, "call_digest": "d"}
    await make.execution(node=False, call_occurrence=1, **call)
    with pytest.raises(Missed):
        await make.execution(node=False, call_occurrence=1, **call)
    await make.execution(node=False, call_occurrence=2, **call)
    calls = await store.all(
        "list_calls",
        parent_execution_id=parent,
        target="refund-agent.decide_refund",
        call_digest="d",
    )
    assert [row["call_occurrence"] for row in calls] == [1, 2]


async def test_two_requests_of_one_occurrence_are_one(store: Store, make: Maker) -> None:
    await make.request()
    with pytest.raises(Missed):
        await make.request()
    await make.request(occurrence=2)
    await make.request(owner="key_other")


async def test_listings_go_newest_first_by_cursor_and_filter(store: Store, make: Maker) -> None:
    made = [await make.request(approval_request_id=f"r{n % 3}", occurrence=n + 1) for n in range(9)]
    newest = list(reversed(made))
    page = await store.all("list_approval_requests", limit=4)
    assert [row["id"] for row in page] == newest[:4]
    await make.request(approval_request_id="late")
    page = await store.all("list_approval_requests", limit=4, before=page[-1]["id"])
    assert [row["id"] for row in page] == newest[4:8]
    found = await store.all(
        "list_approval_requests",
        limit=50,
        standalone=True,
        **given(status="pending", approval_request_id="r1", node_id=None),
    )
    assert [row["id"] for row in found] == [made[7], made[4], made[1]]
    several = await store.all("list_approval_requests", limit=50, statuses=("approved", "expired"))
    assert several == []


async def test_a_step_is_written_once(store: Store, make: Maker) -> None:
    execution_id = await make.claimed()
    step: dict[str, Any] = {
        "execution_id": execution_id,
        "key": "step.create_review.1",
        "seq": 2,
        "kind": "step",
        "name": "create_review",
        "input_sha256": "0" * 64,
        "error": None,
        "attempt": 1,
        "at": NOW,
    }
    change = Change()
    change.add("insert_step", result="1", **step)
    change.add("touch_execution", execution_id=execution_id, idle_attempts=0, if_attempt=1)
    await store.apply(change)
    change = Change()
    change.add("insert_step", result="2", **step)
    with pytest.raises(Missed):
        await store.apply(change)
    change = Change()
    change.add("touch_execution", execution_id=execution_id, idle_attempts=0, if_attempt=2)
    with pytest.raises(Missed):
        await store.apply(change)
    stored = await store.all("list_steps", execution_id=execution_id, limit=10)
    assert [row["result"] for row in stored] == ["1"]
    assert await store.all("list_steps", execution_id=execution_id, limit=10, after=2) == []


async def test_impossible_rows_are_refused(store: Store, make: Maker) -> None:
    execution_id = await make.execution()
    for impossible in (
        {"status": ExecutionStatus.SUCCEEDED},
        {"status": ExecutionStatus.WAITING},
        {"status": "done"},
        {"pending_own": -1},
        {"pending_own": 1},
        {"completed_at": NOW},
        {"lease_instance": "i-1"},
        {"running_since": NOW},
    ):
        execution = await make.load(execution_id)
        execution.set(**impossible)
        execution.append("note", at=NOW, actor=PERSON)
        with pytest.raises(Exception, match=r"(?i)check") as refused:
            await make.save(execution)
        assert not isinstance(refused.value, Missed | StoreUnavailable)
