"""The part of ``mutants`` that is about clients: one table, mutants by languages."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from signoff_conformance import client_mutants, own_adapters
from signoff_conformance.cli_check import REFERENCE
from signoff_conformance.client_check import client_cases
from signoff_conformance.client_mutants import Death, Mutant, MutantError
from signoff_conformance.contract import Contract
from signoff_conformance.own_adapters import BuildError
from signoff_conformance.profiles import PROFILES
from signoff_conformance.target import Started

_console = Console(highlight=False)


def run(begins: tuple[str, ...], workers: int) -> bool:
    """Hunt the mutants whose names begin so, and print what became of them; whether one lives."""
    found = [one for one in client_mutants.load() if one.name.startswith(begins or "")]
    if not found:
        return False
    with tempfile.TemporaryDirectory(prefix="signoff-mutants-") as folder:
        deaths = asyncio.run(_hunt(found, Path(folder), workers))
    _show(found, deaths)
    if not begins:
        named = {case_id for one in found for case_id in one.killed_by}
        idle = [case_id for case_id in client_cases(Contract.load()) if case_id not in named]
        _console.print(f"{len(idle)} cases that no mutant names: {', '.join(idle)}", markup=False)
    return not all(death.killed for death in deaths)


async def _hunt(found: Sequence[Mutant], folder: Path, workers: int) -> list[Death]:
    contract = Contract.load()
    cases = client_cases(contract)
    env = {name: value for name, value in os.environ.items() if not name.startswith("SIGNOFF_")}
    waiting = [(one, language) for one in found for language in one.edits][::-1]
    deaths: list[Death] = []

    async def work(number: int) -> None:
        data = folder / f"server-{number}"
        target = Started(REFERENCE, None, PROFILES["open"], data, "127.0.0.1:9", env)
        try:
            while waiting:
                mutant, language = waiting.pop()
                try:
                    deaths.extend(
                        await client_mutants.hunt([mutant], language, cases, target, contract)
                    )
                except (MutantError, BuildError) as error:
                    deaths.append(Death(mutant.name, language, "", False, str(error)))
        finally:
            await target.stop()

    await asyncio.gather(*(work(number) for number in range(workers)))
    return deaths


def _show(found: Sequence[Mutant], deaths: Sequence[Death]) -> None:
    languages = list(own_adapters.SOURCES)
    table = Table("mutant of a client", "cases", *languages, box=None)
    for one in found:
        cells = []
        for language in languages:
            rows = [row for row in deaths if (row.mutant, row.language) == (one.name, language)]
            told = "killed" if rows and all(row.killed for row in rows) else "LIVES"
            cells.append(told if rows else "")
        table.add_row(one.name, ", ".join(one.killed_by), *cells)
    _console.print(table)
    for row in deaths:
        if not row.killed:
            text = f"{row.mutant} ({row.language}) {row.case_id}: {row.why}"
            _console.print(text, markup=False, soft_wrap=True)
    killed = {(row.mutant, row.language) for row in deaths}
    killed -= {(row.mutant, row.language) for row in deaths if not row.killed}
    every = sum(len(one.edits) for one in found)
    _console.print(f"{len(killed)} of {every} mutants of clients killed")
