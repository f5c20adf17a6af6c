"""Mutants of the agents: edits of a copy of an SDK, as those of the clients are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from signoff_conformance import documents, places
from signoff_conformance.mutants import Killer, Kind
from signoff_conformance.mutants.edits import ClientMutant, Edit


@dataclass(frozen=True, slots=True)
class AgentMutant(ClientMutant):
    """One mistake of an agent."""


def load(path: Path = places.MUTANTS / "agents.yaml") -> list[AgentMutant]:
    """The mutants of agents.

    Raises:
        DocumentError: the file does not fit its schema.
    """
    return [
        AgentMutant(
            row["name"],
            Kind.AGENT,
            row["sentence"],
            [Killer(case, because) for case, because in row["killed_by"].items()],
            row.get("real", False),
            {
                language: [Edit(**edit) for edit in edits]
                for language, edits in row["edits"].items()
            },
        )
        for row in documents.read(path, "agent_mutants")
    ]
