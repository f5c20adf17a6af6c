"""``mutants``: grow each mutant and see that its cases find it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from signoff_conformance import own_adapters
from signoff_conformance.contract import Contract
from signoff_conformance.mutants import Death, Kind, Mutant, everything, toothless
from signoff_conformance.mutants.hunting import Prey, hunt
from signoff_conformance.mutants.kills import Kills
from signoff_conformance.verdicts import Exit

_console = Console(highlight=False, soft_wrap=True)


def run_mutants(
    begins: Annotated[list[str] | None, typer.Argument(help="Only names that begin so.")] = None,
    source: Annotated[Path, typer.Option(help="The server's source tree.")] = (
        own_adapters.REPOSITORY / "python/src"
    ),
    of: Annotated[list[Kind] | None, typer.Option(help="Only mutants of this kind.")] = None,
    case: Annotated[
        list[str] | None,
        typer.Option(help="Only those that a case whose id begins so must find; may be repeated."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Mutants at a time.")] = 2,
    json_report: Annotated[Path | None, typer.Option("--json", help="Write the table.")] = None,
) -> None:
    """Show that the cases find what they are for: each mutant must be killed by its cases.

    Exits 1 when one lives, dies for another reason or does not apply any more, and when there is
    a case that no mutant names.
    """
    if not source.is_dir():
        said = f"mutants change this project's code: {source} is not there"
        Console(stderr=True, soft_wrap=True).print(said, markup=False)
        raise typer.Exit(Exit.USAGE)
    contract = Contract.load()
    cases = everything.all_cases(contract)
    every = everything.all_mutants(cases)
    found = [
        one
        for one in every
        if one.name.startswith(tuple(begins or ("",)))
        and one.kind in (of or Kind)
        and any(killer.case.startswith(tuple(case or ("",))) for killer in one.killers)
    ]
    if not found:
        Console(stderr=True).print("no mutant is called so")
        raise typer.Exit(Exit.NOTHING_RAN)
    told = _Progress(len(found))
    deaths = asyncio.run(hunt(found, cases, contract, source.resolve(), workers=workers, told=told))
    kills = Kills(found, deaths, toothless(every, cases))
    _show(kills)
    if json_report:
        kills.write(json_report)
    raise typer.Exit(Exit.CONFORMANT if kills.complete else Exit.NOT_CONFORMANT)


class _Progress:
    """Says on stderr how many are done, where somebody looks."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._done: set[str] = set()

    def __call__(self, one: Prey, rows: Sequence[Death]) -> None:
        self._done.add(one.mutant.name)
        if sys.stderr.isatty():
            line = f"{len(self._done)} of {self._count} mutants  {one.mutant.name}"
            print(f"\r\x1b[K{line[:100]}", end="", file=sys.stderr)  # noqa: T201 - progress
            if len(self._done) == self._count:
                print("\r\x1b[K", end="", file=sys.stderr)  # noqa: T201 - progress
        for row in rows:
            if not row.killed:
                line = f"{row.mutant.name} ({row.subject}) {row.case}: {row.said}"
                _console.print(line, markup=False)


def _show(kills: Kills) -> None:
    for mutant in kills.mutants:
        rows = kills.rows(mutant)
        lives = [row for row in rows if not row.killed]
        cases = ", ".join(dict.fromkeys(row.case.partition("[")[0] for row in rows))
        said = (lives or rows)[0].said.partition(". The answer: ")[0].partition("\n")[0]
        verdict = "LIVES " if lives else "killed"
        where = _subjects(mutant, rows)
        line = f"{verdict} {mutant.name:<42} {where:<24} {cases}: {said[:160]}"
        _console.print(line, markup=False)
    for kind, (killed, count) in kills.counts.items():
        _console.print(f"{killed} of {count} mutants of the {kind} killed", markup=False)
    if kills.toothless:
        _console.print(f"no mutant names {', '.join(kills.toothless)}", markup=False)


def _subjects(mutant: Mutant, rows: Sequence[Death]) -> str:
    if mutant.kind in (Kind.CLIENT, Kind.AGENT):
        return ", ".join(dict.fromkeys(row.subject for row in rows))
    return mutant.kind.value
