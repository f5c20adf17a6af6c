"""Reads that go to PostgreSQL together: which, and that nobody gets an answer from before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from signoff.server.domain.store import Change, Row, StoreUnavailable
from signoff.server.store import postgres_reads as reads
from signoff.server.store import queries
from signoff.server.store.postgres import PostgresStore
from signoff.server.store.postgres_reads import Reads
from tests.server.conftest import emptied
from tests.server.rows import key
from tests.server.test_queries import all_params

QUERIES = queries.load("${}".format, "postgres")
SQL = "SELECT * FROM executions WHERE execution_id = $1"
ANY = "SELECT * FROM executions WHERE execution_id = ANY($1::text[])"
DEADLINE = 30


class Database:
    """Stands in for the database: holds each statement until it is let go, and remembers it."""

    def __init__(self) -> None:
        self.reads = Reads(self.send)
        self.sent: list[tuple[str, tuple[Any, ...]]] = []
        self.held: list[asyncio.Event] = []
        self.version = 0
        self.wrong: dict[str, Exception] = {}

    async def send(self, sql: str, values: tuple[Any, ...]) -> list[Row]:
        self.sent.append((sql, values))
        version = self.version
        go = asyncio.Event()
        self.held.append(go)
        await go.wait()
        keys = [key for value in values for key in ([value] if isinstance(value, str) else value)]
        for each in keys:
            if each in self.wrong:
                raise self.wrong[each]
        return [{"execution_id": each, "version": version} for each in keys if each != "none"]

    def ask(self, execution_id: str) -> asyncio.Task[list[Row]]:
        return asyncio.create_task(self.reads.read("get_execution", SQL, (execution_id,)))

    async def let_go(self, number: int) -> None:
        """Let a statement go, once it is there."""
        async with asyncio.timeout(DEADLINE):
            while len(self.held) <= number:
                await asyncio.sleep(0)
        self.held[number].set()


@pytest.fixture
def database() -> Database:
    return Database()


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_alone_is_sent_as_it_is(database: Database) -> None:
    asked = database.ask("exec_1")
    await database.let_go(0)
    assert await asked == [{"execution_id": "exec_1", "version": 0}]
    assert database.sent == [(SQL, ("exec_1",))]


async def test_those_that_come_meanwhile_go_together(database: Database) -> None:
    first = database.ask("exec_1")
    await turn()
    others = [database.ask(name) for name in ("exec_2", "exec_3", "none", "exec_2")]
    await turn()
    await database.let_go(0)
    await database.let_go(1)
    assert [row["execution_id"] for row in await first] == ["exec_1"]
    found = await asyncio.gather(*others)
    assert [[row["execution_id"] for row in rows] for rows in found] == [
        ["exec_2"],
        ["exec_3"],
        [],
        ["exec_2"],
    ]
    assert database.sent[1:] == [(ANY, (["exec_2", "exec_3", "none"],))]


async def test_nobody_joins_what_was_sent_before(database: Database) -> None:
    before = database.ask("exec_1")
    await turn()
    database.version = 1  # somebody commits, and asks
    after = database.ask("exec_1")
    await turn()
    await database.let_go(0)
    await turn()
    database.version = 2
    later = database.ask("exec_1")
    await turn()
    for number in (1, 2):
        await database.let_go(number)
    found = [(await asked)[0]["version"] for asked in (before, after, later)]
    assert found == [0, 1, 2]


async def test_equal_ones_go_together_where_none_has_a_column(database: Database) -> None:
    sql = "SELECT * FROM nodes WHERE node_id = $1"
    asked = []
    for node_id in ("a", "b", "b", "c"):
        asked.append(asyncio.create_task(database.reads.read("get_node", sql, (node_id,))))
        await turn()
    for number in range(3):
        await database.let_go(number)
    found = await asyncio.gather(*asked)
    assert [rows[0]["execution_id"] for rows in found] == ["a", "b", "b", "c"]
    assert database.sent == [(sql, (node_id,)) for node_id in "abc"]


async def test_what_is_no_key_is_the_fault_of_who_asks_for_it(database: Database) -> None:
    database.wrong["\0"] = ValueError("no text")
    first = database.ask("exec_1")
    await turn()
    good, bad = database.ask("exec_2"), database.ask("\0")
    await turn()
    for number in range(4):
        await database.let_go(number)
    assert await first
    assert await good
    with pytest.raises(ValueError, match="no text"):
        await bad


async def test_all_hear_that_the_database_is_away_and_the_next_asks_anew(
    database: Database,
) -> None:
    database.wrong["exec_2"] = StoreUnavailable("away")
    first = database.ask("exec_1")
    await turn()
    others = [database.ask(name) for name in ("exec_2", "exec_3")]
    await turn()
    await database.let_go(0)
    await database.let_go(1)
    await first
    told = await asyncio.gather(*others, return_exceptions=True)
    assert [type(each) for each in told] == [StoreUnavailable, StoreUnavailable]
    assert len(database.sent) == 2
    again = database.ask("exec_3")
    await database.let_go(2)
    assert await again


@pytest.mark.parametrize("gone", [0, 1])
async def test_who_goes_away_leaves_the_others_to_be_answered(
    database: Database, gone: int
) -> None:
    asked = [database.ask("exec_1")]
    await turn()
    asked += [database.ask("exec_2"), database.ask("exec_3")]
    await turn()
    asked[gone].cancel()
    with suppress(asyncio.CancelledError):
        await asked[gone]
    await database.let_go(0)
    await database.let_go(1)
    assert await asked[2] == [{"execution_id": "exec_3", "version": 0}]
    names = ["exec_3"] if gone else ["exec_2", "exec_3"]
    assert database.sent[1] == ((ANY, (names,)) if len(names) > 1 else (SQL, tuple(names)))


async def test_nothing_is_sent_when_all_have_gone(database: Database) -> None:
    first = database.ask("exec_1")
    await turn()
    other = database.ask("exec_2")
    await turn()
    other.cancel()
    await turn()
    await database.let_go(0)
    await first
    last = database.ask("exec_3")
    await database.let_go(1)
    await last
    assert database.sent == [(SQL, ("exec_1",)), (SQL, ("exec_3",))]


async def test_what_does_not_come_back_keeps_nobody_for_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "PATIENCE_SECONDS", 0.0)
    stuck = database.ask("exec_1")
    await turn()
    other = database.ask("exec_2")
    await database.let_go(1)
    assert await other
    assert not stuck.done()
    await database.let_go(0)
    assert await stuck


def test_each_kind_has_the_column_that_it_names() -> None:
    for name, column in reads.KEYS.items():
        query = QUERIES[name]
        for options in (False, True):
            sql, values = query.bind(all_params(query, options=options))
            if column is not None:
                assert reads.of_any(sql, column).count("ANY($1::text[])") == 1, name
                assert len(values) == 1, name


# On the database itself


@pytest.fixture
async def stores(postgres_url: str) -> AsyncIterator[tuple[PostgresStore, PostgresStore]]:
    """Two servers' stores of one database."""
    async with emptied(postgres_url) as store:
        other = await PostgresStore.open(postgres_url)
        try:
            yield store, other
        finally:
            await other.close()


