"""Values in cases: ``${name}`` and ``${name.member.0}`` stand for what was kept before.

A text that is one such name alone becomes the value itself, whatever it is; inside a longer text
its words are put in. ``$${`` stands for ``${``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

NAME: Final = re.compile(r"(?<!\$)\$\{([a-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]+)*)(?::([^}]*))?\}")


class UnknownName(Exception):
    """A case uses a name that nothing was kept under: a fault of the case."""


Make = Callable[[str], Any]
"""Makes a value of the argument in ``${name:argument}``."""


class Values:
    """What a case has kept so far.

    Args:
        given: the values that are there from the start.
        makers: what ``${name:argument}`` stands for, by name.
    """

    def __init__(
        self, given: Mapping[str, Any] | None = None, makers: Mapping[str, Make] | None = None
    ) -> None:
        self._kept: dict[str, Any] = dict(given or {})
        self._written = set(self._kept)
        self._makers = dict(makers or {})

    def keep(self, name: str, value: Any) -> None:
        """Keep a value, in the place of an older one."""
        self._kept[name] = value
        self._written.discard(name)

    def kept(self, name: str) -> bool:
        """Whether something is kept under the name."""
        return name in self._kept

    def get(self, path: str) -> Any:
        """The value of ``name.member.0``.

        Raises:
            UnknownName: there is none.
        """
        value: Any = self._kept
        for part in path.split("."):
            value = _member(value, part, path)
        return value

    def fill(self, value: Any) -> Any:
        """The value with all names in it, keys of objects too, replaced.

        Raises:
            UnknownName: nothing is kept under one of them.
        """
        if isinstance(value, str):
            return self._fill_text(value)
        if isinstance(value, Mapping):
            return {self._fill_key(key): self.fill(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.fill(one) for one in value]
        return value

    def _fill_key(self, key: Any) -> Any:
        return self._fill_text(key) if isinstance(key, str) else key

    def _fill_text(self, text: str) -> Any:
        alone = NAME.fullmatch(text)
        if alone is not None:
            return self._named(alone)
        return NAME.sub(lambda match: str(self._named(match)), text).replace("$${", "${")

    def _named(self, match: re.Match[str]) -> Any:
        name, argument = match[1], match[2]
        if argument is None:
            value = self.get(name)
            # What a case has written may hold names; what a server has answered may not.
            return self.fill(value) if name.partition(".")[0] in self._written else value
        if name not in self._makers:
            raise UnknownName(f"nothing makes ${{{name}:…}}")
        return self._makers[name](argument)


def _member(value: Any, part: str, path: str) -> Any:
    try:
        return value[int(part)] if isinstance(value, list | tuple) else value[part]
    except (KeyError, IndexError, TypeError, ValueError):
        raise UnknownName(f"nothing is kept as ${{{path}}}") from None
