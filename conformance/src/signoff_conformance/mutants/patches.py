"""Mutants of the server: patches in ``mutants/server``, applied to a copy of its code.

Before the diff stands what it is::

    mutant: expiry-never-fires
    what: Nothing performs the expiry; requests stay pending for ever.
    seen-in: a published system
    killed-by: SRV-EXP-001 because want "expired", is "pending"

The YAML files beside them hold such faults as edits: see `edits`.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from signoff_conformance import documents, places
from signoff_conformance.documents import DocumentError
from signoff_conformance.mutants import DoesNotApply, Killer, Kind, Mutant, edits
from signoff_conformance.mutants.edits import Edit


@dataclass(frozen=True, slots=True)
class ServerMutant(Mutant):
    """A fault in the server's code: a patch, or edits."""

    path: Path
    edits: Sequence[Edit] = ()
    """Empty: `path` is a patch."""


def load(folder: Path = places.MUTANTS / "server") -> Sequence[ServerMutant]:
    """The mutants of the server, by name.

    Raises:
        DocumentError: a header is missing or not known; a file does not fit its schema.
    """
    found = [_read(path) for path in sorted(folder.glob("*.patch"))]
    for path in sorted(folder.glob("*.yaml")):
        found += [
            ServerMutant(
                row["name"],
                Kind.SERVER,
                row["sentence"],
                [Killer(*pair) for pair in row["killed_by"].items()],
                row.get("real", False),
                path,
                [Edit(**edit) for edit in row["edits"]],
            )
            for row in documents.read(path, "server_mutants")
        ]
    return sorted(found, key=lambda one: one.name)


def grow(mutant: ServerMutant, source: Path, folder: Path) -> Path:
    """A copy of a source tree with the fault in it; its path.

    Args:
        mutant: names files from the root of the tree, such as ``signoff/…``.
        source: the tree, such as ``python/src``.
        folder: where the copy goes.

    Raises:
        DoesNotApply: it does not fit.
    """
    copy = folder / mutant.name
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    if mutant.edits:
        edits.apply(mutant.edits, copy)
        return copy
    told = subprocess.run(  # noqa: S603 - a patch of this repository
        ["git", "apply", "--whitespace=nowarn", str(mutant.path.resolve())],  # noqa: S607
        cwd=copy,
        env={"GIT_CEILING_DIRECTORIES": str(copy.parent), "PATH": _PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        raise DoesNotApply(told.stderr.strip())
    return copy


_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"
_HEADERS = ("mutant", "what", "seen-in", "killed-by")


def _read(path: Path) -> ServerMutant:
    head, separator, _ = path.read_text(encoding="utf-8").partition("\n---")
    if not separator:
        raise DocumentError(path, "", "holds no diff")
    told: dict[str, list[str]] = {}
    for line in head.splitlines():
        name, _, value = line.partition(": ")
        if line.strip():
            if name not in _HEADERS:
                raise DocumentError(path, "", f"there is no header {name}")
            told.setdefault(name, []).append(value.strip())
    for name in ("mutant", "what", "killed-by"):
        if name not in told:
            raise DocumentError(path, "", f"has no header {name}")
    killers = [_killer(path, text) for text in told["killed-by"]]
    return ServerMutant(
        told["mutant"][0], Kind.SERVER, told["what"][0], killers, "seen-in" in told, path
    )


def _killer(path: Path, text: str) -> Killer:
    case_id, _, because = text.partition(" because ")
    if not because:
        raise DocumentError(path, "", f"killed-by {text}: say because of what")
    return Killer(case_id, because)
