"""What of the contract was seen: operation and status, problem codes, messages, words of enums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from signoff_conformance.contract import JSON, PROBLEM, Contract
from signoff_conformance.coverage_members import Members
from signoff_conformance.traffic import Exchange


class Coverage:
    """Counts what is seen; :meth:`value` says what is missing.

    Args:
        contract: what there is to be seen.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._cells: dict[tuple[str, int], int] = {}
        self._codes: dict[str, int] = {}
        self._members = Members(contract)
        self._messages: dict[str, int] = {}

    def see(self, traffic: Sequence[Exchange]) -> None:
        """Count the exchanges of a case."""
        for exchange in traffic:
            if exchange.message is not None:
                self._see_message(exchange)
            elif exchange.status:
                self._see_answer(exchange)

    def missing(self) -> list[str]:
        """What was not seen and has no ``x-unreachable``: a line for each."""
        lines = [
            f"{operation} {status} was never answered"
            for operation, status in self._wanted()
            if (operation, status) not in self._cells
        ]
        lines += [f"the problem code {code} was never seen" for code in self._missing_codes()]
        lines += self._members.missing()
        lines += [
            f"the message {name} was never sent"
            for name in self._contract.messages
            if name not in self._messages
        ]
        return lines

    def value(self) -> dict[str, Any]:
        """For the report."""
        operations: dict[str, dict[str, Any]] = {}
        for operation in self._contract.operations.values():
            row = operations.setdefault(operation.id, {})
            for status, response in operation.responses.items():
                seen = self._cells.get((operation.id, status), 0)
                told = response.unreachable if not seen and response.unreachable else seen
                row[str(status)] = told
        wanted = list(self._wanted())
        return {
            "operations": operations,
            "cells": len(wanted),
            "cells_seen": sum(cell in self._cells for cell in wanted),
            "codes": {code: self._codes.get(code, 0) for code in self._contract.codes},
            "messages": dict(self._messages),
            **self._members.value(),
            "missing": self.missing(),
        }

    def _wanted(self) -> Iterator[tuple[str, int]]:
        for operation in self._contract.operations.values():
            for status, response in operation.responses.items():
                if response.unreachable is None:
                    yield operation.id, status

    def _missing_codes(self) -> list[str]:
        schema = self._contract.document["components"]["schemas"]["ProblemCode"]
        unreachable = schema.get("x-unreachable", {})
        return [one for one in schema["enum"] if one not in self._codes and one not in unreachable]

    def _see_answer(self, exchange: Exchange) -> None:
        operation = self._contract.find(exchange.method, exchange.path)
        media = exchange.answer_headers.get("content-type", "").partition(";")[0]
        body = exchange.json() if media in (JSON, PROBLEM) else None
        if media == PROBLEM and isinstance(body, Mapping):
            self._codes[str(body.get("code"))] = self._codes.get(str(body.get("code")), 0) + 1
        if operation is None:
            return
        cell = (operation.id, exchange.status)
        self._cells[cell] = self._cells.get(cell, 0) + 1
        self._members.see_answer(operation, exchange, body)

    def _see_message(self, exchange: Exchange) -> None:
        name = exchange.message or ""
        self._messages[name] = self._messages.get(name, 0) + 1
        message = self._contract.messages.get(name)
        if message is not None:
            self._members.see_message(message, exchange.request_json())
