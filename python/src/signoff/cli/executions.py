"""`signoff executions`: what runs, what waits, what came of it."""

from typing import Annotated, Final

import typer

from signoff.cli import output, pages, times
from signoff.cli.exits import Exit
from signoff.cli.options import SERVER, ApiKey, Json, Limit, Server, connected
from signoff.clock import SystemClock
from signoff.contract_gen import Event, Execution, ExecutionStatus, ExecutionStatusFilter

app = typer.Typer(help="Runs of reasoners: list, show, watch, cancel.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="EXECUTION", help="Its id: exec_…")]

ENDS: Final = {
    ExecutionStatus.SUCCEEDED: Exit.OK,
    ExecutionStatus.FAILED: Exit.RUN_FAILED,
    ExecutionStatus.CANCELLED: Exit.RUN_CANCELLED,
    ExecutionStatus.TIMEOUT: Exit.RUN_TIMED_OUT,
}
"""The exit code of `watch` for each end; a word of a newer server is no success."""


@app.command("list")
def list_(
    status: Annotated[
        ExecutionStatusFilter | None, typer.Option(help="Only those in this status.")
    ] = None,
    node: Annotated[str | None, typer.Option(help="Only those of this node.")] = None,
    run: Annotated[str | None, typer.Option(help="Only those of this run (a tree).")] = None,
    limit: Limit = 50,
    server: Server = SERVER,
    api_key: ApiKey = None,
    as_json: Json = False,
) -> None:
    """List executions, newest first."""
    with connected(server, api_key) as client:
        items, cursor = pages.take(
            lambda rows, at: client.list_executions(
                limit=rows, cursor=at, status=status, node_id=node, run_id=run
            ),
            limit,
        )
    if as_json:
        output.print_page(items, cursor)
        return
    now = SystemClock().now()
    output.table(
        ("EXECUTION", "TARGET", "STATUS", "ATTEMPT", "CREATED", "TOOK"),
        [
            (
                item.execution_id,
                item.target,
                output.status(item.status),
                str(item.attempt),
                times.relative(item.created_at, now),
                None if item.duration_ms is None else times.span(item.duration_ms / 1000),
            )
            for item in items
        ],
    )
    output.remark_more(len(items), cursor, "executions")


@app.command()
def show(
    execution_id: Id, server: Server = SERVER, api_key: ApiKey = None, as_json: Json = False
) -> None:
    """Show one execution."""
    with connected(server, api_key) as client:
        execution = client.get_execution(execution_id)
    _print(execution, as_json=as_json)


@app.command()
def cancel(
    execution_id: Id,
    reason: Annotated[str | None, typer.Option(help="Why; its agents are told.")] = None,
    server: Server = SERVER,
    api_key: ApiKey = None,
    as_json: Json = False,
) -> None:
    """Cancel an execution with all that it has called, and withdraw their questions."""
    with connected(server, api_key) as client:
        execution = client.cancel_execution(execution_id, reason=reason)
    if as_json:
        output.print_json(execution)
    else:
        output.say_status(execution.execution_id, execution.status)


@app.command()
def watch(
    execution_id: Id, server: Server = SERVER, api_key: ApiKey = None, as_json: Json = False
) -> None:
    """Follow an execution until it is finished; the exit code says how it ended.

    With --json each event is a line. A server that restarts meanwhile is waited for.
    """
    with connected(server, api_key) as client:
        for event in client.stream_execution_events(execution_id):
            if as_json:
                output.print_json_line(event)
            else:
                output.say(_line(event))
        execution = client.wait_for_execution(execution_id)
    if not as_json:
        _print(execution, as_json=False)
    raise typer.Exit(ENDS.get(execution.status, Exit.NEGATIVE))


def _line(event: Event) -> str:
    at = times.read(event.at).astimezone().strftime("%H:%M:%S.%f")[:-3]
    parts = [f"{event.seq:>4}", at, f"{event.type:<22}", event.actor.name or event.actor.id]
    parts += [] if event.approval_id is None else [event.approval_id]
    # Digests are for `audit`.
    parts += [
        f"{name}={_said(name, value)}"
        for name, value in event.data.items()
        if not name.endswith("sha256")
    ]
    parts += [] if event.content is None else [output.json_words(event.content)]
    return output.safe("  ".join(parts))


def _said(name: str, value: object) -> str:
    """A member of an event's data, for people: its times are ms since 1970."""
    if name.endswith("_at") and isinstance(value, int):
        return times.local(times.utc(value / 1000))
    return output.plain_word(value)


def _print(execution: Execution, *, as_json: bool) -> None:
    if as_json:
        output.print_json(execution)
        return
    now = SystemClock().now()
    has_result = "result" in execution.model_fields_set
    output.facts(
        [
            ("execution", execution.execution_id),
            ("target", execution.target),
            ("status", output.status(execution.status)),
            ("reason", execution.status_reason),
            ("run", execution.run_id),
            ("parent", execution.parent_execution_id),
            ("attempt", str(execution.attempt)),
            ("waits for", "\n".join(execution.pending_approvals) or None),
            ("created", output.when(execution.created_at, now)),
            ("finished", output.when(execution.completed_at, now)),
            ("ran for", times.span(execution.running_ms / 1000)),
            ("input", output.json_words(execution.input)),
            ("result", output.json_words(execution.result) if has_result else None),
            ("error", execution.error),
            ("events", f"{execution.event_head.seq}  {execution.event_head.hash}"),
        ]
    )
