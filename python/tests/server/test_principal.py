"""Who may act as which node."""

from __future__ import annotations

import pytest

from signoff.server.domain.errors import Refusal
from signoff.server.domain.principal import LOCAL, Principal, Role


def test_an_agent_speaks_for_its_nodes_only() -> None:
    agent = Principal("key_1", Role.AGENT, "refund agent", frozenset({"refund-agent"}))
    agent.require_node("refund-agent")
    with pytest.raises(Refusal) as refused:
        agent.require_node("other-agent")
    assert refused.value.code == "forbidden"
    assert agent.actor.shown() == {"id": "key_1", "name": "refund agent", "source": "key"}


@pytest.mark.parametrize("role", [Role.CLIENT, Role.REVIEWER])
def test_others_speak_for_none(role: Role) -> None:
    assert not Principal("key_1", role, nodes=frozenset({"a"})).speaks_for("a")


def test_without_keys_anybody_does() -> None:
    LOCAL.require_node("refund-agent")
    assert LOCAL.actor.shown() == {"id": "local", "source": "open"}
