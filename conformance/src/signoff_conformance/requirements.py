"""The registry of requirements: MUST, SHOULD and MAY sentences with ids that never change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from signoff_conformance import documents, places
from signoff_conformance.documents import DocumentError


@dataclass(frozen=True, slots=True)
class Requirement:
    """One sentence that servers, clients or receivers are judged by."""

    id: str
    level: str
    """``MUST``, ``SHOULD`` or ``MAY``."""
    sentence: str
    text: str
    """Where it stands: ``openapi.yaml#…`` or ``SPEC.md#…``."""
    of: str
    """Whom it binds: ``server``, ``client``, ``receiver`` or ``agent``."""
    unproven: str | None = None
    """Why no case proves it."""


def load(folder: Path = places.REQUIREMENTS) -> Mapping[str, Requirement]:
    """All requirements by id, in the order of the files.

    Raises:
        DocumentError: a file does not fit its schema, or an id stands twice.
    """
    found: dict[str, Requirement] = {}
    for path in sorted(folder.glob("*.yaml")):
        for row in documents.read(path, "requirements"):
            one = Requirement(**row)
            if one.id in found:
                raise DocumentError(path, one.id, "stands twice")
            found[one.id] = one
    return found
