"""The processes under load: a server, an agent, and the bare skeletons of both."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).parent
PATIENCE_SECONDS = 20.0


def _environment(**more: str) -> dict[str, str]:
    ours = ("SIGNOFF_", "AGENT_", "PORT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONPATH": str(HERE.parent), "PYTHONUNBUFFERED": "1", **more}


@contextmanager
def _running(command: list[str], **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        env=_environment(**environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(frozen=True, slots=True)
class Served:
    """A server that takes requests."""

    url: str
    pid: int


@contextmanager
def server(database: Path | str) -> Iterator[str]:
    """`signoff serve` on a SQLite file or at a URL; gives its own URL once it takes requests."""
    with served(database) as its:
        yield its.url


@contextmanager
def served(database: Path | str) -> Iterator[Served]:
    """The same, with its process id."""
    signoff = str(Path(sys.executable).with_name("signoff"))
    url = f"sqlite:///{database}" if isinstance(database, Path) else database
    told = {"SIGNOFF_DATABASE_URL": url, "SIGNOFF_LOG_LEVEL": "error"}
    with _running([signoff, "serve", "--port", "0", "--json"], **told) as process:
        yield Served(_first_line(process)["url"], process.pid)


@contextmanager
def agent(server_url: str) -> Iterator[None]:
    """The agent of `agent.py`, registered at a server."""
    with _agent(server_url, "agent", "bench"):
        yield


@contextmanager
def resting_agent(server_url: str) -> Iterator[int]:
    """The agent of `resting_agent.py`, registered at a server; gives its process id."""
    with _agent(server_url, "resting_agent", "rest") as process:
        yield process.pid


def resident_mb(pid: int) -> float:
    """Memory of a process that is not on disk, in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def most_resident_mb(pid: int) -> float:
    """The most that it had at any time since its start."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (most,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(most) * 1024 / 1e6


@contextmanager
def _agent(server_url: str, module: str, node_id: str) -> Iterator[subprocess.Popen[str]]:
    told = {"SIGNOFF_SERVER": server_url, "PORT": "0"}
    with _running([sys.executable, "-m", f"benchmarks.{module}"], **told) as process:
        _until_live(server_url, node_id)
        yield process


@contextmanager
def bare_server(database: Path) -> Iterator[str]:
    """The skeleton of a server."""
    with _running([sys.executable, "-m", "benchmarks.bare_server", str(database)]) as process:
        yield _first_line(process)["url"]


@contextmanager
def bare_agent(server_url: str) -> Iterator[None]:
    """The skeleton of an agent, known to the skeleton of a server."""
    with _running([sys.executable, "-m", "benchmarks.bare_agent", server_url]) as process:
        _first_line(process)
        yield


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for databases, deleted in the end."""
    with tempfile.TemporaryDirectory(prefix="signoff-bench-") as name:
        yield Path(name)


def _first_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    import json

    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} has ended with {process.wait()}")
    told: dict[str, Any] = json.loads(line)
    return told


def _until_live(server_url: str, node_id: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = httpx.get(f"{server_url}/api/v1/nodes/{node_id}", trust_env=False)
        if answer.status_code == 200 and _any_live(answer.json()):
            return
        time.sleep(0.02)
    raise RuntimeError("the agent has not registered")


def _any_live(node: dict[str, Any]) -> bool:
    # Of an earlier agent on the same database there may be an instance that is away.
    return any(instance["state"] == "live" for instance in node["instances"])
