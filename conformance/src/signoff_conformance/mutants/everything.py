"""All mutants, and all cases that they may name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from signoff_conformance import cases, client_generated, generated, places
from signoff_conformance.cases import Case
from signoff_conformance.contract import Contract
from signoff_conformance.documents import DocumentError
from signoff_conformance.mutants import Mutant, agents, edits, patches, wire


def all_cases(contract: Contract) -> Mapping[str, Case]:
    """The cases of every kind by id: those that are written, and those made from the contract."""
    written = [case for kind in cases.KINDS.values() for case in cases.load(kind).values()]
    made = [*generated.cases(contract), *client_generated.cases(contract)]
    return {case.id: case for case in (*written, *made)}


def all_mutants(known: Mapping[str, Case]) -> Sequence[Mutant]:
    """The mutants of every kind.

    Raises:
        DocumentError: a file does not fit its schema, or two mutants have one name.
    """
    if not places.MUTANTS.is_dir():  # they are no part of a wheel
        return []
    found = [*patches.load(), *edits.load(), *agents.load(), *wire.load(known)]
    require_names(found)
    return found


def require_names(mutants: Iterable[Mutant]) -> None:
    """Let only mutants pass of which each has a name of its own, whatever its kind and file.

    Raises:
        DocumentError: two are called the same.
    """
    for name, count in Counter(one.name for one in mutants).items():
        if count > 1:
            raise DocumentError(places.MUTANTS, "", f"{count} mutants are called {name}")
