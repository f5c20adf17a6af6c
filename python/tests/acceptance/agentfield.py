"""The published package `agentfield`, in an environment of its own that is kept between runs."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

VERSION: Final = "0.1.144"
CACHE: Final = Path(__file__).parents[3] / ".cache"


@cache
def agentfield_python() -> str:
    """A Python that has the package, and nothing of this project. Installed when it is missing."""
    folder = CACHE / f"agentfield-{VERSION}"
    python = folder / "bin" / "python"
    ready = folder / ".ready"
    CACHE.mkdir(exist_ok=True)
    # Tests may run in several processes; one of them installs, the others wait for it.
    with (CACHE / "agentfield.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            _run(sys.executable, "-m", "venv", "--clear", str(folder))
            _run(
                *(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                f"agentfield=={VERSION}",
            )
            ready.touch()
    version = "from importlib.metadata import version; print(version('agentfield'))"
    assert _run(str(python), "-c", version) == VERSION
    return str(python)


def _run(*command: str) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, f"{' '.join(command)}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout.strip()
