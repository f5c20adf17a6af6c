"""Changes that PostgreSQL gets as one statement: which, and that they are still all or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from signoff.server.domain.store import Change, Missed
from signoff.server.operations import deliveries, dispatching
from signoff.server.operations.approval_reads import get_approval_request
from signoff.server.operations.approvals import request_execution_approval
from signoff.server.operations.context import InstanceKey
from signoff.server.operations.decisions import decide_approval_request
from signoff.server.operations.executions import execute_async
from signoff.server.operations.reports import report_execution_status
from signoff.server.store import postgres_joining as joining
from signoff.server.store import queries
from signoff.server.store.postgres import PostgresStore
from tests.server.conftest import emptied
from tests.server.operations.world import AGENT, CLIENT, REVIEWER, World
from tests.server.rows import NOW, PERSON, Maker

pytestmark = pytest.mark.postgres

QUERIES = queries.load("${}".format, "postgres")


TOUCHED_AND_DELIVERED = (
    "WITH s0 AS (UPDATE executions SET idle_attempts = $1 WHERE execution_id = $2 RETURNING 1),"
    " s1 AS (UPDATE approval_requests SET delivered_at = $3"
    " WHERE id = $4 AND decided_at IS NOT NULL AND delivered_at IS NULL RETURNING 1)"
    " SELECT (CASE WHEN (SELECT count(*) FROM s0) <> 1 THEN 'missed 0'"
    " WHEN (SELECT count(*) FROM s1) < 0 THEN 'missed 1' ELSE '0' END)::int"
)

WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[PostgresStore]:
    async with emptied(postgres_url) as store:
        yield store


def bound(change: Change) -> joining.Job:
    return [(each, QUERIES[each.query].bind(each.params)) for each in change.statements]


def is_joined(change: Change) -> bool:
    return joining.joined(bound(change)) is not None


def test_the_parts_keep_their_values() -> None:
    change = Change()
    change.add("touch_execution", execution_id="exec_1", idle_attempts=0)
    change.add("deliver_decision", id="apr_1", now=5, expect=None)
    whole = joining.joined(bound(change))
    assert whole is not None
    assert whole[1] == (0, "exec_1", 5, "apr_1")
    assert " ".join(whole[0].split()) == TOUCHED_AND_DELIVERED


def test_what_a_transaction_would_see_otherwise_is_not_joined() -> None:
    two_heads, same_row, counted = Change(), Change(), Change()
    for execution_id in ("exec_1", "exec_2"):
        two_heads.add("touch_execution", execution_id=execution_id, idle_attempts=0)
    for _ in range(2):
        same_row.add("deliver_decision", id="apr_1", now=5)
    counted.add("touch_execution", execution_id="exec_1", idle_attempts=0)
    counted.add("check_children", expect=0, parent_execution_id="exec_1")
    assert not any(map(is_joined, (two_heads, same_row, counted, Change())))


async def test_a_change_of_very_many_parts_is_applied_part_by_part(engine: PostgresStore) -> None:
    make = Maker(engine)
    execution_id = await make.claimed()
    execution = await make.load(execution_id)
    for number in range(2_500):  # with more values than one statement may have
        execution.append("note", at=NOW, actor=PERSON, data={"number": number})
    change = Change()
    change.add_chains(execution)
    assert not is_joined(change)
    await engine.apply(change)
    assert (await make.load(execution_id)).head == execution.head


async def test_every_change_of_a_gate_is_one_statement(
    engine: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(engine)
    await world.instance()
    changes: list[Change] = []
    apply = engine.apply

    async def noted(change: Change) -> None:
        changes.append(change)
        await apply(change)

    monkeypatch.setattr(engine, "apply", noted)
    await gate(world)
    assert len(changes) == 6
    assert [change for change in changes if not is_joined(change)] == []


async def gate(world: World) -> None:
    """A run from its start to its end, by the operations that a gate is made of."""
    context = world.context
    started = await execute_async(
        context, CLIENT, target="refund-agent.decide_refund", body={"input": {}}
    )
    sent = await dispatching.claim(
        context, started["execution_id"], InstanceKey("refund-agent", "i-1")
    )
    assert sent is not None
    attempt = sent.attempt_id
    await request_execution_approval(
        context, AGENT, "refund-agent", attempt, {"approval_request_id": "refund"}
    )
    (asked,) = await context.store.all(
        "list_execution_requests", execution_id=started["execution_id"]
    )
    await decide_approval_request(context, REVIEWER, asked["id"], {"decision": "approved"})
    (message,) = await context.store.all("list_messages", limit=5)
    await deliveries.mark_delivered(context, message, status=200, resolved=True)
    done = await report_execution_status(
        context, AGENT, attempt, {"status": "succeeded", "result": 1}
    )
    assert done["status"] == "succeeded"
    heard = await get_approval_request(context, CLIENT, asked["id"])
    assert heard["status"] == "approved"


async def test_a_later_part_that_misses_undoes_those_before_it(engine: PostgresStore) -> None:
    make = Maker(engine)
    execution_id = await make.claimed()
    request_id = await make.request(execution_id)
    request = await make.load_request(request_id)
    execution = await make.load(execution_id)
    execution.append("note", at=NOW, actor=PERSON)
    change = Change()
    change.add_chains(execution)
    change.add(
        "move_approval_request",
        id=request_id,
        status="approved",
        decided_at=NOW,
        sources=("rejected",),
    )
    assert is_joined(change)
    with pytest.raises(Missed) as missed:
        await engine.apply(change)
    assert missed.value.statement.query == "move_approval_request"
    after = await make.load(execution_id)
    assert after.head == request.chain.head
    events = await engine.all("list_events", chain_id=execution_id, after=0, limit=50)
    assert len(events) == after.head["seq"]


def test_a_part_that_missed_is_known_by_the_words_of_any_language() -> None:
    change = Change()
    change.add("touch_execution", execution_id="exec_1", idle_attempts=0)
    change.add("deliver_decision", id="apr_1", now=5)
    for words in (
        'invalid input syntax for type integer: "missed 1"',
        "ungültige Eingabesyntax für Typ integer: »missed 1«",
    ):
        part = joining.missed(bound(change), words)
        assert part is not None
        assert part.query == "deliver_decision"
    assert joining.missed(bound(change), 'invalid input syntax for type integer: "x"') is None


async def test_a_taken_key_names_who_wanted_it(engine: PostgresStore) -> None:
    make = Maker(engine)
    execution_id = await make.claimed()
    execution = await make.load(execution_id)
    execution.append("note", at=NOW, actor=PERSON, key="once")
    await make.save(execution)
    again = await make.load(execution_id)
    again.append("note", at=NOW, actor=PERSON, key="once")
    with pytest.raises(Missed) as missed:
        await make.save(again)
    assert missed.value.statement.query == "insert_event"


async def test_of_two_changes_on_one_head_one_waits_and_misses(
    engine: PostgresStore, postgres_url: str
) -> None:
    make = Maker(engine)
    execution_id = await make.claimed()
    other = await PostgresStore.open(postgres_url)
    drafts = [await make.load(execution_id) for _ in range(20)]
    changes = []
    for number, draft in enumerate(drafts):
        draft.append("note", at=NOW, actor=PERSON, data={"number": number})
        changes.append(Change())
        changes[-1].add_chains(draft)
    assert all(map(is_joined, changes))
    stores = (engine, other)
    ends = await asyncio.gather(
        *(stores[number % 2].apply(change) for number, change in enumerate(changes)),
        return_exceptions=True,
    )
    await other.close()
    assert [type(end) for end in ends if end is not None] == [Missed] * 19
    after = await make.load(execution_id)
    assert after.head["seq"] == drafts[0].from_seq + 1


async def test_an_answer_that_was_heard_and_the_end_of_its_run_wait_for_each_other_in_turn(
    engine: PostgresStore, postgres_url: str
) -> None:
    world = World(engine)
    execution_id = await world.running()
    body = {"approval_request_id": "refund"}
    await request_execution_approval(world.context, AGENT, "refund-agent", execution_id, body)
    (asked,) = await engine.all("list_execution_requests", execution_id=execution_id)
    await decide_approval_request(world.context, REVIEWER, asked["id"], {"decision": "approved"})
    (message,) = await engine.all("list_messages", limit=5)
    ending = await asyncpg.connect(postgres_url)
    try:
        # As the end of a run does: the head of its chain, and then its messages.
        await ending.execute("BEGIN; SET LOCAL lock_timeout = '200ms'")
        await ending.execute("UPDATE executions SET error = NULL")
        heard = asyncio.create_task(
            deliveries.mark_delivered(world.context, message, status=200, resolved=True)
        )
        async with asyncio.timeout(30):
            while not await ending.fetchval(WAITING):
                await asyncio.sleep(0.01)
        await ending.execute("UPDATE messages SET last_error = NULL")
        await ending.execute("COMMIT")
        assert await heard
    finally:
        await ending.close()
