"""What is asked often finds its index in PostgreSQL too, among thousands of rows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

from signoff.server.store import queries
from signoff.server.store.postgres import PostgresStore
from signoff.server.store.postgres_connections import connect
from signoff.server.store.postgres_reads import KEYS, of_any
from tests.postgres import new_database, run
from tests.server.often_asked import OFTEN, PAGES, bound, is_sorted
from tests.server.test_queries import all_params

if TYPE_CHECKING:
    from signoff.server.store.postgres_connections import Session

pytestmark = pytest.mark.postgres

QUERIES = queries.load("${}".format, "postgres")

CLAIMS: Final[list[tuple[str, dict[str, Any], str]]] = [
    ("claim_due_expiries", {"now": 1, "until": 2}, "approval_requests_due"),
    ("claim_due_timeouts", {"now": 1, "until": 2}, "executions_due_for_timeout"),
    (
        "claim_due_dispatch_ids",
        {"node_id": "a", "now": 1, "until": 2},
        "executions_due_for_dispatch",
    ),
    (
        "claim_held_attempts",
        {"node_id": "a", "instance_id": "b", "now": 1, "until": 2},
        "executions_leased",
    ),
    ("claim_due_messages", {"now": 1, "until": 2}, "messages_due"),
]

# Mostly things of the past, some that wait, few that are due: as in a server that has run long.
ROWS: Final = """
INSERT INTO nodes SELECT 'node-' || n, NULL, 1, '[]', '[]', '{}', 'o', n, n
FROM generate_series(1, 100) n;
INSERT INTO instances (node_id, instance_id, base_url, secret, own, state, registered_at,
    last_heartbeat_at)
SELECT 'node-' || n, 'i-1', 'http://' || n, 's', 1, 'live', n, n FROM generate_series(1, 100) n;
INSERT INTO servers VALUES ('srv_1', 1, 1);
INSERT INTO executions (execution_id, run_id, parent_execution_id, parent_attempt, call_digest,
    call_occurrence, target, node_id, reasoner, owner, status, input, attempt, max_attempts,
    lease_instance, dispatch_at, pending_own, timeout_ms, running_since, timeout_at, created_at,
    completed_at, event_seq, event_hash, held_for, offered_by)
SELECT 'exec_' || lpad(n::text, 9, '0'), 'run_' || n / 2,
    CASE WHEN n % 2 = 1 AND n > 1 THEN 'exec_' || lpad((n - 1)::text, 9, '0') END, 1, 'd' || n, 1,
    'n.r', 'node-' || n % 100 + 1, 'r', 'o',
    CASE WHEN n <= 9000 THEN 'succeeded' WHEN n % 10 = 0 THEN 'running'
        WHEN n % 10 = 1 THEN 'queued' ELSE 'waiting' END,
    repeat('x', 200), 1, 3,
    CASE WHEN n > 9000 AND n % 10 = 0 THEN 'i-1' END,
    CASE WHEN n > 9000 AND n % 10 = 1 THEN n END,
    CASE WHEN n > 9000 AND n % 10 > 1 THEN 1 ELSE 0 END, 1,
    CASE WHEN n > 9000 AND n % 10 = 0 THEN n END, CASE WHEN n > 9000 AND n % 10 = 0 THEN n END, n,
    CASE WHEN n <= 9000 THEN n END, 1, 'h',
    CASE WHEN n > 9000 AND n % 100 = 1 THEN 'own' END, CASE WHEN n % 1000 = 0 THEN 'srv_2' END
FROM generate_series(1, 10000) n;
INSERT INTO approval_requests (id, approval_request_id, occurrence, execution_id, node_id, owner,
    attempt, seen_attempt, content_sha256, payload, status, reviewer_id, expires_at, created_at,
    decided_at, event_seq, event_hash)
SELECT 'apr_' || lpad(n::text, 9, '0'), 'own-' || n % 100, n,
    CASE WHEN n % 5 > 0 THEN 'exec_' || lpad(n::text, 9, '0') END,
    CASE WHEN n % 5 > 0 THEN 'node-' || n % 100 + 1 END, 'o',
    CASE WHEN n % 5 > 0 THEN 1 END, CASE WHEN n % 5 > 0 THEN 1 END, 'h', repeat('x', 200),
    CASE WHEN n <= 9000 THEN 'approved' ELSE 'pending' END,
    CASE WHEN n <= 9000 THEN 'reviewer-' || n % 50 END, n, n, CASE WHEN n <= 9000 THEN n END,
    CASE WHEN n % 5 = 0 THEN 1 END, CASE WHEN n % 5 = 0 THEN 'h' END
FROM generate_series(1, 10000) n;
INSERT INTO events SELECT 'exec_' || lpad((n / 5)::text, 9, '0'), n % 5 + 1, 't', NULL, NULL, n,
    'a', NULL, 's', '{}', NULL, CASE WHEN n % 5 = 0 THEN 'k' END, 'p', 'h'
FROM generate_series(5, 20000) n;
INSERT INTO steps (execution_id, key, seq, kind, name, input_sha256, attempt, at)
SELECT 'exec_' || lpad((n / 5)::text, 9, '0'), 'k' || n % 5, n % 5 + 1, 's', 's', 'h', 1, n
FROM generate_series(5, 20000) n;
INSERT INTO messages (id, kind, url, execution_id, node_id, instance_id, body, state, next_at,
    created_at, delivered_at)
SELECT 'msg_' || lpad(n::text, 9, '0'), 'k', 'http://x', 'exec_' || lpad(n::text, 9, '0'),
    'node-' || n % 100 + 1, 'i-1', repeat('x', 200),
    CASE WHEN n > 9500 THEN 'pending' WHEN n % 500 = 0 THEN 'dead' ELSE 'delivered' END,
    CASE WHEN n > 9500 THEN n END, n, CASE WHEN n <= 9500 AND n % 500 > 0 THEN n END
