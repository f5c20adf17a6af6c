"""Bundles: one case that did not pass, with all that it takes to perform it again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from signoff_conformance.documents import DocumentError
from signoff_conformance.verdicts import Result, Verdict

FORMAT: Final = "signoff-conformance-bundle/1"


def write(folder: Path, results: Iterable[Result], arguments: Mapping[str, Any]) -> list[Path]:
    """Write a bundle for each result that is not a pass; their paths.

    Args:
        folder: where to.
        results: of a run.
        arguments: the options of ``check`` that the run had, by their names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for row in results:
        if row.verdict in (Verdict.PASS, Verdict.NOT_SUPPORTED):
            continue
        path = folder / (re.sub(r"[^A-Za-z0-9.-]+", "_", f"{row.subject}_{row.name}") + ".json")
        told = {
            "format": FORMAT,
            "case": row.name,
            "subject": row.subject,
            "verdict": row.verdict.value,
            "reason": row.reason,
            "arguments": dict(arguments),
            "transcript": list(row.transcript),
        }
        path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        written.append(path)
    return written


def read(path: Path) -> dict[str, Any]:
    """A bundle.

    Raises:
        DocumentError: it is none.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DocumentError(path, "", f"can't be read: {error}") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise DocumentError(path, "", f"is no bundle of the form {FORMAT}")
    return told
