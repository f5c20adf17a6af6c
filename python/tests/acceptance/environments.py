"""Published packages, each in an environment of its own that is kept between runs."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

CACHE: Final = Path(__file__).parents[3] / ".cache"


@cache
def python_with(package: str, version: str) -> str:
    """A Python that has the package, and nothing of this project. Installed when it is missing."""
    folder = CACHE / f"{package}-{version}"
    python = folder / "bin" / "python"
    ready = folder / ".ready"
    CACHE.mkdir(exist_ok=True)
    # Tests may run in several processes; one of them installs, the others wait for it.
    with (CACHE / f"{package}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            run(sys.executable, "-m", "venv", "--clear", str(folder))
            run(
                *(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                f"{package}=={version}",
            )
            ready.touch()
    found = f"from importlib.metadata import version; print(version('{package}'))"
    assert run(str(python), "-c", found) == version
    return str(python)


def run(*command: str, cwd: Path | None = None) -> str:
    """What a command prints; it must succeed."""
    ran = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, f"{' '.join(command)}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout.strip()
