"""Kills by the plan: counted in acknowledged facts, not in seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tests.chaos.journal import Journal
from tests.chaos.plan import Kill, Plan
from tests.chaos.points import Passage, When
from tests.chaos.stage import Stage


class Killer:
    """Watches the doors and the progress.

    Args:
        plan: whom to kill, and after how many facts.
        journal: told of each kill.
        on_fact: told that there is a fact more.
    """

    def __init__(self, plan: Plan, journal: Journal, on_fact: Callable[[], None]) -> None:
        self._due = list(plan.kills)
        self._last = plan.facts * 0.95
        self._armed: list[Kill] = []
        self._journal = journal
        self._on_fact = on_fact
        self.stage: Stage | None = None
        self.facts = 0
        self.killed: Counter[str] = Counter()
        """How often whom."""
        self.met: Counter[str] = Counter()
        """How often at which point; `at random` is one."""
        self.starting = 0
        """How many of them met a process that had not answered anything since its start."""
        self._served: set[str] = set()

    @property
    def left(self) -> int:
        return len(self._due) + len(self._armed)

    async def fact(self) -> None:
        """Something was acknowledged."""
        self.facts += 1
        self._on_fact()
        while self._due and self._due[0].at <= self.facts:
            kill = self._due.pop(0)
            if kill.point is None:
                await self._kill(self._someone(kill), "at random")
            else:
                self._armed.append(kill)
        # What was not met by now is killed anyhow: a run has as many kills as it was told.
        while self._armed and self.facts >= self._last:
            kill = self._armed.pop(0)
            await self._kill(self._someone(kill), "at random")

    async def passes(self, passage: Passage, when: When) -> bool:
        """Kill at the first armed point that this meets; whether to cut the request off."""
        if when == "after":
            self._served.add((passage.agent if passage.to == "agent" else passage.server) or "")
        for kill in self._armed:
            if kill.point is not None and passage.meets(kill.point, when):
                self._armed.remove(kill)
                victims = self._concerned(kill, passage)
                for victim in victims:
                    await self._kill(victim, kill.point.name)
                # An agent's answer, and what was answered before the database went, counts.
                return kill.victim == "server" or when == "before" or passage.to == "server"
        return False

    def _concerned(self, kill: Kill, passage: Passage) -> list[str]:
        assert self.stage is not None
        if kill.victim == "agent":
            assert passage.agent is not None
            return [passage.agent]
        if kill.victim == "server":  # which of them sends to an agent is not seen at its door
            return [passage.server] if passage.server else list(self.stage.servers)
        return ["postgres"]

    def _someone(self, kill: Kill) -> str:
        assert self.stage is not None
        if kill.victim == "postgres":
            return "postgres"
        names = list(self.stage.servers if kill.victim == "server" else self.stage.agents)
        return names[kill.which % len(names)]

    async def _kill(self, victim: str, where: str) -> None:
        assert self.stage is not None
        self._journal.write("kill", victim=victim, where=where, facts=self.facts)
        self.killed[victim] += 1
        self.met[where] += 1
        self.starting += victim != "postgres" and victim not in self._served
        self._served.discard(victim)
        await self.stage.kill(victim)
