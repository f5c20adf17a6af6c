"""Old runs leave the database when their events are kept elsewhere, and nothing else does."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from signoff.cli import ledger
from signoff.server.domain.store import Change, Store
from signoff.server.maintenance import retention
from signoff.server.maintenance.retention import Retention
from signoff.server.operations import notes
from signoff.server.operations import retention as over
from tests.server.operations.stage import Stage
from tests.server.operations.world import AGENT, HOUR

DAYS = 30
KEEP_MS = DAYS * 24 * HOUR
NOTIFY = "https://hooks.example.com/signoff"
TABLES = ("executions", "approval_requests", "events", "steps", "messages")


class Archive(Stage):
    """A server that keeps finished runs for a month."""

    def __init__(self, store: Store, folder: Path) -> None:
        super().__init__(store)
        self.folder = folder
        self.retention = Retention(self.context, KEEP_MS, folder)

    async def finished(self) -> str:
        """A run with a child, each with a step, a decision and a note."""
        parent = await self.at_work(webhook={"url": NOTIFY})
        child = await self.claim_next((await self.child(parent))["execution_id"])
        for work in (child, parent):
            await self.step(work.attempt_id, "step.work.1", result={"n": 1})
            request = await self.ask(work.attempt_id, principal=AGENT)
            await self.decide(request["id"], feedback="fine")
            await self.report(work.attempt_id, result=1)
        for message in await self.messages():
            if message["state"] == "pending":
                await self.heard(message["id"])
        return parent.execution_id

    async def later(self, ms: int = KEEP_MS + 1) -> None:
        self.clock.advance(ms)
        await self.retention.run_due()

    async def left(self) -> list[str]:
        rows = await self.store.all("list_executions", limit=100)
        return sorted(row["execution_id"] for row in rows)

    def files(self) -> list[Path]:
        return sorted(self.folder.rglob("*.*"))


@pytest.fixture
def archive(store: Store, tmp_path: Path) -> Archive:
    return Archive(store, tmp_path / "audit")


async def test_an_old_run_is_written_down_and_then_gone(archive: Archive) -> None:
    execution_id = await archive.finished()
    chains = {each: await archive.events(each) for each in await archive.left()}
    await archive.later(KEEP_MS)
    assert len(await archive.left()) == 2
    await archive.later(HOUR)
    assert await archive.left() == []
    for query in ("list_messages", "list_approval_requests"):
        assert await archive.store.all(query, limit=100) == []
    assert await archive.store.all("list_events", chain_id=execution_id, after=0, limit=9) == []
    assert await archive.store.all("list_steps", execution_id=execution_id, limit=9) == []
    assert {path.stem for path in archive.files()} == set(chains)
    for path in archive.files():
        kept = ledger.read(str(path))
        assert (kept.id, kept.faults()) == (path.stem, [])
        assert [event["hash"] for event in kept.events] == [it["hash"] for it in chains[path.stem]]
        assert path.parent.name == "2027-01-15"
        assert path.stat().st_mode & 0o777 == 0o600


async def unfinished_child(archive: Archive) -> None:
    parent = await archive.at_work()
    await archive.claim_next((await archive.child(parent))["execution_id"])
    await archive.report(parent.attempt_id, result=1)


async def pending_request(archive: Archive) -> None:
    await archive.ask((await archive.at_work()).attempt_id, principal=AGENT, expires_in_hours=9999)


async def standalone_question(archive: Archive) -> None:
    await archive.create(expires_in_hours=9999)
    await archive.at_work()


async def message_on_its_way(archive: Archive) -> None:
    await archive.report((await archive.at_work(webhook={"url": NOTIFY})).attempt_id, result=1)


async def child_that_ended_late(archive: Archive) -> None:
    parent = await archive.at_work()
    child = await archive.claim_next((await archive.child(parent))["execution_id"])
    await archive.report(parent.attempt_id, result=1)
    archive.clock.advance(HOUR)
    await archive.report(child.attempt_id, result=1)
    archive.clock.advance(-HOUR)


@pytest.mark.parametrize(
    "made",
    [
        unfinished_child,
        pending_request,
        standalone_question,
        message_on_its_way,
        child_that_ended_late,
    ],
)
async def test_what_is_not_over_is_left_alone(archive: Archive, made: Any) -> None:
    await made(archive)
    before = await archive.left()
    requests = await archive.store.all("list_approval_requests", limit=100)
    await archive.later()
    assert await archive.left() == before
    assert await archive.store.all("list_approval_requests", limit=100) == requests
    assert archive.files() == []


async def test_a_crash_before_the_deletion_writes_the_same_again(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    await archive.finished()

    async def crash(*_: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("signoff.server.operations.retention.forget", crash)
        with pytest.raises(KeyboardInterrupt):
            await archive.later()
    written = {path: path.read_text() for path in archive.files()}
    assert len(written) == len(await archive.left()) == 2
    archive.retention = Retention(archive.context, KEEP_MS, archive.folder)
    await archive.retention.run_due()
    assert await archive.left() == []
    assert {path: path.read_text() for path in archive.files()} == written


async def test_what_is_added_while_it_is_written_down_is_not_lost(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution_id = await archive.finished()
    forget = over.forget

    async def late(*given: Any) -> Any:
        monkeypatch.setattr("signoff.server.operations.retention.forget", forget)
        body = {"message": "one more thing", "tags": []}
        await notes.add_note(archive.context, AGENT, execution_id, body)
        return await forget(*given)

    monkeypatch.setattr("signoff.server.operations.retention.forget", late)
    await archive.later()
    assert len(await archive.left()) == 2
    await archive.later(HOUR)
    assert await archive.left() == []
    (path,) = [path for path in archive.files() if path.stem == execution_id]
    assert "one more thing" in path.read_text()
    assert ledger.read(str(path)).faults() == []


async def test_a_folder_that_cannot_be_written_keeps_the_runs(
    archive: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    await archive.finished()
    archive.folder.write_text("a file in its place")
    await archive.later()
    assert len(await archive.left()) == 2
    assert "old runs are kept" in caplog.text
    archive.folder.unlink()
    await archive.later(retention.RETRY_MS - 1)
    assert len(await archive.left()) == 2
    await archive.later(1)
    assert await archive.left() == []


async def test_many_go_in_portions(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for _ in range(5):
        await archive.report((await archive.at_work()).attempt_id, result=1)
    left = []
    await archive.later()
    for _ in range(3):
        left.append(len(await archive.left()))
        assert await archive.retention.next_due() is not None
        await archive.later(retention.PAUSE_MS)
    assert left == [3, 1, 0]


async def test_no_statement_names_more_of_a_run_than_databases_take(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(over, "PORTION", 1)
    named: list[Any] = []
    apply = archive.store.apply

    async def seen(change: Change, **how: Any) -> Any:
        named.extend(each.params.get("execution_ids", ()) for each in change.statements)
        return await apply(change, **how)

    await archive.finished()
    monkeypatch.setattr(archive.store, "apply", seen)
    await archive.later()
    assert await archive.left() == []
    assert max(map(len, named)) == 1


class Overtaken:
    """A store beside which something happens right before a query is asked for the n-th time."""

    def __init__(
        self, store: Store, query: str, turn: int, happens: Callable[[], Awaitable[object]]
    ) -> None:
        self._store = store
        self._query = query
        self._turns = turn
        self._happens = happens

    async def all(self, query: str, **params: Any) -> Any:
        if query == self._query:
            self._turns -= 1
            if self._turns == 0:
                await self._happens()
        return await self._store.all(query, **params)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def beside(archive: Archive, query: str, turn: int = 1) -> Retention:
    """Another server with the same folder, which the first one overtakes right before a query."""
    store: Any = Overtaken(archive.store, query, turn, archive.retention.run_due)
    context = replace(archive.context, store=store, server_id="srv_other")
    return Retention(context, KEEP_MS, archive.folder)


@pytest.mark.parametrize("query", ["list_run", "list_events"])
async def test_what_another_server_has_written_down_and_deleted_stays_whole(
    archive: Archive, query: str
) -> None:
    await archive.finished()
    chains = set(await archive.left())
    archive.clock.advance(KEEP_MS + 1)
    await beside(archive, query).run_due()
    assert await archive.left() == []
    assert {path.name for path in archive.files()} == {f"{each}.jsonl" for each in chains}
    for path in archive.files():
        assert ledger.read(str(path)).faults() == []


async def test_what_another_server_has_written_last_is_not_replaced_by_less(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution_id = await archive.finished()
    read = over.read

    async def slow(*given: Any) -> Any:
        monkeypatch.setattr("signoff.server.operations.retention.read", read)
        run = await read(*given)
        body = {"message": "one more thing", "tags": []}
        await notes.add_note(archive.context, AGENT, execution_id, body)
        await archive.retention.run_due()
        return run

    monkeypatch.setattr("signoff.server.operations.retention.read", slow)
    archive.clock.advance(KEEP_MS + 1)
    await beside(archive, "nothing").run_due()
    assert await archive.left() == []
    (path,) = [path for path in archive.files() if path.stem == execution_id]
    assert "one more thing" in path.read_text()


def test_two_servers_may_write_the_same_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = over.Chain("exec_1", 0, 1, ["an event\n", "the head\n"])
    sync = os.fsync

    def slow(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        retention._export(tmp_path, [chain], "srv_other")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    retention._export(tmp_path, [chain], "srv_one")
    [path] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert (path.name, path.read_text()) == ("exec_1.jsonl", "an event\nthe head\n")


async def test_two_servers_that_share_the_work_go_on_until_all_is_done(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for _ in range(4):
        await archive.report((await archive.at_work()).attempt_id, result=1)
    archive.clock.advance(KEEP_MS + 1)
    other = beside(archive, "list_run", 2)
    await other.run_due()
    assert len(await archive.left()) == 1
    assert await other.next_due() == archive.clock.now() + retention.PAUSE_MS


async def test_a_run_is_kept_as_long_as_its_idempotency_key(archive: Archive) -> None:
    archive.retention = Retention(archive.context, HOUR, archive.folder)
    dispatch = await archive.at_work(idempotency_key="order-1")
    await archive.report(dispatch.attempt_id, result=1)
    await archive.later(HOUR + 1)
    again = await archive.start(idempotency_key="order-1")
    assert again["execution_id"] == dispatch.execution_id
    await archive.later(24 * HOUR)
    assert await archive.left() == []


async def test_messages_are_looked_for_when_all_runs_are_gone(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are looked for among all that are old, which takes long while there are many runs."""
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    for _ in range(2):
        await archive.finished()
    left = []
    await archive.later()
    for _ in range(4):
        messages = await archive.store.all("list_messages", limit=100)
        left.append((len(await archive.left()), len(messages)))
        await archive.later(retention.PAUSE_MS)
    assert left[0] == (2, left[0][1])
    assert left[1] == (0, left[0][1])
    assert left[2] == (0, 0)
