"""Which id of the server each id of the oracle stands for: found out when both are seen first."""

from __future__ import annotations

import re
from typing import Any, Final

SYMBOL: Final = re.compile(r"(?:apr|exec|run|cur|key|msg|hash|http://played)_o-[A-Za-z0-9-]+")
UNKNOWN: Final = "00000000-0000-7000-8000-000000000000"


class Identities:
    """The ids of one walk, both ways."""

    def __init__(self) -> None:
        self._server: dict[str, str] = {}
        self._oracle: dict[str, str] = {}

    def same(self, symbol: str, text: str) -> bool:
        """Whether a text of the server may be what the oracle calls by a symbol."""
        if symbol.startswith("cur_"):
            self._server[symbol] = text
            return True
        if symbol not in self._server and text not in self._oracle:
            self._server[symbol], self._oracle[text] = text, symbol
        return self._server.get(symbol) == text

    def to_server(self, value: Any) -> Any:
        """A value with the server's ids in it; what was never made becomes an unknown id."""
        if isinstance(value, str):
            return SYMBOL.sub(lambda match: self._told(match[0]), value)
        if isinstance(value, dict):
            return {name: self.to_server(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.to_server(one) for one in value]
        return value

    def _told(self, symbol: str) -> str:
        kind = symbol.partition("_")[0]
        return self._server.get(symbol, "nothing" if kind == "cur" else f"{kind}_{UNKNOWN}")