@pytest.mark.postgres
async def test_each_gets_its_own_rows(stores: tuple[PostgresStore, PostgresStore]) -> None:
    store, _ = stores
    for number in range(20):
        await store.apply(key(number))
    rows = await store.all("list_keys")
    asked = [row["hash"] for row in rows] + ["none", "no\0text"]
    found = await asyncio.gather(
        *(store.one("get_key_by_hash", hash=each) for each in asked), return_exceptions=True
    )
    assert found[:-1] == [*rows, None]
    assert isinstance(found[-1], Exception)


@pytest.mark.postgres
@pytest.mark.parametrize("here", [True, False])
async def test_a_read_shows_what_was_committed_before_it(
    stores: tuple[PostgresStore, PostgresStore], here: bool
) -> None:
    """However many others ask at the time: a key that was revoked lets nobody in."""
    store, other = stores
    asking = store if here else other
    await store.apply(key(1))
    (row,) = await store.all("list_keys")
    over = asyncio.Event()

    async def ask() -> None:
        while not over.is_set():
            await asking.one("get_key_by_hash", hash=row["hash"])
            await asking.one("any_key")

    others = [asyncio.create_task(ask()) for _ in range(12)]
    try:
        for used in range(1, 101):
            change = Change()
            change.add("use_key", key_id=row["key_id"], now=used)
            await store.apply(change)
            seen = await asking.one("get_key_by_hash", hash=row["hash"])
            assert seen is not None
            assert seen["last_used_at"] == used
    finally:
        over.set()
        await asyncio.gather(*others)
