"""Mutants of the wire: changes of what goes between a server or a client and the suite.

They are data, in ``mutants/wire``; ``schemas/wire_mutants.json`` says what each word means. One
with ``each`` stands for several, whose word is put in where ``${each}`` stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from signoff_conformance import documents, places
from signoff_conformance.cases import Case
from signoff_conformance.mutants import Killer, Kind, Mutant
from signoff_conformance.mutants.changes import Change


@dataclass(frozen=True, slots=True)
class WireMutant(Mutant):
    """One fault of the wire."""

    between: str
    """``server``: requests to it; ``messages``: what it sends; ``client``: the requests of a
    client; ``caller``: the lines of its adapter; ``agent``: the requests of an agent; ``work``:
    what it is sent; ``log``: what it has done."""
    changes: Sequence[Change]


def load(cases: Mapping[str, Case], folder: Path = places.MUTANTS / "wire") -> Sequence[WireMutant]:
    """The mutants of the wire.

    Args:
        cases: all cases; of some, each variant that begins with another word has its mutant.
        folder: holds the files.

    Raises:
        DocumentError: a file does not fit its schema.
    """
    return [
        _mutant(each)
        for path in sorted(folder.glob("*.yaml"))
        for row in documents.read(path, "wire_mutants")
        for each in _each(row, cases)
    ]


_KINDS: Final[Mapping[str, Kind]] = {
    "server": Kind.SERVER_WIRE,
    "messages": Kind.SERVER_WIRE,
    "client": Kind.CLIENT_WIRE,
    "caller": Kind.CLIENT_WIRE,
    "agent": Kind.AGENT_WIRE,
    "work": Kind.AGENT_WIRE,
    "log": Kind.AGENT_WIRE,
}


def _mutant(row: Mapping[str, Any]) -> WireMutant:
    return WireMutant(
        row["name"],
        _KINDS[row["between"]],
        row["sentence"],
        [Killer(*pair) for pair in row["killed_by"].items()],
        row.get("real", False),
        row["between"],
        [Change(**change) for change in row["changes"]],
    )


def _each(row: Mapping[str, Any], cases: Mapping[str, Case]) -> Iterator[Mapping[str, Any]]:
    words = row.get("each")
    if words is None:
        yield row
        return
    if isinstance(words, str):
        words = _words(cases[words]) if words in cases else ()
    for word in words:
        filled = json.loads(json.dumps(row).replace("${each}", word))
        yield {**filled, "name": f"{row['name']}/{word}"}


def _words(case: Case) -> Sequence[str]:
    """What the names of its variants begin with: the operations of one that is generated."""
    return list(dict.fromkeys(variant.name.partition(",")[0] for variant in case.variants))
