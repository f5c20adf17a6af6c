"""What holds for the PostgreSQL engine alone: its connections, its schema, other servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest

from signoff.server.domain.store import Board, Change, SchemaError, StoreUnavailable
from signoff.server.store import (
    migrations,
    postgres,
    postgres_channel,
    postgres_connections,
    postgres_schema,
    queries,
)
from signoff.server.store.postgres import PostgresStore
from signoff.server.store.postgres_transaction import Undone
from tests.postgres import Cluster, new_database, run, running_cluster
from tests.server.conftest import emptied
from tests.server.rows import key
from tests.server.test_queries import all_params

pytestmark = pytest.mark.postgres

DEADLINE = 30
QUERIES = queries.load("${}".format, "postgres")


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[PostgresStore]:
    async with emptied(postgres_url) as store:
        yield store


@asynccontextmanager
async def outside(url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection that is not the store's."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        with suppress(asyncpg.InterfaceError, OSError):
            await connection.close()


async def stored(url: str) -> list[str]:
    """What others see: committed rows only."""
    async with outside(url) as connection:
        rows = await connection.fetch("SELECT key_id FROM keys ORDER BY created_at, key_id")
    return [row["key_id"] for row in rows]


# Queries and schema


@pytest.mark.parametrize("options", [False, True])
async def test_every_query_fits_the_schema(engine: PostgresStore, options: bool) -> None:
    async with engine._connections.lend() as session:
        for query in QUERIES.values():
            sql, values = query.bind(all_params(query, options=options))
            statement = await session.prepare(sql)
            assert len(statement.get_parameters()) == len(values), query.name


async def test_text_sorts_by_code_points_whatever_the_database_speaks(
    engine: PostgresStore,
) -> None:
    names = ["z", "Z", "a.1", "a-1", "a_1", "A", "é", "𝄞", "~"]
    for number, name in enumerate(names):
        await engine.apply(key(number, key_id=name))
    rows = await engine.all("list_keys")
    assert [row["key_id"] for row in rows] == sorted(names)


async def test_migrations_run_by_many_servers_at_once(fresh: str) -> None:
    stores = await asyncio.gather(*(PostgresStore.open(fresh) for _ in range(4)))
    for store in stores:
        await store.close()
    known = [(step.version, step.title) for step in migrations.load("postgres")]
    async with outside(fresh) as connection:
        applied = await connection.fetch("SELECT * FROM schema_migrations ORDER BY version")
    assert [tuple(row) for row in applied] == known
    assert [(step.version, step.title) for step in migrations.load("sqlite")] == known


async def test_a_step_of_the_schema_may_take_longer_than_any_other_command(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A large database; and a second server that waits for the one that is at it.
    slow = migrations.Migration(9000, "slow", "SELECT pg_sleep(0.8);")
    known = [*migrations.load("postgres"), slow]
    monkeypatch.setattr(migrations, "load", lambda _dialect: known)
    limits = {"statement_timeout": "400ms", "lock_timeout": "400ms"}
    monkeypatch.setattr(postgres_connections, "_SETTINGS", postgres_connections._SETTINGS | limits)
    monkeypatch.setattr(postgres_connections, "COMMAND_SECONDS", 0.6)
    stores = await asyncio.gather(*(PostgresStore.open(fresh) for _ in range(2)))
    for store in stores:
        async with store._connections.lend() as session:
            kept = [await session.fetchval(f"SHOW {name}") for name in limits]
        assert kept == list(limits.values())
        await store.close()


async def test_a_newer_schema_is_a_clear_error(fresh: str) -> None:
    await (await PostgresStore.open(fresh)).close()
    await asyncio.to_thread(run, fresh, "INSERT INTO schema_migrations VALUES (9999, 'future')")
    with pytest.raises(SchemaError, match="has schema 9999, this server knows up to"):
        await PostgresStore.open(fresh)


async def test_tables_of_someone_else_are_a_clear_error(fresh: str) -> None:
    await asyncio.to_thread(run, fresh, "CREATE TABLE nodes (id TEXT)")
    with pytest.raises(SchemaError, match='"nodes" already exists'):
        await PostgresStore.open(fresh)
    async with outside(fresh) as connection:
        assert await connection.fetchval("SELECT to_regclass('schema_migrations')") is None


async def test_who_may_not_make_tables_is_told_so(fresh: str) -> None:
    await asyncio.to_thread(
        run,
        fresh,
        "DROP ROLE IF EXISTS signoff_reader",
        "CREATE ROLE signoff_reader LOGIN PASSWORD 'reads'",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    )
    place = fresh.rpartition("@")[2]
    try:
        with pytest.raises(SchemaError, match="permission denied"):
            await PostgresStore.open(f"postgresql://signoff_reader:reads@{place}")
    finally:
        await asyncio.to_thread(run, fresh, "DROP ROLE signoff_reader")


async def test_a_database_that_can_not_hold_every_text_is_refused(
    postgres_server: str, fresh: str
) -> None:
    latin = "signoff_latin"
    make = f"CREATE DATABASE {latin} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
    await asyncio.to_thread(run, postgres_server, f"DROP DATABASE IF EXISTS {latin}", make)
    with pytest.raises(SchemaError, match="is in LATIN1"):
        await PostgresStore.open(fresh.rpartition("/")[0] + f"/{latin}")
    await asyncio.to_thread(run, postgres_server, f"DROP DATABASE {latin}")


async def test_a_server_that_is_too_old_is_refused(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_schema, "OLDEST", 99)
    with pytest.raises(SchemaError, match="99 is the oldest that is supported"):
        await PostgresStore.open(fresh)


# Transactions


async def test_nothing_is_acknowledged_before_its_commit(
    engine: PostgresStore, postgres_url: str
) -> None:
    """The commit waits for a lock that somebody else holds."""
    async with outside(postgres_url) as other:
        await other.execute("BEGIN")
        await other.execute("LOCK TABLE keys IN SHARE MODE")
        task = asyncio.create_task(engine.apply(key(1)))
        done, _ = await asyncio.wait([task], timeout=0.1)
        assert not done
        assert await stored(postgres_url) == []
        await other.execute("COMMIT")
    await task
    assert await stored(postgres_url) == ["key_1"]


async def test_a_commit_that_fails_is_nobodys_success(
    engine: PostgresStore, postgres_url: str
) -> None:
    def full() -> None:
        raise OSError("no space left on device")

    healthy = engine.fail_points.before_commit
    engine.fail_points.before_commit = full
    with pytest.raises(StoreUnavailable, match="no space left"):
        await engine.apply(key(1))
    assert await stored(postgres_url) == []
    engine.fail_points.before_commit = healthy
    await engine.apply(key(1))
    assert await stored(postgres_url) == ["key_1"]


async def test_a_lost_answer_leaves_the_change_there_and_wakes_who_waits(
    engine: PostgresStore, postgres_url: str
) -> None:
    def crash() -> None:
        raise RuntimeError("crash after the commit")

    engine.fail_points.after_commit = crash
    change = key(1)
    change.wake("exec:1")
    with engine.watch("exec:1") as watch:
        with pytest.raises(StoreUnavailable):
            await engine.apply(change)
        assert watch.event.is_set()
    assert await stored(postgres_url) == ["key_1"]


async def test_what_the_database_undoes_to_end_a_deadlock_is_tried_again(
    engine: PostgresStore, postgres_url: str
) -> None:
    await engine.apply(key(1))
    await engine.apply(key(2))
    async with asyncio.timeout(DEADLINE):
        while not await _meets_a_deadlock(engine, postgres_url):
            pass  # the other side was undone: it waited first, on a busy machine
    rows = await engine.all("list_keys")
    assert [(row["name"], row["last_used_at"]) for row in rows] == [("other", 1)] * 2


async def _meets_a_deadlock(engine: PostgresStore, url: str) -> bool:
    """Have a change of the engine's meet a deadlock. False: the other side was undone to end it."""
    change = Change()
    change.add("use_key", key_id="key_1", now=1)
    change.add("use_key", key_id="key_2", now=1)
    async with outside(url) as other, outside(url) as third:
        await other.execute("BEGIN")
        await other.execute("UPDATE keys SET name = 'other' WHERE key_id = 'key_2'")
        task = asyncio.create_task(engine.apply(change))
        while await third.fetchval("SELECT 1 FROM pg_locks WHERE NOT granted") is None:
            await asyncio.sleep(0.01)
        try:
            # Who waited first looks first, and is undone.
            await other.execute("UPDATE keys SET name = 'other' WHERE key_id = 'key_1'")
        except asyncpg.DeadlockDetectedError:
            await other.execute("ROLLBACK")
            await task
            return False
        assert not task.done()
        await other.execute("COMMIT")
        await task
        return True


