"""One server for one file: two would not hear of each other's work.

The lock is on a file beside the database and never on the database itself: to close any
descriptor of that file would give up the locks that SQLite holds on it. It ends with the process,
however that ends; the file stays, as one that is deleted could be locked by two.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

from signoff.server.domain.store import StoreUnavailable

if sys.platform == "win32":  # pragma: no cover - not where the tests run
    import msvcrt

    def _take(descriptor: int) -> None:
        # A byte far behind the text, which stays readable.
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Lock:
    """Held from :meth:`take` until :meth:`release`, or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, database: Path) -> Lock:
        """Take the lock of a database file, which need not exist yet.

        Raises:
            StoreUnavailable: another server holds it, or there can be no lock file.
        """
        path = database.resolve()
        path = path.with_name(f"{path.name}.lock")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreUnavailable(f"its lock can't be opened: {error}") from error
        try:
            _take(descriptor)
        except OSError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip()
            os.close(descriptor)
            who = f" (process {holder})" if holder.isdecimal() else ""
            raise StoreUnavailable(
                f"another server{who} works on this file: stop that one, or give them a"
                " PostgreSQL database, which several can share"
            ) from None
        with suppress(OSError):  # a full disk: it is only for people to read
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let the next server in."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
