"""Cases that hold for every operation, made from the contract instead of written out.

Each is one case with a variant for each operation (or operation and role, and so on), so that a
contract with one more operation has as many more variants, and the ids stay.
"""

from __future__ import annotations

from collections.abc import Iterator

from signoff_conformance import generated_access, generated_bodies, generated_parameters
from signoff_conformance.cases import Case
from signoff_conformance.contract import Contract


def cases(contract: Contract) -> Iterator[Case]:
    """All of them."""
    yield from generated_access.cases(contract)
    yield from generated_bodies.cases(contract)
    yield from generated_parameters.cases(contract)