async def _meets_a_table_deadlock(
    url: str, held: str, wanted: str, work: Callable[[], Awaitable[object]]
) -> bool:
    """Have work that locks one table, then another one, meet somebody who locks them the other way
    round. False: the other side was undone."""
    waits = (
        "SELECT 1 FROM pg_locks WHERE NOT granted AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    async with outside(url) as other, outside(url) as third:
        await other.execute("BEGIN")
        await other.execute(f"LOCK TABLE {wanted}")
        task = asyncio.ensure_future(work())
        while await third.fetchval(waits) is None:
            assert not task.done()
            await asyncio.sleep(0.01)
        try:
            await other.execute(f"LOCK TABLE {held}")
        except asyncpg.DeadlockDetectedError:
            await other.execute("ROLLBACK")
            await task
            return False
        await other.execute("COMMIT")
        await task
        return True


async def test_a_read_that_the_database_ends_for_a_deadlock_is_asked_again(
    engine: PostgresStore, postgres_url: str
) -> None:
    """Reads lock tables, too: against who changes the schema, or rewrites a table."""

    async def read() -> None:
        named = {"principal": "p", "operation": "execute", "key": "k"}
        assert await engine.one("get_idempotency", **named) is None

    async with asyncio.timeout(DEADLINE):
        while not await _meets_a_table_deadlock(postgres_url, "idempotency", "executions", read):
            pass


async def test_a_migration_that_the_database_ends_for_a_deadlock_is_tried_again(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers of the version before work beside it."""
    await (await PostgresStore.open(fresh)).close()
    sql = "LOCK TABLE keys;\nLOCK TABLE nodes;\nALTER TABLE keys ADD COLUMN IF NOT EXISTS x TEXT;"
    known = [*migrations.load("postgres"), migrations.Migration(9000, "two_tables", sql)]
    monkeypatch.setattr(migrations, "load", lambda _dialect: known)

    async def migrate() -> None:
        await (await PostgresStore.open(fresh)).close()

    async with asyncio.timeout(DEADLINE):
        while not await _meets_a_table_deadlock(fresh, "keys", "nodes", migrate):
            await asyncio.to_thread(
                run, fresh, "DELETE FROM schema_migrations WHERE version = 9000"
            )
    async with outside(fresh) as connection:
        assert await connection.fetchval("SELECT max(version) FROM schema_migrations") == 9000


async def test_what_is_undone_again_and_again_is_given_up(
    engine: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    async def deadlock(*_: object) -> None:
        tries.append(1)
        raise Undone from asyncpg.DeadlockDetectedError("deadlock detected")

    monkeypatch.setattr(postgres, "run", deadlock)
    with pytest.raises(StoreUnavailable, match="undid it 10 times: deadlock detected"):
        await engine.apply(key(1))
    assert len(tries) == postgres.TRIES


async def test_a_statement_that_takes_too_long_is_ended(
    engine: PostgresStore, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres_connections._SETTINGS, "lock_timeout", "50ms")
    impatient = await PostgresStore.open(postgres_url)
    async with outside(postgres_url) as other:
        await other.execute("BEGIN")
        await other.execute("LOCK TABLE keys IN SHARE MODE")
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            await impatient.apply(key(1))
        await other.execute("COMMIT")
    await impatient.close()
    await engine.apply(key(1))


async def test_a_query_that_is_wrong_fails_its_own_change_only(engine: PostgresStore) -> None:
    engine._queries["insert_key"].lines.append((None, "WHERE nowhere"))
    engine._queries["count_keys"].lines.append((None, "AND nowhere"))
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await engine.apply(key(1))
    with pytest.raises(asyncpg.UndefinedColumnError, match="nowhere"):
        await engine.one("count_keys")
    fine = Change()
    fine.add("put_fact", name="n", value="v")
    await engine.apply(fine)
    assert await engine.one("get_fact", name="n") == {"value": "v"}


async def test_commits_are_durable_and_seen_by_the_next_read_whatever_the_database_says(
    fresh: str, postgres_url: str
) -> None:
    name = fresh.rpartition("/")[2]
    for setting in ("synchronous_commit = off", "default_transaction_isolation = serializable"):
        await asyncio.to_thread(run, fresh, f'ALTER DATABASE "{name}" SET {setting}')
    store = await PostgresStore.open(fresh)
    async with store._connections.lend() as session:
        assert await session.fetchval("SHOW synchronous_commit") == "on"
        assert await session.fetchval("SHOW statement_timeout") == "15s"
        assert await session.fetchval("SHOW transaction_isolation") == "read committed"
    await store.close()


# Connections


async def test_all_connections_in_use(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_connections, "LEND_SECONDS", 0.05)
    connections = postgres_connections.Connections(postgres_url, most=1)
    async with connections.lend() as session:
        with pytest.raises(StoreUnavailable, match="all connections"):
            async with connections.lend():
                raise AssertionError
        await connections.close()
    assert session.is_closed()  # it came back after the end
    with pytest.raises(StoreUnavailable, match="closed"):
        async with connections.lend():
            raise AssertionError


async def test_a_caller_that_goes_away_leaves_no_transaction_behind(postgres_url: str) -> None:
    connections = postgres_connections.Connections(postgres_url)
    begun = asyncio.Event()

    async def work() -> None:
        async with connections.lend() as session:
            await session.execute("BEGIN")
            begun.set()
            await session.execute("SELECT pg_sleep(60)")

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with connections.lend() as session:
        assert not session.is_in_transaction()
    await connections.close()


async def cut_off(url: str) -> None:
    """End every connection but this one, as a restart of the database does."""
    async with outside(url) as connection:
        await connection.fetch(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def test_connections_that_break_while_idle_are_not_noticed(
    engine: PostgresStore, postgres_url: str
) -> None:
    for number in range(5):
        await cut_off(postgres_url)
        assert await engine.one("ping") == {"one": 1}
        await cut_off(postgres_url)
        await engine.apply(key(number))
    assert len(await stored(postgres_url)) == 5


async def test_a_command_that_a_dying_connection_refuses_is_tried_on_another(
    engine: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = [
        asyncpg.InternalClientError(
            "cannot switch to state 11; another operation (2) is in progress"
        ),
        asyncpg.InterfaceError("cannot perform operation: connection is closed"),
    ]
    send = asyncpg.Connection.execute

    async def execute(session: postgres_connections.Session, sql: str, *values: object) -> str:
        if "INSERT INTO keys" in sql and refusals:
            raise refusals.pop()
        return await send(session, sql, *values)

    monkeypatch.setattr(asyncpg.Connection, "execute", execute)
    await engine.apply(key(1))
    assert not refusals
    refusals.append(asyncpg.InternalClientError("got result for unknown protocol state 3"))
    with pytest.raises(StoreUnavailable):  # this one may have been sent
        await engine.apply(key(2))


async def test_a_database_that_is_not_there(postgres_server: str) -> None:
    nowhere = "postgresql://me:hunter2@127.0.0.1:9/signoff"
    with pytest.raises(StoreUnavailable, match="can't be reached") as refused:
        await PostgresStore.open(nowhere)
    assert "hunter2" not in str(refused.value)
    other = postgres_server.rpartition("/")[0] + "/nowhere"
    with pytest.raises(StoreUnavailable, match='"nowhere" does not exist'):
        await PostgresStore.open(other)


async def test_a_connection_that_ends_while_it_is_set_up(postgres_url: str) -> None:
    async def broken() -> postgres_connections.Session:
        session = await postgres_connections.connect(postgres_url)
        await session.close()
        return session

    with pytest.raises(StoreUnavailable, match="closed"):
        await postgres_channel.Channel(broken, Board()).open()

    session = await postgres_connections.connect(postgres_url)
    ended = asyncio.Event()
    session.add_termination_listener(lambda _: ended.set())
    await cut_off(postgres_url)
    async with asyncio.timeout(DEADLINE):
        await ended.wait()
    with pytest.raises(StoreUnavailable, match="closed"):
        await postgres_schema.migrate(session)


# Other servers


async def test_a_commit_wakes_the_watchers_of_other_servers(
    engine: PostgresStore, postgres_url: str
) -> None:
    other = await PostgresStore.open(postgres_url)
    with other.watch("exec:1") as watch, other.watch("exec:2") as asleep:
        change = key(1)
        change.wake("exec:1", *(f"exec:{'x' * 30}{n}" for n in range(1000)))
        await engine.apply(change)
        async with asyncio.timeout(DEADLINE):
            await watch.event.wait()
        assert not asleep.event.is_set()
        assert len(await other.all("list_keys")) == 1
    await other.close()


async def test_a_server_that_was_cut_off_hears_again(
    engine: PostgresStore,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(postgres_channel, "RETRY_SECONDS", 0.01)
    other = await PostgresStore.open(postgres_url)
    with other.watch("exec:1") as watch:
        await cut_off(postgres_url)
        async with asyncio.timeout(DEADLINE):
            # What was said meanwhile may be lost, so all look again.
            await watch.event.wait()
            watch.event.clear()
            while not watch.event.is_set():
                change = Change()
                change.wake("exec:1")
                await engine.apply(change)
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await watch.event.wait()
    await other.close()


def test_topics_go_into_as_few_notifications_as_they_fit() -> None:
    topics = [f"exec:{number:0100}" for number in range(200)]
    told = list(postgres_channel.payloads("me", topics))
    assert len(told) == 3
    assert all(len(each) <= postgres_channel.LONGEST for each in told)
    assert [topic for each in told for topic in each.split()[1:]] == topics
    assert all(each.startswith("me ") for each in told)
    assert list(postgres_channel.payloads("me", [])) == []


# A server that is killed


@pytest.fixture(scope="module")
def durable() -> Iterator[Cluster]:
    """A server that waits for the disk, and that tests may kill."""
    with running_cluster(durable=True) as cluster:
        yield cluster


async def test_what_was_acknowledged_survives_a_kill_of_the_database(
    durable: Cluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(postgres_channel, "RETRY_SECONDS", 0.01)
    with new_database(durable.url(), "killed") as url:
        store = await PostgresStore.open(url)
        acknowledged: list[str] = []
        unknown: list[str] = []

        async def write(first: int) -> None:
            number = first
            while not unknown:
                change = key(number)
                name = f"key_{number}"
                try:
                    await store.apply(change)
                except StoreUnavailable:
                    unknown.append(name)
                    return
                acknowledged.append(name)
                number += 20

        writers = [asyncio.create_task(write(first)) for first in range(20)]
        async with asyncio.timeout(DEADLINE):
            while len(acknowledged) < 500:
                await asyncio.sleep(0.01)
        await asyncio.to_thread(durable.kill)
        async with asyncio.timeout(DEADLINE):
            await asyncio.gather(*writers)
        with pytest.raises(StoreUnavailable):
            await store.one("ping")
        with pytest.raises(StoreUnavailable):
            await store.apply(key(999_999))
        async with asyncio.timeout(DEADLINE):
            while "not in touch with other servers" not in caplog.text:
                await asyncio.sleep(0.01)
        # Watched from before: it may be back in touch by the time the first read is answered.
        with store.watch("due") as watch:
            durable.start()
            # By itself: nobody tells it that the database is back.
            assert await store.one("ping") == {"one": 1}
            kept = {str(row["key_id"]) for row in await store.all("list_keys")}
            assert set(acknowledged) <= kept
            assert kept <= {*acknowledged, *unknown}
            async with asyncio.timeout(DEADLINE):
                await watch.event.wait()  # it is in touch with other servers again
        await store.close()


async def test_it_closes_in_time_although_the_database_hangs(
    durable: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "CLOSE_SECONDS", 0.1)
    monkeypatch.setattr(postgres_channel, "CLOSE_SECONDS", 0.1)
    monkeypatch.setattr(postgres_connections, "CLOSE_SECONDS", 0.1)
    with new_database(durable.url(), "hangs") as url:
        store = await PostgresStore.open(url)
        await store.apply(key(1))
        with durable.stopped():
            hanging = asyncio.create_task(store.apply(key(2)))
            await asyncio.wait([hanging], timeout=0)
            async with asyncio.timeout(3):
                await store.close()
            assert not hanging.done()
        async with asyncio.timeout(DEADLINE):
            await asyncio.wait([hanging])