FROM generate_series(1, 10000) n;
INSERT INTO idempotency SELECT 'p', 'o', n::text, 'h', 'exec_' || lpad(n::text, 9, '0'), n, n
FROM generate_series(1, 10000) n;
INSERT INTO webhook_receipts SELECT n::text, 'h', 200, '{}', n FROM generate_series(1, 10000) n;
INSERT INTO waiters SELECT 'node-' || n % 100, 'i-1', 'own-' || n, 'exec_' || lpad(n::text, 9, '0')
FROM generate_series(9001, 9999) n;
INSERT INTO in_hand_pages SELECT 'node-' || n % 100, 'i-' || n, 'd', 1, repeat('x', 200)
FROM generate_series(1, 5000) n;
ANALYZE;
"""

SMALL: Final = {"nodes", "instances", "servers"}


@pytest.fixture(scope="module")
def long_served(postgres_server: str, testrun_uid: str, worker_id: str) -> Iterator[str]:
    """A database with some thousand rows in each table."""
    with new_database(postgres_server, f"plans_{testrun_uid}_{worker_id}") as url:

        async def migrated() -> None:
            await (await PostgresStore.open(url)).close()

        asyncio.run(migrated())
        run(url, ROWS)
        yield url


@pytest.fixture
async def session(long_served: str) -> AsyncIterator[Session]:
    """A connection as a server has them."""
    opened = await connect(long_served)
    yield opened
    await opened.close()


REAL: Final = {"decided_after": 8_500, "decided_before": 8_900, "before": "apr_000009900"}
"""What the planner looks up in its statistics: a page in the middle, a short time."""


async def steps_of(
    session: Session, name: str, params: dict[str, Any], mode: str
) -> list[tuple[str | None, ...]]:
    real = params | {
        key: REAL[key] for key, value in params.items() if type(REAL.get(key)) is type(value)
    }
    sql, values = bound(QUERIES[name], real)
    await session.execute(f"SET plan_cache_mode = {mode}; PREPARE asked AS {sql}")
    given = ", ".join(f"'{each}'" if isinstance(each, str) else str(each) for each in values)
    [(told,)] = await session.fetch(
        f"EXPLAIN (FORMAT JSON) EXECUTE asked{f'({given})' if given else ''}"
    )
    return list(flat(json.loads(told)[0]["Plan"]))


def flat(plan: dict[str, Any]) -> Iterator[tuple[str | None, ...]]:
    yield plan["Node Type"], plan.get("Index Name"), plan.get("Relation Name")
    for below in plan.get("Plans", ()):
        yield from flat(below)


def check(steps: list[tuple[str | None, ...]], index: str) -> None:
    wanted = {each for name in index.split("|") for each in (name, f"{name}_pkey")}
    assert wanted & {step[1] for step in steps}, steps
    assert {step[2] for step in steps if step[0] == "Seq Scan"} <= SMALL, steps


# Of what was decided in a long time the whole table is most, and read as fast as its index.
HERE: Final = [
    (name, params, index)
    for name, params, index in OFTEN
    if not (name == "newest_decided_id" or (name in PAGES and "decided_before" in params))
]


@pytest.mark.parametrize("name, params, index", HERE)
async def test_what_is_asked_often_has_its_index(
    session: Session, name: str, params: dict[str, Any], index: str
) -> None:
    steps = await steps_of(session, name, params, "force_custom_plan")
    check(steps, index)
    if is_sorted(name, params):
        assert "Sort" not in {step[0] for step in steps}, steps


# After some uses a statement may get one plan for all values, made without looking at any.
@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("name, params, index", CLAIMS)
async def test_what_servers_share_has_its_index(
    session: Session, name: str, params: dict[str, Any], index: str, mode: str
) -> None:
    check(await steps_of(session, name, params, mode), index)


ELSEWISE: Final = ("hashagg", "hashjoin", "mergejoin", "sort", "material", "memoize")
DUE: Final = {"now": 20_000, "until": 20_001, "limit": 3}


@pytest.mark.parametrize("name, params, index", CLAIMS)
async def test_no_server_takes_more_than_it_asked_for_whatever_the_plan(
    session: Session, name: str, params: dict[str, Any], index: str
) -> None:
    node_id = "node-12" if name == "claim_due_dispatch_ids" else "node-11"
    there = {"node_id": node_id, "instance_id": "i-1"}
    given = {key: there[key] for key in params if key in there} | DUE
    sql, values = QUERIES[name].bind(given)
    transaction = session.transaction()
    await transaction.start()
    for way in ELSEWISE:
        await session.execute(f"SET LOCAL enable_{way} = off")
    taken = await session.fetch(sql, *values)
    await transaction.rollback()
    assert len(taken) == 3


TOGETHER: Final = [
    (name, column, options)
    for name, column in KEYS.items()
    if column is not None
    for options in ((False, True) if name == "list_execution_requests" else (False,))
]


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("name, column, options", TOGETHER)
async def test_reads_that_go_together_have_the_index_of_each(
    session: Session, name: str, column: str, options: bool, mode: str
) -> None:
    sql, _ = QUERIES[name].bind(all_params(QUERIES[name], options=options))
    await session.execute(f"SET plan_cache_mode = {mode}; PREPARE asked AS {of_any(sql, column)}")
    keys = ", ".join(f"'{n}'" for n in range(32))
    [(told,)] = await session.fetch(f"EXPLAIN (FORMAT JSON) EXECUTE asked(ARRAY[{keys}])")
    steps = list(flat(json.loads(told)[0]["Plan"]))
    assert {step[2] for step in steps if step[0] == "Seq Scan"} <= {"keys"}, steps
