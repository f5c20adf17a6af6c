"""The published package `agentfield`, in an environment of its own that is kept between runs."""

from __future__ import annotations

from typing import Final

from tests.acceptance.environments import python_with

VERSION: Final = "0.1.144"


def agentfield_python() -> str:
    """A Python that has the package, and nothing of this project. Installed when it is missing."""
    return python_with("agentfield", VERSION)
