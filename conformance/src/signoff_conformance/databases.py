"""``--database``: a database for each server that is started."""

from __future__ import annotations

import asyncio
import secrets
import shlex
from typing import Protocol

from signoff_conformance.commands import fill
from signoff_conformance.postgres import Postgres
from signoff_conformance.runner import TargetError


class Databases(Protocol):
    """Makes databases."""

    async def new(self, name: str) -> str:
        """Make an empty one; what stands for ``{database}`` in the commands of its server."""

    async def stop(self) -> None:
        """They are used no more."""


class Commanded:
    """A command makes them.

    Args:
        command: with ``{name}``; it prints what stands for ``{database}``.
    """

    def __init__(self, command: str) -> None:
        self._command = command

    async def new(self, name: str) -> str:
        """Run the command.

        Raises:
            TargetError: it fails, or prints nothing.
        """
        words = fill(self._command, {"name": name})
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(*words, stdout=pipe, stderr=pipe)
        except OSError as error:
            raise TargetError(f"--database {shlex.join(words)}: {error}") from None
        out, err = await process.communicate()
        if process.returncode or not out.split():
            told = err.decode(errors="replace")[-500:]
            raise TargetError(f"--database {shlex.join(words)} made no database: {told}")
        return out.split()[0].decode()

    async def stop(self) -> None:
        """Nothing: what the command has made is the caller's."""


def databases(told: str) -> Databases:
    """What ``--database`` says: ``postgres``, or a command."""
    return Postgres() if told == "postgres" else Commanded(told)


def new_name() -> str:
    """A name that no other database has."""
    return f"conformance_{secrets.token_hex(6)}"
