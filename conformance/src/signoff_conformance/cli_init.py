"""``init``: the skeleton of an adapter, to begin with."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from signoff_conformance import places
from signoff_conformance.verdicts import Exit

_console = Console(highlight=False, soft_wrap=True)

_SKELETONS: Final = {
    "python": ("adapter.py", "python3 adapter.py"),
    "go": ("main.go", "go run main.go"),
    "typescript": ("adapter.mjs", "node adapter.mjs"),
}
"""By language: the file, and what starts it."""


def init(
    lang: Annotated[str, typer.Option(help="python, go or typescript.")],
    into: Annotated[Path, typer.Option(help="The folder that it is written to.")] = Path(),
) -> None:
    """Write the skeleton of an adapter, and say how it is checked."""
    if lang not in _SKELETONS:
        known = ", ".join(_SKELETONS)
        Console(stderr=True).print(f"there is no skeleton in {lang}; there are {known}")
        raise typer.Exit(Exit.USAGE)
    name, command = _SKELETONS[lang]
    path = into / name
    if path.exists():
        Console(stderr=True).print(f"{path} is there already", markup=False)
        raise typer.Exit(Exit.USAGE)
    into.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(places.ROOT / "skeletons" / name, path)
    _console.print(f"{path} is written; check it, and go on from what the report says:")
    _console.print(f"  signoff-conformance check --adapter '{command}'", markup=False)
