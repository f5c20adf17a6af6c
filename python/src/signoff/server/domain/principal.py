"""Who makes a request, and what its role lets it do to which nodes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from signoff.contract_gen import PrincipalSource
from signoff.server.domain.errors import Refusal
from signoff.server.domain.event import Actor


class Role(StrEnum):
    """What a key is for. The contract lists for each operation which of them may call it."""

    AGENT = "agent"
    CLIENT = "client"
    REVIEWER = "reviewer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request: the owner of a key, or anybody on a server without keys.

    It always comes from the credentials, never from a body.
    """

    id: str
    role: Role
    name: str | None = None
    nodes: frozenset[str] = frozenset()
    """The nodes that a key of role agent is bound to; empty for other roles."""
    source: str = PrincipalSource.KEY

    @property
    def actor(self) -> Actor:
        """How events name it."""
        return Actor(self.id, self.name, str(self.source))

    @property
    def is_agent(self) -> bool:
        """Whether it is bound to nodes."""
        return self.role is Role.AGENT

    def speaks_for(self, node_id: str) -> bool:
        """Whether it may act as this node: an agent bound to it, or an admin."""
        return self.role is Role.ADMIN or (self.is_agent and node_id in self.nodes)

    def require_node(self, node_id: str) -> None:
        """Let only those pass that may act as this node.

        Raises:
            Refusal: ``forbidden``.
        """
        if not self.speaks_for(node_id):
            raise Refusal("forbidden", f"This key does not speak for the node {node_id}.")


LOCAL = Principal("local", Role.ADMIN, source=PrincipalSource.OPEN)
"""Whoever calls a server without keys, which listens on loopback only."""
