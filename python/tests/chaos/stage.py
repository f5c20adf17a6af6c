"""The processes of a chaos run, and the doors between them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from signoff.cli.exits import Exit
from tests.acceptance.processes import Process, environment, free_port, unmeasured
from tests.acceptance.servers import Server
from tests.chaos.doors import Door, Watcher
from tests.postgres import Cluster

SCRIPT: Final = Path(__file__).with_name("agent.py")
SUSPEND_AFTER: Final = {"agent-1": "300", "agent-2": "1"}
"""The agents, and after how many seconds each lets go of a run that only waits."""

WATCHED_EVERY_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended that nobody had killed."""

    name: str
    code: int | None
    said: str
    """Its last line."""

    @property
    def for_want_of_a_database(self) -> bool:
        """A server that starts while its database is away gives up, for its supervisor to see."""
        away = ("the database can't be reached", "the database does not answer")
        return self.code == Exit.CANNOT_START and any(words in self.said for words in away)


class Stage:
    """Servers, agents and a database that can be killed, each by its name.

    Args:
        folder: for databases, logs and evidence.
        cluster: the database server; None: SQLite.
        database_url: the database in it; None: SQLite.
        watcher: told of what passes the doors.
    """

    def __init__(
        self, folder: Path, watcher: Watcher, cluster: Cluster | None, database_url: str | None
    ) -> None:
        self.folder = folder
        self.cluster = cluster
        self.servers: dict[str, Server] = {}
        self.agents: dict[str, Process] = {}
        self.ended_alone: list[Ending] = []
        """Processes that ended though nobody killed them."""
        self.doors: list[Door] = []
        self._turn = 0
        # The database server ends with the thread that started it.
        self._hands = ThreadPoolExecutor(1)
        for name in ("server-1", "server-2") if cluster else ("server-1",):
            (folder / name).mkdir()
            self.servers[name] = Server(
                folder / name,
                database_url=database_url or f"sqlite:///{folder / 'server.db'}",
                env=unmeasured(environment(SIGNOFF_LOG_LEVEL="info")),
            )
        self.front = self._door(watcher, None)
        for name, suspend_after in SUSPEND_AFTER.items():
            self._add_agent(name, suspend_after, watcher)

    def _door(self, watcher: Watcher, agent: str | None) -> Door:
        door = Door(free_port(), self._origins, watcher, agent=agent, inward=False)
        self.doors.append(door)
        return door

    def _add_agent(self, name: str, suspend_after: str, watcher: Watcher) -> None:
        port = free_port()
        to_it = [(name, f"http://127.0.0.1:{port}")]
        inward = Door(free_port(), lambda: to_it, watcher, agent=name, inward=True)
        self.doors.append(inward)
        env = environment(
            SIGNOFF_SERVER=self._door(watcher, name).url,
            PORT=str(port),
            PUBLIC_URL=inward.url,
            SUSPEND_AFTER=suspend_after,
            EVIDENCE=str(self.folder / f"{name}.evidence"),
            PYTHONPATH="",
        )
        command = [sys.executable, str(SCRIPT)]
        self.agents[name] = Process(name, command, unmeasured(env), self.folder)

    def _origins(self) -> list[tuple[str, str]]:
        self._turn += 1
        every = [(name, server.url) for name, server in self.servers.items()]
        first = self._turn % len(every)
        return every[first:] + every[:first]

    async def start(self) -> None:
        for door in self.doors:
            await door.open()
        for process in (*self.servers.values(), *self.agents.values()):
            process.spawn()

    async def kill(self, victim: str) -> None:
        """SIGKILL, and start it again at once under the same address."""
        if victim == "postgres":
            await self._by_hand(self._bounce)
            return
        process = self.servers.get(victim) or self.agents[victim]
        process.kill()
        process.spawn()

    def _bounce(self) -> None:
        assert self.cluster is not None
        self.cluster.kill()
        self.cluster.start()

    async def _by_hand(self, work: object) -> None:
        assert callable(work)
        await asyncio.get_running_loop().run_in_executor(self._hands, work)

    async def watch(self) -> None:
        """Start again whoever ended by itself, as a supervisor does, and remember that."""
        while True:
            for process in (*self.servers.values(), *self.agents.values()):
                if not process.alive:
                    self.ended_alone.append(Ending(process.name, process.code, process.last_line()))
                    process.spawn()
            await asyncio.sleep(WATCHED_EVERY_SECONDS)

    async def stop(self) -> None:
        """End the servers first: nothing is to be sent any more to agents that are going."""
        for process in (*self.servers.values(), *self.agents.values()):
            await self._by_hand(process.close)
        for door in self.doors:
            await door.close()


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[Stage]:
    """All of it, until the block ends."""
    await stage.start()
    try:
        yield stage
    finally:
        await stage.stop()
