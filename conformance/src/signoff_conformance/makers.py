"""Makes the servers that a run needs, in the way that its command line says."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from signoff_conformance import reference
from signoff_conformance.databases import Databases, databases
from signoff_conformance.profiles import PROFILES, Profile
from signoff_conformance.target import Found, Started, Target


@dataclass(frozen=True, slots=True)
class Told:
    """What the command line says of the server."""

    command: str | None = None
    """Starts it; None: it runs already."""
    keys_command: str | None = None
    database: str | None = None
    """See :func:`signoff_conformance.databases.databases`."""
    url: str | None = None
    key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


class Maker:
    """Makes the servers that cases need.

    Args:
        told: how.
        folder: for their data and logs.
    """

    def __init__(self, told: Told, folder: Path) -> None:
        self._told = told
        self._folder = folder
        self._made = 0
        self._databases: Databases | None = databases(told.database) if told.database else None

    @property
    def profiles(self) -> dict[str, Profile]:
        """What can be made: of a server that runs already, only as it is."""
        return dict(PROFILES) if self._told.command else {"open": PROFILES["open"]}

    def __call__(self, profile: Profile, subscriber: str) -> Target:
        """A server in a profile."""
        told = self._told
        if told.command is None:
            return Found(told.url or "", told.key, told.token)
        self._made += 1
        folder = self._folder / f"{profile.name}-{self._made}"
        env = reference.environment()
        return Started(
            *(told.command, told.keys_command, profile, folder, subscriber, env, self._databases)
        )

    async def stop(self) -> None:
        """The databases are needed no more."""
        if self._databases is not None:
            await self._databases.stop()
