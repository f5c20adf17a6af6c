"""All mutants, and all cases that they may name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from signoff_conformance import cases, generated
from signoff_conformance.cases import Case
from signoff_conformance.client_check import client_cases
from signoff_conformance.contract import Contract
from signoff_conformance.mutants import Mutant, edits, patches, wire


def all_cases(contract: Contract) -> Mapping[str, Case]:
    """The cases for servers, clients and receivers by id: written, and made from the contract."""
    servers = {**cases.load("server"), **{one.id: one for one in generated.cases(contract)}}
    return {**servers, **client_cases(contract)}


def all_mutants(known: Mapping[str, Case]) -> Sequence[Mutant]:
    """The mutants of every kind.

    Raises:
        DocumentError: a file does not fit its schema.
    """
    return [*patches.load(), *edits.load(), *wire.load(known)]
