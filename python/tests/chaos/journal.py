"""What the driver was told, and whom it killed: lines on the disk before anything follows."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Line = dict[str, Any]


class Journal:
    """Appends lines of JSON to a file. Each is on the disk when the call returns."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("ab", buffering=0)

    def write(self, kind: str, **said: Any) -> None:
        line = {"kind": kind, "wall": round(time.time(), 3), **said}
        self._file.write(f"{json.dumps(line)}\n".encode())
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def read(file: Path) -> Iterator[Line]:
    """The lines of a journal or of an agent's evidence; none when there is no file."""
    if file.exists():
        for line in file.read_text().splitlines():
            yield json.loads(line)
