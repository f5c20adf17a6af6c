"""Mutants of the clients: a few edits of a copy of an SDK, for one language or more.

What an edit finds must stand there exactly once. A client that does not build proves nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from signoff_conformance import documents, own_adapters, places
from signoff_conformance.mutants import DoesNotApply, Killer, Kind, Mutant


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one file: a text that stands there once, and what takes its place."""

    file: str
    find: str
    replace: str


@dataclass(frozen=True, slots=True)
class ClientMutant(Mutant):
    """One mistake of a client."""

    edits: Mapping[str, Sequence[Edit]]
    """By the languages that it was written for."""


def load(path: Path = places.MUTANTS / "clients.yaml") -> list[ClientMutant]:
    """The mutants of clients.

    Raises:
        DocumentError: the file does not fit its schema.
    """
    return [
        ClientMutant(
            row["name"],
            Kind.CLIENT,
            row["sentence"],
            [Killer(case, row["because"]) for case in row["killed_by"]],
            row.get("real", False),
            {
                language: [Edit(**edit) for edit in edits]
                for language, edits in row["edits"].items()
            },
        )
        for row in documents.read(path, "client_mutants")
    ]


def grow(mutant: ClientMutant, language: str, folder: Path) -> Path:
    """A copy of the source of an SDK with the mistake in it; its path.

    Raises:
        DoesNotApply: what is to be changed does not stand there once.
    """
    source = own_adapters.REPOSITORY / own_adapters.SOURCES[language]
    copy = folder / "sources" / source.name
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "server"))
    apply(mutant.edits[language], copy)
    return copy


def apply(edits: Sequence[Edit], copy: Path) -> None:
    """Change a copy.

    Raises:
        DoesNotApply: what is to be changed does not stand there once.
    """
    for edit in edits:
        path = copy / edit.file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if text.count(edit.find) != 1:
            many = text.count(edit.find)
            raise DoesNotApply(f"what it changes in {edit.file} stands there {many} times")
        path.write_text(text.replace(edit.find, edit.replace), encoding="utf-8")
