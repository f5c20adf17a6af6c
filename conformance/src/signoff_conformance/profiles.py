"""The ways in which cases want a server started: its environment, and the keys that it has.

The variables are those of the contract's reference server; SPEC.md lists them for others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

SECRET: Final = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="  # noqa: S105 - of tests
"""What signed decisions are signed with."""
OLD_SECRET: Final = "whsec_8PHy8/T19vf4+fr7/P3+/wABAgMEBQYHCAkKCwwNDg8="  # noqa: S105 - of tests
"""The one before, while it is being replaced."""
PLAIN_SECRET: Final = "a passphrase, not base64"  # noqa: S105 - of tests
NOTIFY_SECRET: Final = "whsec_Hh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAAA="  # noqa: S105 - of tests
"""What notifications to the subscriber are signed with."""

NODE: Final = "conf-agent"
"""The node of most cases; the key ``agent`` is bound to it."""
OTHER_NODE: Final = "other-agent"


@dataclass(frozen=True, slots=True)
class Key:
    """A key that the server is to have."""

    role: str
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """One way to start a server. ``{subscriber}`` in a value is the host:port of the subscriber."""

    name: str
    env: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict)
    test_control: bool = True


_USUAL: Final = {
    "SIGNOFF_APPROVAL_WEBHOOK_SECRET": SECRET,
    "SIGNOFF_NOTIFY_URL": "http://{subscriber}/subscriber/notify",
    "SIGNOFF_NOTIFY_SECRET": NOTIFY_SECRET,
    "SIGNOFF_ALLOWED_HOSTS": "{subscriber}",
}

KEYS: Final[Mapping[str, Key]] = {
    "admin": Key("admin"),
    "client": Key("client"),
    "client2": Key("client"),
    "reviewer": Key("reviewer"),
    "agent": Key("agent", NODE),
    "agent2": Key("agent", OTHER_NODE),
}

PROFILES: Final[Mapping[str, Profile]] = {
    one.name: one
    for one in (
        Profile("open", _USUAL),
        Profile("keys", _USUAL, KEYS),
        Profile("bare"),
        Profile("plain_secret", {"SIGNOFF_APPROVAL_WEBHOOK_SECRET": PLAIN_SECRET}),
        Profile(
            "rotating",
            {
                "SIGNOFF_APPROVAL_WEBHOOK_SECRET": SECRET,
                "SIGNOFF_APPROVAL_WEBHOOK_SECRET_PREVIOUS": OLD_SECRET,
            },
        ),
        Profile("never_replay", _USUAL | {"SIGNOFF_REPLAY_DECISIONS": "never"}),
        Profile("no_control", _USUAL, test_control=False),
    )
}
