"""What holds for the SQLite engine alone: durability, its one writer, other processes."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signoff.server.domain.store import Missed, SchemaError, StoreUnavailable
from signoff.server.store import migrations, sqlite
from signoff.server.store.sqlite import SqliteStore, connect, migrate
from tests.server.rows import key


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "signoff.db"


@pytest.fixture
async def engine(path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(path)
    yield opened
    await opened.close()


def stored(path: Path) -> list[str]:
    """What another process sees: committed rows only."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT key_id FROM keys ORDER BY created_at, key_id").fetchall()
    connection.close()
    return [row[0] for row in rows]


class Gate:
    """Holds up the commit until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self) -> None:
        self.reached.set()
        assert self.opened.wait(20)

    async def until_reached(self) -> None:
        assert await asyncio.to_thread(self.reached.wait, 20)


async def test_another_process_that_opens_and_closes_the_file_takes_nothing_away(
    engine: SqliteStore, path: Path
) -> None:
    """Unless the locks of this process hold, the other one deletes the log as the last to close."""
    program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute({!r}); c.close()"
    look = program.format("SELECT count(*) FROM keys")
    await engine.apply(key(1))
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", look, str(path)], check=True)
    assert path.with_name(path.name + "-wal").exists()
    await engine.apply(key(2))
    seen = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute({!r}).fetchall())"
    asked = [sys.executable, "-c", seen.format("SELECT key_id FROM keys"), str(path)]
    told = await asyncio.to_thread(
        subprocess.run, asked, check=True, capture_output=True, text=True
    )
    assert told.stdout.strip() == "[('key_1',), ('key_2',)]"


async def test_a_read_that_fails_says_that_the_store_is_unavailable(engine: SqliteStore) -> None:
    def broken() -> None:
        raise OSError("no answer")

    healthy = engine.fail_points.before_read
    engine.fail_points.before_read = broken
    with pytest.raises(StoreUnavailable):
        await engine.one("ping")
    engine.fail_points.before_read = healthy
    assert await engine.one("ping") == {"one": 1}


async def test_nothing_is_acknowledged_before_its_commit(engine: SqliteStore, path: Path) -> None:
    before, after = Gate(), Gate()
    engine.fail_points.before_commit = before
    engine.fail_points.after_commit = after
    task = asyncio.create_task(engine.apply(key(1)))
    await before.until_reached()
    assert stored(path) == []
    before.opened.set()
    await after.until_reached()
    assert stored(path) == ["key_1"]
    assert not task.done()
    after.opened.set()
    await task


async def test_what_is_queued_is_committed_together(engine: SqliteStore) -> None:
    gate, commits = Gate(), []
    engine.fail_points.before_commit = gate
    engine.fail_points.after_commit = lambda: commits.append(1)
    first = asyncio.create_task(engine.apply(key(0)))
    await gate.until_reached()
    rest = [asyncio.create_task(engine.apply(key(n))) for n in range(1, 300)]
    await asyncio.wait(rest, timeout=0)
    gate.opened.set()
    await asyncio.gather(first, *rest)
    assert len(commits) == 3  # the first, as many as go into one, and the rest


async def test_a_commit_that_fails_is_nobodys_success(engine: SqliteStore, path: Path) -> None:
    def full() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    await engine.apply(key(0))
    healthy = engine.fail_points.before_commit
    engine.fail_points.before_commit = full
    ends = await asyncio.gather(*(engine.apply(key(n)) for n in range(9)), return_exceptions=True)
    assert {type(end) for end in ends[1:]} == {StoreUnavailable}
    assert type(ends[0]) in (Missed, StoreUnavailable)
    assert stored(path) == ["key_0"]
    engine.fail_points.before_commit = healthy
    await engine.apply(key(1))
    assert stored(path) == ["key_0", "key_1"]


async def test_a_lost_answer_leaves_the_change_there_and_wakes_who_waits(
    engine: SqliteStore, path: Path
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
    assert stored(path) == ["key_1"]


async def test_a_full_disk_is_a_store_that_is_unavailable(engine: SqliteStore, path: Path) -> None:
    engine._writer._connection.execute("PRAGMA max_page_count=1")
    with pytest.raises(StoreUnavailable, match="full"):
        await engine.apply(key(1, name="x" * 10_000_000))
    engine._writer._connection.execute("PRAGMA max_page_count=1000000")
    await engine.apply(key(2))
    assert stored(path) == ["key_2"]


WRITER = """
import asyncio, sys
from signoff.server.store.sqlite import SqliteStore
from tests.server.rows import key

