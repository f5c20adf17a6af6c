"""Cases: data in YAML files, checked before anything runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from signoff_conformance import documents, places, requirements
from signoff_conformance.documents import DocumentError
from signoff_conformance.requirements import Requirement

KINDS: Mapping[str, str] = {
    "SRV": "server",
    "CLI": "client",
    "HOOK": "receiver",
    "AGT": "agent",
}
"""What the prefix of an id says: whom the case judges, and the folder that it lies in."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One form of a case: the values that its steps take."""

    name: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One rule and the steps that show whether it is kept."""

    id: str
    title: str
    requirement: str
    steps: Sequence[Mapping[str, Any]]
    twin: str | None = None
    server: str = "open"
    needs: frozenset[str] = frozenset()
    variants: Sequence[Variant] = (Variant(),)
    path: Path | None = None
    """The file that it stands in; None when it was generated from the contract."""

    @property
    def kind(self) -> str:
        """``server``, ``client``, ``receiver`` or ``agent``."""
        return KINDS[self.id.partition("-")[0]]


def load(
    kind: str, folder: Path = places.CASES, known: Mapping[str, Requirement] | None = None
) -> Mapping[str, Case]:
    """The cases of one kind by id, in the order of the files.

    Args:
        kind: ``server``, ``client``, ``receiver`` or ``agent``.
        folder: holds one folder for each kind.
        known: the requirements; None for the registry.

    Raises:
        DocumentError: a file does not fit the schemas, an id stands twice or has another kind's
            prefix, a requirement or a twin is not known.
    """
    known = requirements.load() if known is None else known
    found: dict[str, Case] = {}
    for path in sorted((folder / kind).glob("*.yaml")):
        for row in documents.read(path, "cases"):
            case = _case(row, path)
            if case.id in found:
                raise DocumentError(path, case.id, "stands twice")
            if case.kind != kind:
                raise DocumentError(path, case.id, f"is no case for a {kind}")
            if case.requirement not in known:
                raise DocumentError(path, case.id, f"there is no requirement {case.requirement}")
            _check_steps(case, path)
            found[case.id] = case
    for case in found.values():
        if case.twin is not None and case.twin not in found:
            raise DocumentError(case.path or folder, case.id, f"there is no twin {case.twin}")
    return found


_SCHEMAS: Mapping[str, str] = {
    "server": "server_steps",
    "client": "client_steps",
    "receiver": "client_steps",
    "agent": "agent_steps",
}


def _check_steps(case: Case, path: Path) -> None:
    schema = _SCHEMAS[case.kind]
    try:
        documents.check(list(case.steps), schema, path)
    except DocumentError as error:
        raise DocumentError(path, f"{case.id}/steps{error.place}", error.what) from None


def _case(row: Mapping[str, Any], path: Path) -> Case:
    return Case(
        id=row["id"],
        title=row["title"],
        requirement=row["requirement"],
        steps=row["steps"],
        twin=row.get("twin"),
        server=row.get("server", "open"),
        needs=frozenset(row.get("needs", ())),
        variants=tuple(_variants(row)),
        path=path,
    )


def _variants(row: Mapping[str, Any]) -> Iterator[Variant]:
    axes: Mapping[str, Sequence[Any]] = row.get("for", {})
    for values in itertools.product(*axes.values()):
        chosen = dict(zip(axes, values, strict=True))
        name = ",".join(f"{axis}={value}" for axis, value in chosen.items())
        if "each" not in row:
            yield Variant(name, chosen)
        for one in row.get("each", ()):
            told = {member: one[member] for member in one if member != "name"}
            yield Variant(f"{name},{one['name']}" if name else one["name"], chosen | told)
