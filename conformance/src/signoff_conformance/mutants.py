"""Mutants: this project's own code with one fault each, which the cases that it lists must find.

A mutant is a patch in ``mutants/``, applied to a copy: the code that ships holds no switch for it.
Before the diff stands what it is::

    mutant: expiry-never-fires
    what: Nothing performs the expiry; requests stay pending for ever.
    seen-in: a published system
    killed-by: SRV-EXP-001 because want "expired", is "pending"

Each case that is listed must fail, and say a text that matches what stands after ``because``: a
case that fails for another reason has not found the fault.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from signoff_conformance import places
from signoff_conformance.documents import DocumentError
from signoff_conformance.verdicts import FAILURES, Result


@dataclass(frozen=True, slots=True)
class Killer:
    """A case that must find a mutant, and what it must say."""

    case_id: str
    because: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault."""

    name: str
    what: str
    killers: Sequence[Killer]
    path: Path
    seen_in: str = ""
    """Where such a fault was found in the world; empty: nowhere that is known."""


class DoesNotApply(Exception):
    """The code has changed so much that the patch fits no more: write the mutant anew."""


def load(kind: str, folder: Path = places.MUTANTS) -> Sequence[Mutant]:
    """The mutants of the ``server`` or the ``client``, by name.

    Raises:
        DocumentError: a header is missing or not known.
    """
    return [_read(path) for path in sorted((folder / kind).glob("*.patch"))]


def grow(mutant: Mutant, source: Path, folder: Path) -> Path:
    """A copy of a source tree with the fault in it; its path.

    Args:
        mutant: whose patch names files from the root of the tree, such as ``signoff/…``.
        source: the tree, such as ``python/src``.
        folder: where the copy goes.

    Raises:
        DoesNotApply: the patch does not fit.
    """
    copy = folder / mutant.name
    shutil.copytree(source, copy)
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


def survivors(mutant: Mutant, results: Sequence[Result]) -> list[str]:
    """Why the mutant lives: a line for each case that was to find it and did not."""
    lines = []
    for killer in mutant.killers:
        rows = [row for row in results if row.case_id == killer.case_id]
        failed = [row for row in rows if row.verdict in FAILURES]
        if not rows:
            lines.append(f"there is no case {killer.case_id}")
        elif not failed:
            lines.append(f"{killer.case_id} {rows[0].verdict.value}")
        elif not any(re.search(killer.because, row.reason) for row in failed):
            lines.append(f"{killer.case_id} failed for another reason: {failed[0].reason}")
    return lines


_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"
_HEADERS = ("mutant", "what", "seen-in", "killed-by")


def _read(path: Path) -> Mutant:
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
    return Mutant(
        told["mutant"][0], told["what"][0], killers, path, " ".join(told.get("seen-in", []))
    )


def _killer(path: Path, text: str) -> Killer:
    case_id, _, because = text.partition(" because ")
    if not because:
        raise DocumentError(path, "", f"killed-by {text}: say because of what")
    return Killer(case_id, because)


def toothless(mutants: Sequence[Mutant], cases: Mapping[str, object]) -> list[str]:
    """The ids of cases that no mutant names: nobody has seen them find anything."""
    named = {killer.case_id for mutant in mutants for killer in mutant.killers}
    return [case_id for case_id in cases if case_id not in named]
