"""Keys are shown once, stored as digests, and end at once."""

from __future__ import annotations

import pytest

from signoff.server.domain.clock import ManualClock
from signoff.server.domain.errors import NotFound
from signoff.server.domain.principal import Role
from signoff.server.domain.store import Store, StoreUnavailable
from signoff.server.main import KeyRing
from signoff.server.operations import keys

NOW = 1_800_000_000_000


@pytest.fixture
def ring(store: Store) -> KeyRing:
    return KeyRing(store, ManualClock(NOW))


async def test_a_key_says_who_its_owner_is(ring: KeyRing):
    made = await ring.create("refund agent", "agent", ["refund-agent", "claims", "claims"])
    assert made.token.startswith("signoff_")
    owner = await keys.owner(ring, made.token)
    assert owner is not None
    assert (owner.id, owner.name, owner.role) == (made.key_id, "refund agent", Role.AGENT)
    assert owner.nodes == {"refund-agent", "claims"}
    assert await keys.owner(ring, made.token + "x") is None


async def test_only_a_digest_is_stored_and_not_even_that_is_listed(ring: KeyRing, store: Store):
    made = await ring.create("desk", "reviewer")
    [stored] = await store.all("list_keys")
    assert made.token not in str(stored)
    assert made.token.removeprefix("signoff_") not in str(stored)
    [listed] = await ring.list()
    assert listed == {
        "key_id": made.key_id,
        "name": "desk",
        "role": "reviewer",
        "nodes": [],
        "created_at": NOW,
        "revoked_at": None,
        "last_used_at": None,
    }


@pytest.mark.parametrize("role, nodes", [("agent", []), ("client", ["refund-agent"]), ("root", [])])
async def test_roles_and_nodes_go_together(ring: KeyRing, role: str, nodes: list[str]):
    with pytest.raises(ValueError, match=r"nodes|Role"):
        await ring.create("x", role, nodes)
    assert await ring.list() == []


async def test_a_revoked_key_is_nobodys_and_can_not_be_revoked_again(ring: KeyRing):
    made = await ring.create("desk", "reviewer")
    await ring.revoke(made.key_id)
    assert await keys.owner(ring, made.token) is None
    for key_id in (made.key_id, "key_none"):
        with pytest.raises(NotFound, match=f"there is no key {key_id} that is in force"):
            await ring.revoke(key_id)
    [listed] = await ring.list()
    assert listed["revoked_at"] == NOW


async def test_a_server_is_open_until_its_first_key_and_never_again(ring: KeyRing):
    assert await keys.is_open(ring)
    made = await ring.create("desk", "reviewer")
    assert not await keys.is_open(ring)
    await ring.revoke(made.key_id)
    assert not await keys.is_open(ring)


async def test_the_last_use_is_remembered_once_a_minute(ring: KeyRing):
    made = await ring.create("desk", "reviewer")
    clock = ring.clock
    assert isinstance(clock, ManualClock)
    seen = []
    for ms in (0, 59_999, 1):
        clock.advance(ms)
        await keys.owner(ring, made.token)
        seen.append((await ring.list())[0]["last_used_at"])
    assert seen == [NOW, NOW, NOW + 60_000]


async def test_a_full_disk_keeps_nobody_out(ring: KeyRing, monkeypatch: pytest.MonkeyPatch):
    made = await ring.create("desk", "reviewer")

    async def full(_: object) -> None:
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(ring.store, "apply", full)
    assert await keys.owner(ring, made.token) is not None
