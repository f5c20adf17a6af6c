"""The command `signoff`: one file per noun."""

import sys

from signoff.errors import MissingDependencyError

__all__ = ["main"]


def main() -> None:
    """Run the command with the arguments of this process, and end with its exit code."""
    try:
        from signoff.cli.app import app
    except ImportError as error:
        if error.name not in ("typer", "rich"):
            raise
        print(f"signoff: {MissingDependencyError('the command', 'server')}", file=sys.stderr)  # noqa: T201
        raise SystemExit(9) from None
    for stream in (sys.stdout, sys.stderr):
        # A terminal of another encoding shows an escape where it has no letter.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    app(prog_name="signoff")
