"""Which errors of the contract each client was seen to map: operation × documented error status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from signoff_conformance.contract import PROBLEM, Contract
from signoff_conformance.verdicts import Result, Verdict

CASE: Final = "CLI-KINDS-100"
"""Made from the contract, with a variant for each operation, status and problem code."""


class Mapped:
    """What clients have made of the errors of the contract.

    Args:
        contract: what errors there are.
        results: of all cases, on all clients.
    """

    def __init__(self, contract: Contract, results: Sequence[Result]) -> None:
        self._wanted = list(_cells(contract))
        self._found: dict[str, dict[str, set[Verdict]]] = {}
        for row in results:
            cells = self._found.setdefault(row.subject, {})
            if row.case_id == CASE:
                cell = row.variant.rpartition(",")[0]
                cells.setdefault(cell, set()).add(row.verdict)

    def missing(self) -> list[str]:
        """The errors that a client was not seen to map, a line for each.

        What the client has said that it lacks is none of them: its cases say so.
        """
        fine = ({Verdict.PASS}, {Verdict.NOT_SUPPORTED})
        return [
            f"{subject}: {cell.replace(',', ' ')} was not mapped to a kind of error"
            for subject, cells in self._found.items()
            for cell in self._wanted
            if cells.get(cell) not in fine
        ]

    def value(self) -> dict[str, Any]:
        """For the report: of each client how many cells it maps, and how many it lacks."""
        return {"clients": {name: self._counts(cells) for name, cells in self._found.items()}}

    def _counts(self, cells: Mapping[str, set[Verdict]]) -> dict[str, int]:
        found = [cells.get(one) for one in self._wanted]
        return {
            "cells": len(found),
            "mapped": found.count({Verdict.PASS}),
            "lacking": found.count({Verdict.NOT_SUPPORTED}),
        }


def _cells(contract: Contract) -> Iterator[str]:
    for operation in contract.operations.values():
        for status, response in operation.responses.items():
            if status >= 400 and PROBLEM in response.content:
                yield f"{operation.id},{status}"
