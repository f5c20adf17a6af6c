"""Where the data of the suite lies: beside the code in the repository, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKED: Final = Path(__file__).parent / "data"
_REPOSITORY: Final = Path(__file__).parents[2]

ROOT: Final = _PACKED if _PACKED.is_dir() else _REPOSITORY
"""The folder that holds cases, requirements, schemas and vectors."""

CASES: Final = ROOT / "cases"
REQUIREMENTS: Final = ROOT / "requirements"
SCHEMAS: Final = ROOT / "schemas"
VECTORS: Final = ROOT / "vectors"
SPEC: Final = ROOT / "SPEC.md"
MUTANTS: Final = ROOT / "mutants"
"""Changes of this project's own server and clients: to be read anywhere, to be made only there."""

CONTRACT: Final = ROOT / "openapi.yaml" if ROOT == _PACKED else ROOT.parent / "openapi.yaml"