async def main():
    store = await SqliteStore.open(sys.argv[1])
    async def put(number):
        await store.apply(key(number))
        print(number, flush=True)
    for start in range(0, 100_000, 20):
        await asyncio.gather(*(put(start + n) for n in range(20)))

asyncio.run(main())
"""


def test_what_was_acknowledged_survives_a_kill(path: Path) -> None:
    root = Path(__file__).parents[2]
    for heard in (1, 50, 300):
        path.unlink(missing_ok=True)
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=root
        )
        assert child.stdout is not None
        acknowledged = [int(child.stdout.readline()) for _ in range(heard)]
        child.kill()
        acknowledged += [int(line) for line in child.stdout.read().splitlines()]
        child.wait()
        child.stdout.close()
        assert {f"key_{number}" for number in acknowledged} <= set(stored(path))


async def test_another_process_may_write_too(engine: SqliteStore, path: Path) -> None:
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(engine.apply(key(1)))
    done, _ = await asyncio.wait([waiting], timeout=0.05)
    assert not done
    other.execute("UPDATE facts SET value = value")
    other.execute("COMMIT")
    other.close()
    await waiting
    assert stored(path) == ["key_1"]


async def test_another_process_that_writes_for_too_long_makes_the_store_unavailable(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_MS", 1)
    engine = await SqliteStore.open(path)
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    ends = await asyncio.gather(*(engine.apply(key(n)) for n in range(3)), return_exceptions=True)
    assert {type(end) for end in ends} == {StoreUnavailable}
    assert "locked" in str(ends[0])
    other.execute("COMMIT")
    other.close()
    await engine.apply(key(3))
    assert stored(path) == ["key_3"]
    # The loop never waits for a lock, only the thread did.
    assert engine._writer._connection.execute("PRAGMA busy_timeout").fetchone() == (0,)
    await engine.close()


async def test_a_batch_that_can_not_begin_is_a_store_that_is_unavailable(
    engine: SqliteStore, path: Path
) -> None:
    engine._writer._connection.execute("BEGIN")
    with pytest.raises(StoreUnavailable, match="within a transaction"):
        await engine.apply(key(1))
    await engine.apply(key(2))
    assert stored(path) == ["key_2"]


async def test_closing_finishes_what_is_queued(path: Path) -> None:
    engine = await SqliteStore.open(path)
    tasks = [asyncio.create_task(engine.apply(key(n))) for n in range(600)]
    await asyncio.wait(tasks, timeout=0)
    await engine.close()
    await asyncio.gather(*tasks)
    assert len(stored(path)) == 600
    with pytest.raises(StoreUnavailable, match="closed"):
        await engine.apply(key(600))


async def test_what_was_read_counts_for_one_turn_of_the_loop(
    engine: SqliteStore, path: Path
) -> None:
    statements: list[str] = []
    engine._reader.set_trace_callback(statements.append)
    rows = [await engine.all("list_keys"), await engine.all("list_keys")]
    assert (rows, len(statements)) == ([[], []], 1)
    rows[0].append({"nobody": "else's"})
    assert await engine.all("list_keys") == []
    assert await engine.one("list_keys") is None
    await engine.apply(key(1))
    assert len(await engine.all("list_keys")) == 1
    other = connect(path)
    other.execute("DELETE FROM keys")
    other.close()
    await asyncio.sleep(0)
    assert await engine.all("list_keys") == []


async def test_who_hears_of_a_commit_reads_what_it_left(engine: SqliteStore) -> None:
    """However reads and answers meet in the turns of the loop."""

    async def write(number: int) -> None:
        for _ in range(number % 5):
            await asyncio.sleep(0)
        assert await engine.one("get_key_by_hash", hash=f"h{number}") is None
        await engine.apply(key(number))
        assert await engine.one("get_key_by_hash", hash=f"h{number}") is not None
        assert len(await engine.all("list_keys")) > 0

    await asyncio.gather(*map(write, range(500)))
    assert len(await engine.all("list_keys")) == 500


async def test_the_file_is_for_its_owner_only(engine: SqliteStore, path: Path) -> None:
    assert await engine.one("ping") == {"one": 1}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_durability_is_switched_on(engine: SqliteStore) -> None:
    for connection in (engine._writer._connection, engine._reader):
        told = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        engine._reader.execute("DELETE FROM keys")


async def test_opened_again_it_has_what_it_had(path: Path) -> None:
    first = await SqliteStore.open(path)
    await first.apply(key(1))
    await first.close()
    second = await SqliteStore.open(path)
    assert len(await second.all("list_keys")) == 1
    await second.close()


def test_migrations_run_by_many_processes_at_once(path: Path) -> None:
    script = "import sys; from pathlib import Path; from signoff.server.store.sqlite import *; "
    script += "migrate(connect(Path(sys.argv[1])))"
    command = [sys.executable, "-c", script, str(path)]
    children = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [child.communicate(timeout=60)[1] for child in children] == ["", "", "", ""]
    connection = sqlite3.connect(path)
    known = [(step.version, step.title) for step in migrations.load("sqlite")]
    assert connection.execute("SELECT * FROM schema_migrations").fetchall() == known
    connection.close()


def test_steps_of_before_keep_the_order_in_which_they_were_listed(tmp_path: Path) -> None:
    known = migrations.load("sqlite")
    connection = sqlite3.connect(tmp_path / "before.db")
    for step in known:
        if step.title == "step_order":
            rows = [("e", "b", 1), ("e", "a", 2), ("e", "c", 1), ("f", "z", 1)]
            connection.executemany(
                "INSERT INTO steps (execution_id, key, kind, name, input_sha256, attempt, at) "
                "VALUES (?, ?, 'step', 'a', '', 1, ?)",
                rows,
            )
        for statement in step.statements():
            connection.execute(statement)
    stored = connection.execute("SELECT execution_id, key, seq FROM steps ORDER BY 1, 3").fetchall()
    assert stored == [("e", "b", 1), ("e", "c", 2), ("e", "a", 3), ("f", "z", 1)]
    connection.close()


async def test_a_newer_schema_is_a_clear_error(path: Path) -> None:
    await (await SqliteStore.open(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO schema_migrations VALUES (9999, 'future')")
    connection.commit()
    connection.close()
    with pytest.raises(SchemaError, match="has schema 9999, this server knows up to"):
        await SqliteStore.open(path)


async def test_a_file_of_someone_else_is_a_clear_error(path: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database" * 1000)
    with pytest.raises(SchemaError, match="no SQLite database"):
        await SqliteStore.open(text)
    connection = sqlite3.connect(tmp_path / "other.db")
    connection.execute("CREATE TABLE nodes (id)")
    connection.close()
    with pytest.raises(SchemaError, match="nodes already exists"):
        await SqliteStore.open(tmp_path / "other.db")
    with pytest.raises(StoreUnavailable, match="can't be opened"):
        await SqliteStore.open(text / "signoff.db")


async def test_a_migration_that_fails_leaves_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [migrations.Migration(1, "a", "CREATE TABLE a (x);\nSELECT nothing;\n")]
    monkeypatch.setattr(migrations, "load", lambda dialect: steps)
    with pytest.raises(SchemaError, match="nothing"):
        await SqliteStore.open(path)
    connection = connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []

    def broken(_: object, __: object) -> list[migrations.Migration]:
        raise ValueError("broken")

    monkeypatch.setattr(migrations, "missing", broken)
    with pytest.raises(ValueError, match="broken"):
        migrate(connection)
    assert not connection.in_transaction
    connection.close()


async def test_a_database_that_stays_locked_is_unavailable(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_MS", 0)
    path.parent.mkdir()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable, match="locked"):
        await SqliteStore.open(path)
    other.execute("ROLLBACK")
    await (await SqliteStore.open(path)).close()
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        await SqliteStore.open(path)
    other.close()


async def test_a_reader_that_fails_is_a_store_that_is_unavailable(engine: SqliteStore) -> None:
    engine._reader.set_progress_handler(lambda: 1, 1)
    with pytest.raises(StoreUnavailable, match="interrupted"):
        await engine.all("list_keys")
    engine._reader.set_progress_handler(None, 0)


async def test_a_query_that_is_wrong_fails_its_own_change_only(engine: SqliteStore) -> None:
    engine._queries["insert_key"].lines.append((None, "WHERE nowhere"))
    engine._queries["count_keys"].lines.append((None, "AND nowhere"))
    change = key(1)
    fine = key(1)
    fine.statements.clear()
    fine.add("put_fact", name="n", value="v")
    ends = await asyncio.gather(engine.apply(change), engine.apply(fine), return_exceptions=True)
    assert isinstance(ends[0], sqlite3.OperationalError)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        await engine.one("count_keys")
    assert ends[1] is None
    assert await engine.one("get_fact", name="n") == {"value": "v"}
