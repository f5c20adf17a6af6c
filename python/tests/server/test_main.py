"""The process: starts or says why not, and stops in time."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from signoff.server import main
from signoff.server.domain.clock import ManualClock, SystemClock
from signoff.server.domain.principal import LOCAL
from signoff.server.domain.store import StoreUnavailable
from signoff.server.main import Server, StartError, build, key_ring, running
from signoff.server.maintenance.runner import Maintenance
from signoff.server.operations import executions, keys, nodes, reports, system
from signoff.server.settings import PostgresUrl, Settings

DEADLINE = 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "signoff.db"


@pytest.fixture
def settings(path: Path) -> Settings:
    return Settings(database=path, port=0)


PROGRAM = """
import sys
from pathlib import Path
from signoff.server.main import serve
from signoff.server.settings import PostgresUrl, Settings
serve(Settings(database=Path(sys.argv[1]), port=0), ready=lambda url: print(url, flush=True))
"""


@pytest.fixture
def process(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(settings.database)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_process_stops_when_told_and_nobody_is_cut_off(
    process: subprocess.Popen[str], sign: signal.Signals
):
    assert process.stdout is not None
    base_url = httpx.URL(process.stdout.readline().strip())
    with httpx.Client(base_url=base_url) as client:
        asked = client.post("/api/v1/approval-requests", json={"approval_request_id": "x"})
        path = f"/api/v1/approval-requests/{asked.json()['id']}?wait_seconds=60"
        with socket.create_connection((base_url.host, base_url.port or 0), DEADLINE) as poll:
            poll.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            client.get("/api/v1/health")  # came later, so the poll is in
            process.send_signal(sign)
            answer = b"".join(iter(lambda: poll.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"status":"pending"' in answer
    _, log = process.communicate(timeout=5)
    assert process.returncode == 0
    assert "stopped" in log


async def test_a_server_starts_stops_and_starts_again_with_what_it_knew(
    settings: Settings, path: Path
):
    for expected in (201, 200):
        server = build(settings)
        async with running(server) as url, httpx.AsyncClient(base_url=url) as client:
            asked = await client.post(
                "/api/v1/approval-requests", json={"approval_request_id": "claim-4711"}
            )
            assert asked.status_code == expected
        await server.stop()  # once more does nothing
    assert path.parent.stat().st_mode & 0o077 == 0
    assert path.stat().st_mode & 0o077 == 0


async def test_a_server_that_is_not_started_serves_nothing(settings: Settings):
    server = build(settings)
    server.stopping()
    with pytest.raises(RuntimeError, match="not started"):
        await server({"type": "http"}, None, None)  # type: ignore[arg-type]


async def test_without_keys_it_listens_on_loopback_only(settings: Settings):
    with pytest.raises(StartError, match="make a key first"):
        async with running(build(settings), host="0.0.0.0"):
            raise AssertionError
    async with key_ring(settings) as ring:
        made = await ring.create("desk", "client")
    async with running(build(settings), host="0.0.0.0") as url:
        port = httpx.URL(url).port
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            headers = {"X-API-Key": made.token}
            assert (await client.get("/api/v1/nodes", headers=headers)).status_code == 200
            assert (await client.get("/api/v1/nodes")).status_code == 401


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is there when a server starts, and not when it looks for keys."""

    async def no_answer(_: object) -> bool:
        raise StoreUnavailable("the database can't be reached")

    monkeypatch.setattr(keys, "is_open", no_answer)
    monkeypatch.setattr(main, "_spare_the_collector", lambda: None)  # of this process


async def test_it_listens_beyond_loopback_only_when_it_knows_of_a_key(
    settings: Settings, away: None
):
    with pytest.raises(StartError, match=r"signoff.db: the database can't be reached"):
        async with running(build(settings), host="0.0.0.0"):
            raise AssertionError


async def test_a_database_that_goes_away_as_it_starts_ends_no_server(
    settings: Settings, away: None, caplog: pytest.LogCaptureFixture
):
    urls = []

    def ready(url: str) -> None:
        urls.append(url)
        os.kill(os.getpid(), signal.SIGTERM)

    await main._until_signalled(build(replace(settings, port=0)), ready)
    assert urls
    assert "whether there are keys is not known: the database can't be reached" in caplog.text


async def test_a_database_that_goes_away_under_a_command(settings: Settings):
    with pytest.raises(StartError, match=r"signoff.db: disk full"):
        async with key_ring(settings):
            raise StoreUnavailable("disk full")


def test_test_control_is_for_loopback_only(settings: Settings):
    beyond = Settings(database=settings.database, host="0.0.0.0")
    with pytest.raises(StartError, match="loopback only"):
        main.serve(beyond, test_control_token="token")


async def test_a_file_that_is_no_database(settings: Settings, path: Path):
    path.parent.mkdir()
    path.write_text("not a database at all, but long enough to be looked at" * 100)
    with pytest.raises(StartError, match="no SQLite database"):
        await build(settings).start()


async def test_a_database_of_a_newer_server(settings: Settings, path: Path):
    server = build(settings)
    await server.start()
    await server.stop()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (9999, 'from the future')")
    connection.close()
    with pytest.raises(StartError, match="newer"):
        await build(settings).start()


