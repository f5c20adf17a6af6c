"""The schema, as numbered steps shared by every engine.

``NNNN_title.sql`` is for all engines, ``NNNN_title.sqlite.sql`` for one of them. A step that has
been released is never changed; ``schema_migrations`` says which ones a database has.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from importlib.resources import files

from signoff.server.domain.store import SchemaError

_FILE = re.compile(r"^(\d{4})_(\w+?)(?:\.(\w+))?\.sql$")


@dataclass(frozen=True, slots=True, order=True)
class Migration:
    """One step of the schema."""

    version: int
    title: str
    sql: str

    def statements(self) -> list[str]:
        """Its statements one by one: each ends with a semicolon at the end of a line."""
        lines = (line for line in self.sql.splitlines() if not line.lstrip().startswith("--"))
        parts = re.split(r";[ ]*(?:\n|$)", "\n".join(lines))
        return [part.strip() for part in parts if part.strip()]


def load(dialect: str) -> list[Migration]:
    """The steps for one engine, in order.

    Raises:
        ValueError: two steps have the same number, or a file's name does not say its number.
    """
    steps: dict[int, Migration] = {}
    for entry in files(__package__).iterdir():
        if not entry.name.endswith(".sql"):
            continue
        match = _FILE.match(entry.name)
        if match is None:
            raise ValueError(f"{entry.name} is not named NNNN_title.sql")
        if match[3] not in (None, dialect):
            continue
        version = int(match[1])
        if version in steps:
            raise ValueError(f"two migrations have the number {version}")
        steps[version] = Migration(version, match[2], entry.read_text("utf-8"))
    return sorted(steps.values())


def missing(known: list[Migration], applied: Collection[int]) -> list[Migration]:
    """The steps that a database still lacks.

    Raises:
        SchemaError: it has one that this server does not know, so a newer server made it.
    """
    newest = max((step.version for step in known), default=0)
    if newer := [version for version in applied if version > newest]:
        raise SchemaError(
            f"the database has schema {max(newer)}, this server knows up to {newest}: "
            "run the newer server, or restore a copy made before it ran"
        )
    return [step for step in known if step.version not in applied]
