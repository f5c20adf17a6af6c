"""Events: one chain for each execution and each standalone request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from signoff_conformance.oracle.answers import ANYTHING, PERHAPS, Has
from signoff_conformance.oracle.times import present, render

ZEROS: Final = "0" * 64
SYSTEM: Final = Has({"id": ANYTHING, "source": "system"})


@dataclass(slots=True)
class Chain:
    """The events of one execution or standalone request, oldest first."""

    of: str
    """The id that it belongs to."""
    events: list[dict[str, Any]] = field(default_factory=list)
    moving: bool = False
    """An answer given now may show it before or after what the server does by itself."""

    def __deepcopy__(self, memo: object) -> Chain:
        """Its events are shared: what has happened does not change."""
        return Chain(self.of, list(self.events), self.moving)

    def append(
        self,
        kind: str,
        now: int,
        actor: Any,
        data: Mapping[str, Any] | None = None,
        **members: Any,
    ) -> dict[str, Any]:
        """Add an event; what its hash is, is known by its place."""
        seq = len(self.events) + 1
        event = present(
            {
                "seq": seq,
                "type": kind,
                "at": render(now),
                "actor": actor,
                "data": Has(dict(data or {})),
                "content": PERHAPS,
                "prev_hash": self._hash(seq - 1) if seq > 1 else ZEROS,
                "hash": self._hash(seq),
                **members,
            }
        )
        self.events.append(event)
        return event

    def head(self) -> Any:
        """An ``EventHead`` of the contract."""
        if self.moving:
            return ANYTHING
        seq = len(self.events)
        return {"seq": seq, "hash": self._hash(seq)}

    def _hash(self, seq: int) -> str:
        # An id like others: the walk finds out which hash of the server it stands for.
        return f"hash_o-{self.of.rpartition('-')[2]}-{self.of[0]}-{seq}"
