"""``init``: the skeleton of an adapter, or of an agent under test, to begin with."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from signoff_conformance import places
from signoff_conformance.verdicts import Exit

_console = Console(highlight=False, soft_wrap=True)


class Of(StrEnum):
    """Whom the skeleton is for."""

    CLIENT = "client"
    AGENT = "agent"


_SKELETONS: Final[Mapping[Of, Mapping[str, tuple[Sequence[str], str]]]] = {
    Of.CLIENT: {
        "python": (("skeletons/adapter.py",), "python3 adapter.py"),
        "go": (("skeletons/main.go",), "go run main.go"),
        "typescript": (("skeletons/adapter.mjs",), "node adapter.mjs"),
    },
    # Those of this project's SDKs: what is theirs in them is to be replaced.
    Of.AGENT: {
        "python": (("adapters/python/agent.py",), "python3 agent.py"),
        "go": (("adapters/go/agent/main.go", "adapters/go/agent/verbs.go"), "go run ."),
        "typescript": (("adapters/typescript/agent.mjs",), "node agent.mjs"),
    },
}
"""By language: the files, and what starts them."""


def init(
    lang: Annotated[str, typer.Option(help="python, go or typescript.")],
    into: Annotated[Path, typer.Option(help="The folder that it is written to.")] = Path(),
    of: Annotated[Of, typer.Option(help="Whose: of a client, or an agent.")] = Of.CLIENT,
) -> None:
    """Write the skeleton of an adapter or of an agent, and say how it is checked."""
    known = _SKELETONS[of]
    if lang not in known:
        Console(stderr=True).print(f"there is no skeleton in {lang}; there are {', '.join(known)}")
        raise typer.Exit(Exit.USAGE)
    names, command = known[lang]
    paths = {places.ROOT / name: into / Path(name).name for name in names}
    for path in paths.values():
        if path.exists():
            Console(stderr=True).print(f"{path} is there already", markup=False)
            raise typer.Exit(Exit.USAGE)
    into.mkdir(parents=True, exist_ok=True)
    for skeleton, path in paths.items():
        shutil.copyfile(skeleton, path)
        _console.print(f"{path} is written", markup=False)
    if of is Of.AGENT:
        _console.print(
            "it is written with this project's SDK: install that, or put yours in its place"
        )
    else:
        _console.print(
            "as it is, it is not conformant: it has two verbs and does not say what it lacks."
        )
        _console.print(
            "give it one after the other; name in `lacks` of its hello what your client has not got"
        )
    option = "--agent" if of is Of.AGENT else "--adapter"
    _console.print("check it, and go on from what the report says:")
    _console.print(f"  signoff-conformance check {option} '{command}'", markup=False)