async def test_one_server_serves_a_file(settings: Settings, path: Path):
    first, second = build(settings), build(settings)
    await first.start()
    async with key_ring(settings) as ring:  # the commands work on it all the same
        await ring.create("desk", "client")
    with pytest.raises(
        StartError, match=rf"another server \(process {os.getpid()}\) works on this"
    ):
        await second.start()
    await second.stop()
    with pytest.raises(StartError, match="another server"):  # it took nothing with it
        await second.start()
    link = path.with_name("link.db")
    link.symlink_to(path)
    with pytest.raises(StartError, match="another server"):
        await build(replace(settings, database=link)).start()
    await first.stop()
    await second.start()
    await second.stop()


async def test_a_database_that_can_not_be_used_leaves_its_lock(settings: Settings, path: Path):
    path.parent.mkdir()
    path.write_text("not a database at all, but long enough to be looked at" * 100)
    server = build(settings)
    with pytest.raises(StartError, match="no SQLite database"):
        await server.start()
    await server.stop()
    path.unlink()
    await server.start()
    await server.stop()


@pytest.mark.postgres
async def test_a_server_on_postgres_knows_what_it_knew_before(fresh: str):
    settings = Settings(database=PostgresUrl(fresh))
    async with key_ring(settings) as ring:
        token = (await ring.create("desk", "client")).token
    for expected in (201, 200):
        async with (
            running(build(settings)) as url,
            httpx.AsyncClient(base_url=url, headers={"X-API-Key": token}) as client,
        ):
            asked = await client.post(
                "/api/v1/approval-requests", json={"approval_request_id": "claim-4711"}
            )
            assert asked.status_code == expected
            assert (await client.get("/api/v1/ready")).json()["status"] == "ready"


async def test_a_postgres_that_is_not_there_is_named_without_its_password():
    settings = Settings(database=PostgresUrl("postgresql://me:hunter2@127.0.0.1:9/signoff"))
    with pytest.raises(StartError, match=r"//me@127.0.0.1:9/signoff: .* reached") as error:
        await build(settings).start()
    assert "hunter2" not in str(error.value)


async def test_without_the_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    for name in [name for name in sys.modules if name.startswith("signoff.server.store.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(StartError, match=r"needs asyncpg: pip install 'signoff\[postgres\]'"):
        await build(Settings(database=PostgresUrl("postgresql://db/signoff"))).start()


async def test_a_folder_that_cannot_be_made(settings: Settings, path: Path):
    path.parent.touch()  # a file is in its place; root may write everywhere else
    with pytest.raises(StartError, match="can't be opened"):
        await build(settings).start()


async def test_a_database_that_others_hold(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    async def locked(_: Maintenance) -> None:
        raise StoreUnavailable("locked")

    monkeypatch.setattr(Maintenance, "start", locked)
    with pytest.raises(StartError, match="locked"):
        async with running(build(settings)):
            raise AssertionError


async def test_a_clock_that_was_stepped_is_told_by_readiness(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    server = build(settings)
    await server.start()
    ready = await system.get_readiness(server.context)
    assert ready == {
        "status": "ready",
        "checks": [{"name": "store", "ok": True}, {"name": "clock", "ok": True}],
    }
    monkeypatch.setattr(SystemClock, "drift", lambda _: -3_600_000)
    degraded = await system.get_readiness(server.context)
    assert degraded["status"] == "degraded"
    assert degraded["checks"][1]["detail"].startswith("the system's clock was stepped by -3600 s")
    await server.stop()


async def test_an_injected_clock_is_the_only_one(settings: Settings):
    server: Server = build(settings, clock=ManualClock(0))
    await server.start()
    ready = await system.get_readiness(server.context)
    assert ready == {"status": "ready", "checks": [{"name": "store", "ok": True}]}
    assert server.context.clock.now() == 0
    await server.stop()


def test_the_loop_is_uvloop_where_there_is_one(monkeypatch: pytest.MonkeyPatch):
    factory = main._loop_factory()
    assert factory is not None
    loop = factory()
    assert type(loop).__module__ == "uvloop"
    loop.close()
    monkeypatch.setattr(sys, "platform", "win32")
    assert main._loop_factory() is None


async def test_old_runs_are_deleted_where_the_settings_say_so(settings: Settings, tmp_path: Path):
    clock, folder = ManualClock(1_800_000_000_000), tmp_path / "audit"
    server = build(replace(settings, retention_days=1, retention_folder=folder), clock=clock)
    await server.start()
    try:
        node = {"id": "shop", "base_url": "http://127.0.0.1:9", "reasoners": [{"id": "sell"}]}
        await nodes.register_node(server.context, LOCAL, {**node, "instance_id": "i"})
        sold = await executions.execute_async(server.context, LOCAL, target="shop.sell", body={})
        execution_id = sold["execution_id"]
        await reports.report_execution_status(
            server.context, LOCAL, execution_id, {"status": "failed", "error": "sold out"}
        )
        clock.advance(86_400_000 + 1)
        async with asyncio.timeout(DEADLINE):
            while await server.context.store.one("get_execution", execution_id=execution_id):
                await asyncio.sleep(0.001)
    finally:
        await server.stop()
    assert [path.name for path in folder.rglob("*.jsonl")] == [f"{execution_id}.jsonl"]
