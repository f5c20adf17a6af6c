"""The command ``signoff-conformance``."""

from __future__ import annotations

import sys

import typer

from signoff_conformance.cli_check import check, replay
from signoff_conformance.cli_init import init
from signoff_conformance.cli_mutants import run_mutants
from signoff_conformance.cli_reading import explain, list_
from signoff_conformance.cli_results import results_
from signoff_conformance.cli_walk import walk
from signoff_conformance.documents import DocumentError
from signoff_conformance.verdicts import Exit

app = typer.Typer(
    help="Does your signoff server, client or webhook receiver keep the contract?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(check)
app.command()(replay)
app.command()(explain)
app.command("list")(list_)
app.command("mutants")(run_mutants)
app.command("results")(results_)
app.command()(init)
app.command()(walk)


def main() -> None:
    """Run the command; a file of the suite that can't be used ends it with one line."""
    try:
        app()
    except DocumentError as error:
        print(f"signoff-conformance: {error}", file=sys.stderr)  # noqa: T201 - the command's words
        raise SystemExit(Exit.USAGE) from None
