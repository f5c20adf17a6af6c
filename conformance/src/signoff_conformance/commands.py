"""Command lines that the caller gives, with places for values."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping


def fill(command: str, values: Mapping[str, str | None]) -> list[str]:
    """The words of a command with the values put in.

    A part in brackets is left out when one of its values is None:
    ``serve --port {port} [--test-control {token}]``.
    """

    def part(match: re.Match[str]) -> str:
        lacks = any(values.get(name) is None for name in re.findall(r"\{(\w+)\}", match[1]))
        return "" if lacks else match[1]

    kept = re.sub(r"\[([^\[\]]*\{\w+\}[^\[\]]*)\]", part, command)
    return [
        re.sub(r"\{(\w+)\}", lambda match: str(values[match[1]]), word)
        for word in shlex.split(kept)
    ]
