"""Mutants: faults that the cases must find. What is green has been seen red.

There are four kinds, none of which leaves a switch in the code that ships:

- patches of the server's code (``mutants/server``), applied to a copy: `patches`;
- edits of the clients' code (``mutants/clients.yaml``), applied to a copy: `edits`;
- edits of the agents' code (``mutants/agents.yaml``), applied to a copy: `agents`;
- faults of the wire (``mutants/wire``), in front of a server or behind a client that is as it
  ships: `wire`.

Each lists the cases that must find it and what they must say: a case that fails for another
reason has not found it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from signoff_conformance import runner
from signoff_conformance.cases import Case
from signoff_conformance.runner import Item, Performer
from signoff_conformance.verdicts import FAILURES

SECONDS: Final = 30.0
"""How long a case may take on a mutant: of one that hangs it need not be known for sure."""


class Kind(StrEnum):
    """Of what a mutant is made."""

    SERVER = "server"
    CLIENT = "client"
    SERVER_WIRE = "wire of the server"
    CLIENT_WIRE = "wire of the client"
    AGENT = "agent"
    AGENT_WIRE = "wire of the agent"


@dataclass(frozen=True, slots=True)
class Killer:
    """Who must find a mutant, and what it must say."""

    case: str
    """The id of a case; or the beginning of ``id[variant]``, for some of its variants."""
    because: str
    """A regular expression that the reason must match."""

    @property
    def case_id(self) -> str:
        """The id of the case."""
        return self.case.partition("[")[0]

    def items(self, cases: Mapping[str, Case]) -> list[Item]:
        """The variants that it is about; none where there is no such case."""
        case = cases.get(self.case_id)
        return runner.select([case], [self.case]) if case else []


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault."""

    name: str
    kind: Kind
    sentence: str
    killers: Sequence[Killer]
    real: bool
    """It was found in a published system."""


@dataclass(frozen=True, slots=True)
class Death:
    """What became of a mutant before one of its cases."""

    mutant: Mutant
    subject: str
    """``server``, or the language of the client."""
    case: str
    killed: bool
    said: str
    """What the case said, or what kept it from saying anything."""


class DoesNotApply(Exception):
    """The code has changed so much that the mutant fits no more: write it anew."""


async def face(
    mutant: Mutant, killer: Killer, cases: Mapping[str, Case], performer: Performer, subject: str
) -> Death:
    """Let one of its cases loose on a mutant; the first variant that dies of it is enough."""
    said = f"there is no case {killer.case}"
    for item in killer.items(cases):
        result = await runner.run_one(item, performer, SECONDS)
        if result.verdict in FAILURES and re.search(killer.because, result.reason):
            return Death(mutant, subject, result.name, True, result.reason)
        lived = result.verdict not in FAILURES
        said = f"{result.verdict.value} {result.reason}" if lived else result.reason
    return Death(mutant, subject, killer.case, False, said)


def toothless(mutants: Iterable[Mutant], cases: Iterable[str]) -> list[str]:
    """The ids of cases that no mutant names: nobody has seen them find anything."""
    named = {killer.case_id for mutant in mutants for killer in mutant.killers}
    return [case_id for case_id in cases if case_id not in named]
