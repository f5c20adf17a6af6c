"""How the server of this repository is started, where it is installed beside the suite."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from typing import Final

SERVER: Final = (
    f"{sys.executable} -m signoff.cli serve --port {{port}}"
    " --database sqlite:///{data}/signoff.db [--test-control {token}]"
)
KEYS: Final = (
    f"{sys.executable} -m signoff.cli keys create --role {{role}} --name {{name}}"
    " [--node {node}] --database sqlite:///{data}/signoff.db"
)


def is_installed() -> bool:
    """Whether it is."""
    return importlib.util.find_spec("signoff") is not None


def environment(**more: str) -> Mapping[str, str]:
    """The variables of this process without those that would set up the server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIGNOFF_")}
    return kept | more
