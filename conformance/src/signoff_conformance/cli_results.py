"""``results``: the matrix of implementations, written from reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from signoff_conformance import report_html, results


def results_(
    reports: Annotated[list[Path], typer.Argument(help="Of check --json.")],
    write: Annotated[Path | None, typer.Option(help="Write it to a file; else print it.")] = None,
    mutants: Annotated[Path | None, typer.Option(help="Of mutants --json.")] = None,
    walk: Annotated[list[Path] | None, typer.Option(help="Of walk --json.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write all reports as one page.")] = None,
) -> None:
    """Write the matrix: what each implementation has passed; the kills, the walks; and one page."""
    told = [_read(path) for path in reports]
    killed = None if mutants is None else _read(mutants)
    if html is not None:
        report_html.write_html(told, html, killed)
    page = results.table(told, killed, [_read(path) for path in walk or ()])
    if write is None:
        typer.echo(page, nl=False)
    else:
        write.write_text(page, encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told
