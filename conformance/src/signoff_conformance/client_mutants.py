"""Clients with one mistake each: what is green must have been seen red.

A mutant is a few edits of a copy of an SDK. Each must apply exactly once, each mutant must be
killed by every case that it lists, and by nothing but a failure: a client that does not build, or
an adapter that breaks the protocol, proves nothing.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from signoff_conformance import documents, own_adapters, places, runner
from signoff_conformance.cases import Case
from signoff_conformance.client_bench import Bench
from signoff_conformance.client_performer import ClientPerformer
from signoff_conformance.contract import Contract
from signoff_conformance.target import Target
from signoff_conformance.verdicts import Result, Verdict

PATIENCE_SECONDS: Final = 4.0
"""Of a mutant that hangs it need not be known for sure that it hangs."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one file: a text that stands there once, and what takes its place."""

    file: str
    find: str
    replace: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake, in the languages that it was written for."""

    name: str
    sentence: str
    killed_by: Sequence[str]
    because: str
    """What the cases must say, as a regular expression: it is to die of its own mistake."""
    edits: Mapping[str, Sequence[Edit]]
    real: bool = False
    """It was found in a published system."""


@dataclass(frozen=True, slots=True)
class Death:
    """What became of a mutant in one language."""

    mutant: str
    language: str
    case_id: str
    killed: bool
    why: str
    """What the case said, or what kept it from saying anything."""


class MutantError(Exception):
    """A mutant does not apply any more, or names a case that there is not."""


def load(path: Path = places.MUTANTS / "clients.yaml") -> list[Mutant]:
    """The mutants of clients.

    Raises:
        DocumentError: the file does not fit its schema.
    """
    return [
        Mutant(
            name=row["name"],
            sentence=row["sentence"],
            killed_by=row["killed_by"],
            because=row["because"],
            real=row.get("real", False),
            edits={
                language: [Edit(**edit) for edit in edits]
                for language, edits in row["edits"].items()
            },
        )
        for row in documents.read(path, "client_mutants")
    ]


async def hunt(
    mutants: Sequence[Mutant],
    language: str,
    cases: Mapping[str, Case],
    target: Target,
    contract: Contract,
) -> list[Death]:
    """Let the listed cases loose on each mutant of a language.

    Raises:
        MutantError: see there.
        BuildError: a mutant does not build.
    """
    deaths: list[Death] = []
    for mutant in mutants:
        if language not in mutant.edits:
            continue
        with tempfile.TemporaryDirectory(prefix="signoff-mutant-") as folder:
            sources = _mutated(mutant, language, Path(folder))
            into = Path(folder) / "build"
            into.mkdir()
            command = await own_adapters.prepare(language, into, sources)
            bench = Bench(command, target, contract)
            await bench.start()
            try:
                performer = ClientPerformer(bench, PATIENCE_SECONDS)
                deaths += [
                    await _death(mutant, language, _case(mutant, one, cases), performer)
                    for one in mutant.killed_by
                ]
            finally:
                await bench.leave()
    return deaths


async def _death(mutant: Mutant, language: str, case: Case, performer: ClientPerformer) -> Death:
    """The first variant that fails is enough."""
    result: Result | None = None
    for variant in case.variants:
        result = await runner.run_one(runner.Item(case, variant), performer)
        if result.verdict is Verdict.FAIL:
            own = re.search(mutant.because, result.reason) is not None
            return Death(mutant.name, language, case.id, own, result.reason)
        if result.verdict is Verdict.HARNESS_ERROR:
            break
    why = f"{result.verdict}: {result.reason or result.title}" if result else "no variant"
    return Death(mutant.name, language, case.id, False, why)


def _case(mutant: Mutant, case_id: str, cases: Mapping[str, Case]) -> Case:
    if case_id not in cases:
        raise MutantError(f"{mutant.name}: there is no case {case_id}")
    return cases[case_id]


def _mutated(mutant: Mutant, language: str, folder: Path) -> Path:
    source = own_adapters.REPOSITORY / own_adapters.SOURCES[language]
    copy = folder / "sources" / source.name
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "server"))
    for edit in mutant.edits[language]:
        path = copy / edit.file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if text.count(edit.find) != 1:
            many = text.count(edit.find)
            raise MutantError(
                f"{mutant.name} does not apply to {language} any more: what it changes in "
                f"{edit.file} stands there {many} times"
            )
        path.write_text(text.replace(edit.find, edit.replace), encoding="utf-8")
    return copy
