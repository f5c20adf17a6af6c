"""The agents and the subscriber of a walk: they take what they are sent, but for what is named."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from signoff_conformance.endpoints import Endpoint, Reply
from signoff_conformance.oracle.deliveries import DEAF
from signoff_conformance.oracle.leasing import INLINE, REFUSING, RESULT
from signoff_conformance.traffic import Exchange


@dataclass(slots=True)
class Player(Endpoint):
    """Who is played."""

    patient: set[str] = field(default_factory=set)
    """Messages that are taken although who they are for is deaf: by ``webhook-id``."""

    def reply(self, kind: str, exchange: Exchange) -> Reply:
        """What the oracle expects of it."""
        if kind == "dispatchExecution":
            name = exchange.path.rpartition("/")[2]
            if name == INLINE:
                return Reply(200, body=json.dumps(RESULT).encode())
            return Reply(422 if name == REFUSING else 202)
        deaf = DEAF in exchange.path and exchange.headers.get("webhook-id") not in self.patient
        return Reply(500 if deaf else 200)
