"""Options that commands share, and the client that they stand for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from signoff.cli import failures
from signoff.cli.exits import Exit
from signoff.cli.failures import Failure
from signoff.errors import SignoffError
from signoff.retries import Retry
from signoff.settings import DEFAULT_SERVER

if TYPE_CHECKING:
    from signoff.blocking.client import Client

AS_JSON: Final = "signoff.cli.as_json"
"""Where the context remembers that `--json` was given: failures are told the same way."""

# A person waits: enough for a server that restarts, not for one that is not there.
_RETRY: Final = Retry(attempts=3, seconds=5.0)


def _remember(context: typer.Context, value: bool) -> bool:
    context.meta[AS_JSON] = value
    return value


Server = Annotated[
    str,
    typer.Option(
        "--server",
        metavar="URL",
        envvar="SIGNOFF_SERVER",
        help="Where the control plane is.",
        rich_help_panel="Connection",
    ),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        metavar="KEY",
        envvar="SIGNOFF_API_KEY",
        show_default=False,
        help="The key to send. Others on this machine can see it in the list of processes: "
        "rather set the variable.",
        rich_help_panel="Connection",
    ),
]
Json = Annotated[
    bool,
    typer.Option("--json", help="Print JSON, in the shapes of the contract.", callback=_remember),
]
Limit = Annotated[int, typer.Option("--limit", min=1, metavar="N", help="Rows at most.")]

SERVER: Final = DEFAULT_SERVER


@contextmanager
def connected(server: str, api_key: str | None) -> "Iterator[Client]":
    """A client of that server; its errors become failures of the command."""
    # Most commands that start a server or work on its database need no client.
    from signoff.blocking.client import Client

    try:
        client = Client(server, api_key=api_key, retry=_RETRY)
    except ValueError as error:
        raise Failure(Exit.USAGE, "usage", str(error)) from None
    with client:
        try:
            yield client
        except SignoffError as error:
            raise failures.of_error(error, client.server_url) from error
        except ValueError as error:
            # An argument that cannot be sent, such as an id of `..`.
            raise Failure(Exit.USAGE, "usage", str(error)) from error
