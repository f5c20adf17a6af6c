"""Nothing is left of a run that was killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from signoff_conformance import postgres
from signoff_conformance.runner import TargetError

STUB = Path(__file__).with_name("stub.py")

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from signoff_conformance.keeper import keeper
from signoff_conformance.postgres import Postgres
from signoff_conformance.profiles import PROFILES
from signoff_conformance.target import Started

async def main():
    folder = Path(sys.argv[1])
    keeper().folder(folder)
    # The shell stays between: what it starts must end too.
    command = "sh -c '%s & wait'" % sys.argv[2]
    databases = Postgres() if sys.argv[3] == "postgres" else None
    server = Started(command, None, PROFILES["bare"], folder / "data", "", {}, databases)
    await server.start()
    print(server.url, flush=True)
    if databases: print(databases._process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def until(holds, seconds=30):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_there(needle):
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if needle in path.read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                return True
        except OSError:
            continue
    return False


def killed(tmp_path, database=""):
    folder = tmp_path / "run"
    folder.mkdir()
    server = f"{sys.executable} {STUB} {{port}}"
    told = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), server, database],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert told.returncode == -signal.SIGKILL, told.stderr
    return folder, told.stdout.split()


def test_servers_that_a_killed_run_has_started_end_and_its_folder_goes(tmp_path):
    folder, (url,) = killed(tmp_path)
    port = url.rpartition(":")[2]
    until(lambda: not is_there(f"stub.py {port}"))
    until(lambda: not folder.exists())


def test_postgresql_ends_with_a_run_that_was_killed(tmp_path):
    try:
        postgres._binary("initdb")
    except TargetError:
        if os.environ.get("CI"):
            raise
        pytest.skip("PostgreSQL is not installed")
    _, (_, pid) = killed(tmp_path, "postgres")
    until(lambda: not Path(f"/proc/{pid}").exists())
