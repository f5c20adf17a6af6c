"""Agents as processes of their own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from tests.acceptance.processes import (
    STARTED_SECONDS,
    Process,
    environment,
    free_port,
    listens,
    until,
)
from tests.acceptance.servers import Server

AGENTS: Final = Path(__file__).with_name("agents")


class AgentProcess(Process):
    """A program that serves an agent, on a port that a restart keeps.

    Args:
        server: the control plane that it registers with.
        node_id: the name of its node.
        script: what to run, by `runner`; None: it runs by itself.
        folder: for its log and its `effects` file.
        by_way_of: the URL that it is told instead of the control plane's own.
    """

    def __init__(
        self,
        server: Server,
        node_id: str,
        script: Path,
        folder: Path,
        *,
        runner: str | None = sys.executable,
        name: str | None = None,
        by_way_of: str | None = None,
        **told: str,
    ) -> None:
        self.server = server
        self.node_id = node_id
        self.port = free_port()
        self.effects_file = folder / f"{name or node_id}.effects"
        env = environment(
            SIGNOFF_SERVER=by_way_of or server.url,
            PORT=str(self.port),
            EFFECTS=str(self.effects_file),
            **told,
        )
        super().__init__(name or node_id, [*([runner] if runner else []), str(script)], env, folder)

    def start(self) -> None:
        """Start it and wait until the server knows the new process and can reach it."""
        before = self._instances()
        self.spawn()
        registered = f"{self.name} is registered"
        until(lambda: self._registered(before), STARTED_SECONDS, registered, every=0.03)
        until(lambda: listens(self.port), STARTED_SECONDS, f"{self.name} listens")

    def _registered(self, before: set[str]) -> bool:
        assert self.alive, f"{self.name} ended:\n{self.output()[-2000:]}"
        return bool(self._instances() - before)

    def _instances(self) -> set[str]:
        answer = self.server.http.get(f"/api/v1/nodes/{self.node_id}")
        if answer.status_code == 404:
            return set()
        assert answer.status_code == 200, answer.text
        return {each["instance_id"] for each in answer.json()["instances"]}

    def effects(self) -> list[str]:
        """What it did to the world outside, one line each."""
        return self.effects_file.read_text().splitlines() if self.effects_file.exists() else []
