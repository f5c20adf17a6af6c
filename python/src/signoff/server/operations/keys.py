"""API keys: made, listed, revoked, and found again by what a request carries.

Not over REST: whoever may make keys has the database at hand. A key is shown once and stored as
its SHA-256; it is 256 random bits, so no slow hash is needed to keep it from being guessed.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple, Protocol

from signoff.server.domain.clock import Clock
from signoff.server.domain.errors import NotFound
from signoff.server.domain.principal import Principal, Role
from signoff.server.domain.store import Change, Missed, Row, Store, StoreUnavailable

PREFIX = "signoff_"
"""What every key starts with, so that scanners for leaked secrets find it."""

REMEMBERED_MS = 60_000
"""The time of a key's last use is written at most this often."""


class Base(Protocol):
    """What these operations need of the server's context; the command line has no more."""

    @property
    def store(self) -> Store:
        """Where the keys are."""

    @property
    def clock(self) -> Clock:
        """What time it is."""


class NewKey(NamedTuple):
    """A key that was just made."""

    key_id: str
    token: str
    """The key itself. It is not stored and can't be shown again."""


async def create_key(base: Base, name: str, role: Role, nodes: Iterable[str] = ()) -> NewKey:
    """Make a key. From the first one on, the server is closed to whoever has none.

    Raises:
        ValueError: an agent's key names no node, or another's names one.
        StoreUnavailable: it was not stored.
    """
    bound = sorted(set(nodes))
    if (role is Role.AGENT) != bool(bound):
        raise ValueError("a key of role agent names its nodes, and no other role does")
    made = NewKey(f"key_{secrets.token_hex(8)}", PREFIX + secrets.token_urlsafe(32))
    change = Change()
    change.add(
        "insert_key",
        key_id=made.key_id,
        name=name,
        role=role,
        nodes=json.dumps(bound),
        hash=_hash(made.token),
        created_at=base.clock.now(),
    )
    await base.store.apply(change)
    return made


async def list_keys(base: Base) -> list[Row]:
    """All keys, oldest first, revoked ones too; none of them with its hash."""
    rows = await base.store.all("list_keys")
    return [
        {name: value for name, value in row.items() if name != "hash"}
        | {"nodes": json.loads(row["nodes"])}
        for row in rows
    ]


async def revoke_key(base: Base, key_id: str) -> None:
    """End a key at once. The server stays closed, also when it was the last one.

    Raises:
        NotFound: there is no such key that is still in force.
    """
    change = Change()
    change.add("revoke_key", key_id=key_id, now=base.clock.now())
    try:
        await base.store.apply(change)
    except Missed:
        raise NotFound(f"there is no key {key_id} that is in force") from None


async def is_open(base: Base) -> bool:
    """Whether no key was ever made: then whoever reaches this loopback server may do all.

    Revoked keys count: to revoke the last one must not open the server to everybody.
    """
    return await base.store.one("any_key") is None


async def owner(base: Base, token: str) -> Principal | None:
    """Whose key this is; None when it is not known or was revoked."""
    row = await base.store.one("get_key_by_hash", hash=_hash(token))
    if row is None or row["revoked_at"] is not None:
        return None
    if base.clock.now() - (row["last_used_at"] or 0) >= REMEMBERED_MS:
        await _remember_use(base, row["key_id"])
    return Principal(
        id=row["key_id"],
        role=Role(row["role"]),
        name=row["name"],
        nodes=frozenset(json.loads(row["nodes"])),
    )


async def _remember_use(base: Base, key_id: str) -> None:
    change = Change()
    change.add("use_key", key_id=key_id, now=base.clock.now())
    # Nice to know, but no reason to refuse a read while the disk is full.
    with suppress(Missed, StoreUnavailable):
        await base.store.apply(change)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()
