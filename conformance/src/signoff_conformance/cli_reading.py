"""``explain`` and ``list``: what the suite asks, without asking it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from signoff_conformance import requirements
from signoff_conformance.contract import Contract
from signoff_conformance.mutants import everything
from signoff_conformance.verdicts import Exit

_console = Console(highlight=False, soft_wrap=True)


def list_(
    begins: Annotated[list[str] | None, typer.Argument(help="Only ids that begin so.")] = None,
) -> None:
    """List the cases: id, how many variants, the rule."""
    for case in everything.all_cases(Contract.load()).values():
        if not begins or any(case.id.startswith(one) for one in begins):
            _console.print(f"{case.id:<14} {len(case.variants):>3}  {case.title}", markup=False)


def explain(
    id: Annotated[str, typer.Argument(help="Of a case or a requirement.")],  # noqa: A002
) -> None:
    """Say what a case or a requirement is about: the sentence, its cases, its mutants."""
    known, found = requirements.load(), everything.all_cases(Contract.load())
    case = found.get(id.partition("[")[0])
    one = known.get(id if case is None else case.requirement)
    if one is None:
        Console(stderr=True).print(f"there is no case and no requirement {id}", markup=False)
        raise typer.Exit(Exit.USAGE)
    mutants = everything.all_mutants(found)
    head = f"{one.id} ({one.level}, {one.of})"
    _console.print(f"{head}\n  {one.sentence}\n  {one.text}", markup=False)
    for row in found.values():
        if row.requirement == one.id and case in (None, row):
            _console.print(f"{row.id}\n  {row.title}", markup=False)
            for mutant in mutants:
                if any(killer.case_id == row.id for killer in mutant.killers):
                    _console.print(f"  finds {mutant.name}: {mutant.sentence}", markup=False)
