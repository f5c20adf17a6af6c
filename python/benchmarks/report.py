"""What was measured, as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value beside the ceiling of the bare skeleton and what is aimed for."""

    name: str
    value: float
    unit: Literal["/s", "ms", "s", "MB", ""]
    ceiling: float | None
    """What the skeleton reaches on this machine, in the same minute; None: it has no such thing."""
    aim: float

    @property
    def ratio(self) -> float | None:
        """How much of the ceiling is reached: 1 is all of it."""
        if self.ceiling is None:
            return None
        return self.value / self.ceiling if self.unit == "/s" else self.ceiling / self.value

    @property
    def met(self) -> bool:
        return self.value >= self.aim if self.unit == "/s" else self.value <= self.aim


def table(figures: Sequence[Figure]) -> str:
    """Aligned columns."""
    rows = [("", "measured", "bare skeleton", "of it", "aim", "")]
    for each in figures:
        compared = "≥" if each.unit == "/s" else "≤"
        rows.append(
            (
                each.name,
                _shown(each.value, each.unit),
                "" if each.ceiling is None else _shown(each.ceiling, each.unit),
                "" if each.ratio is None else f"{each.ratio:.0%}",
                f"{compared} {_shown(each.aim, each.unit)}",
                "met" if each.met else "missed",
            )
        )
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
    return json.dumps({"machine": machine, "figures": shown}, indent=2)


def _shown(value: float, unit: str) -> str:
    if unit == "/s":
        return f"{value:,.0f}/s"
    return f"{value:,.2f} ms" if unit == "ms" else f"{value:,.0f} {unit}".rstrip()
