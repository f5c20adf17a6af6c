"""What was measured, as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

Unit = Literal["/s", "%", "ms", "s", "MB", "x", ""]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value beside the ceiling of the bare skeleton and what is aimed for."""

    name: str
    value: float
    unit: Unit
    ceiling: float | None
    """What the skeleton reaches on this machine, in the same minute; None: it has no such thing."""
    aim: float | None
    """None: only there to compare others with."""

    @property
    def ratio(self) -> float | None:
        """How much of the ceiling is reached: 1 is all of it."""
        if not self.ceiling or not self.value:  # on a busy machine a quick run may count nothing
            return None
        return self.value / self.ceiling if self._more else self.ceiling / self.value

    @property
    def met(self) -> bool | None:
        if self.aim is None:
            return None
        return self.value >= self.aim if self._more else self.value <= self.aim

    @property
    def _more(self) -> bool:
        """Whether more of it is better."""
        return self.unit in ("/s", "%")

    @property
    def cells(self) -> tuple[str, ...]:
        """Its line in the table."""
        compared = "≥" if self._more else "≤"
        return (
            self.name,
            _shown(self.value, self.unit),
            "" if self.ceiling is None else _shown(self.ceiling, self.unit),
            "" if self.ratio is None else f"{self.ratio:.0%}",
            "" if self.aim is None else f"{compared} {_shown(self.aim, self.unit)}",
            "" if self.met is None else "met" if self.met else "missed",
        )


def times(
    name: str,
    measured: tuple[float, float],
    aims: tuple[float | None, float | None],
    ceilings: tuple[float | None, float | None] = (None, None),
) -> Iterator[Figure]:
    """p50 and p99, in ms."""
    for which, value, aim, ceiling in zip(("p50", "p99"), measured, aims, ceilings, strict=True):
        yield Figure(f"{name}, {which}", value, "ms", ceiling, aim)


def table(figures: Sequence[Figure]) -> str:
    """Aligned columns."""
    rows: list[tuple[str, ...]] = [("", "measured", "bare skeleton", "of it", "aim", "")]
    rows += [each.cells for each in figures]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index in (0, 5) else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def as_json(figures: Sequence[Figure]) -> str:
    """The figures, and the machine that they are of."""
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    shown = [{**asdict(each), "ratio": each.ratio, "met": each.met} for each in figures]
    return json.dumps({"machine": machine, "figures": shown}, indent=2, ensure_ascii=False)


def _shown(value: float, unit: Unit) -> str:
    if unit == "/s":
        return f"{value:,.0f}/s"
    if unit in ("ms", "x"):
        return f"{value:,.2f} {unit}"
    if unit == "s":
        return f"{value:,.1f} s"
    return f"{value:,.0f} {unit}".rstrip()
