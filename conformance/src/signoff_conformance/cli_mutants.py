"""``mutants``: grow each mutant of the server and see that its cases find it."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from signoff_conformance import cli_client_mutants, mutants, runner
from signoff_conformance.cases import Case
from signoff_conformance.cli_check import server_cases
from signoff_conformance.contract import Contract
from signoff_conformance.mutants import DoesNotApply, Mutant
from signoff_conformance.profiles import Profile
from signoff_conformance.server_cases import ServerPerformer
from signoff_conformance.target import Started, Target
from signoff_conformance.verdicts import Exit, Result

_console = Console(highlight=False)

SERVER = (
    f"{sys.executable} -m signoff.cli serve --port {{port}}"
    " --database sqlite:///{data}/signoff.db [--test-control {token}]"
)
KEYS = (
    f"{sys.executable} -m signoff.cli keys create --role {{role}} --name {{name}}"
    " [--node {node}] --database sqlite:///{data}/signoff.db"
)


def run_mutants(
    source: Annotated[Path, typer.Option(help="The server's source tree.")] = Path("python/src"),
    only: Annotated[list[str] | None, typer.Option(help="Only names that begin so.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Mutants at a time.")] = 2,
    of: Annotated[str, typer.Option(help="server, client, or all.")] = "all",
) -> None:
    """Show that the cases find what they are for: each mutant must be killed by its cases.

    Exits 1 when one lives or does not apply.
    """
    begin = tuple(only or ())
    clients_live = of != "server" and cli_client_mutants.run(begin, workers)
    found = [
        one for one in mutants.load("server") if of != "client" and one.name.startswith(begin or "")
    ]
    if not found:
        raise typer.Exit(Exit.NOT_CONFORMANT if clients_live else Exit.CONFORMANT)
    with tempfile.TemporaryDirectory(prefix="signoff-mutants-") as folder:
        lived = asyncio.run(_run(found, source.resolve(), Path(folder), workers))
    _show(found, lived)
    if not only:
        contract = Contract.load()
        idle = mutants.toothless(found, {case.id: case for case in server_cases(contract)})
        _console.print(f"{len(idle)} cases that no mutant names: {', '.join(idle)}", markup=False)
    lives = clients_live or any(lived.values())
    raise typer.Exit(Exit.NOT_CONFORMANT if lives else Exit.CONFORMANT)


async def _run(
    found: Sequence[Mutant], source: Path, folder: Path, workers: int
) -> Mapping[str, list[str]]:
    contract = Contract.load()
    cases = {case.id: case for case in server_cases(contract)}
    waiting = list(found)[::-1]
    lived: dict[str, list[str]] = {}

    async def work() -> None:
        while waiting:
            mutant = waiting.pop()
            lived[mutant.name] = await _try(mutant, contract, cases, source, folder)

    await asyncio.gather(*(work() for _ in range(workers)))
    return lived


async def _try(
    mutant: Mutant, contract: Contract, cases: Mapping[str, Case], source: Path, folder: Path
) -> list[str]:
    try:
        copy = mutants.grow(mutant, source, folder)
    except DoesNotApply as error:
        return [f"does not apply any more: {error}"]
    missing = [one.case_id for one in mutant.killers if one.case_id not in cases]
    if missing:
        return [f"there is no case {one}" for one in missing]
    items = runner.select([cases[one.case_id] for one in mutant.killers])
    return mutants.survivors(mutant, await _results(contract, copy, folder, mutant, items))


async def _results(
    contract: Contract, copy: Path, folder: Path, mutant: Mutant, items: Sequence[runner.Item]
) -> list[Result]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIGNOFF_")}
    env = kept | {"PYTHONPATH": str(copy)}

    def make(profile: Profile, subscriber: str) -> Target:
        data = folder / f"{mutant.name}-{profile.name}"
        return Started(SERVER, KEYS, profile, data, subscriber, env)

    performer = ServerPerformer(contract, make, subject=mutant.name)
    await performer.start()
    try:
        return await runner.run(items, [performer])
    finally:
        await performer.stop()


def _show(found: Sequence[Mutant], lived: Mapping[str, list[str]]) -> None:
    table = Table("mutant", "cases", "", box=None)
    for one in found:
        table.add_row(
            one.name,
            ", ".join(killer.case_id for killer in one.killers),
            "LIVES" if lived[one.name] else "killed",
        )
    _console.print(table)
    for name, lines in lived.items():
        for line in lines:
            _console.print(f"{name}: {line}", markup=False, soft_wrap=True)
    killed = sum(not lines for lines in lived.values())
    _console.print(f"{killed} of {len(found)} mutants killed")
