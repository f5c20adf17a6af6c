"""The command `signoff`: its nouns, and one place where every failure ends."""

import traceback
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from signoff._version import __version__
from signoff.cli import (
    approvals,
    audit,
    backup,
    demo,
    doctor,
    executions,
    keys,
    migrate,
    output,
    serve,
)
from signoff.cli.exits import MEANINGS, Exit
from signoff.cli.failures import Failure
from signoff.cli.options import AS_JSON

_CODES = "\n".join(f"{code.value:>3}  {meaning}" for code, meaning in MEANINGS.items())


def _end(context: typer.Context, failure: Failure) -> NoReturn:
    failure.show(as_json=context.meta.get(AS_JSON, False))
    raise typer.Exit(failure.exit)


def _fault(fault: Exception, *, shown: bool) -> Failure:
    lines = "".join(traceback.format_exception(fault)).splitlines() if shown else []
    return Failure(
        Exit.FAULT,
        "fault",
        f"a fault of this command: {type(fault).__name__}: {fault}",
        "" if shown else "run it as `signoff --traceback …` and report what it says",
        log=lines,
    )


class Root(TyperGroup):
    """Runs a command; what goes wrong in it is told in a sentence, with an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run it."""
        try:
            return super().invoke(ctx)
        except Failure as failure:
            return _end(ctx, failure)
        except (typer.Exit, typer.Abort, TyperException, BrokenPipeError):
            raise
        except Exception as fault:  # noqa: BLE001 - here it ends, as a sentence
            return _end(ctx, _fault(fault, shown=ctx.params["traceback"]))


app = typer.Typer(
    cls=Root,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Durable human approval for software agents.",
    epilog=f"Exit codes:\n\n{_CODES}",
)
app.command(rich_help_panel="Run")(serve.serve)
app.command(rich_help_panel="Run")(demo.demo)
app.add_typer(executions.app, name="executions", rich_help_panel="Look and decide")
app.add_typer(approvals.app, name="approvals", rich_help_panel="Look and decide")
app.add_typer(audit.app, name="audit", rich_help_panel="Look and decide")
app.add_typer(keys.app, name="keys", rich_help_panel="Administer")
app.command(rich_help_panel="Administer")(doctor.doctor)
app.command(rich_help_panel="Administer")(migrate.migrate)
app.command(rich_help_panel="Administer")(backup.backup)
app.command(rich_help_panel="Administer")(backup.restore)


def _version(value: bool) -> None:
    if value:
        output.say(f"signoff {__version__}")
        raise typer.Exit(Exit.OK)


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and end."
    ),
    traceback: bool = typer.Option(False, "--traceback", help="Show where a fault comes from."),
) -> None:
    del version, traceback  # read where they matter
