"""The code that the product was promised with, kept as it was published."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

SEEDS: Final = Path(__file__).parents[1] / "fixtures" / "seeds"
EXAMPLES: Final = Path(__file__).parents[3] / "examples"

HOST: Final = "http://localhost:8080"
REQUEST_ID: Final = "req-abc-123"


def shell_steps(name: str) -> list[str]:
    """The numbered steps of a shell session, each a piece of bash."""
    text = (SEEDS / name).read_text()
    return [step.strip() for step in re.split(r"^# \d\. .*$", text, flags=re.MULTILINE) if step]


def statements(source: str) -> list[str]:
    """The top-level statements of a module without its imports and docstring, as syntax trees.

    Formatting and comments don't count.
    """
    body = ast.parse(source).body
    return [
        ast.dump(each)
        for each in body
        if not isinstance(each, ast.Import | ast.ImportFrom)
        and not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
    ]


def bodies(source: str) -> dict[str, list[str]]:
    """The statements of every function at the top level, by its name."""
    return {
        each.name: [ast.dump(statement) for statement in each.body]
        for each in ast.parse(source).body
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }
