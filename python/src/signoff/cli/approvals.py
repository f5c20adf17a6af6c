"""`signoff approvals`: the questions to people, and their answers."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from signoff.cli import lookup, output, pages, times
from signoff.cli.exits import Exit
from signoff.cli.failures import Failure
from signoff.cli.options import SERVER, ApiKey, Json, Limit, Server, connected
from signoff.clock import SystemClock
from signoff.contract_gen import (
    Approval,
    ApprovalStatusFilter,
    Decision,
    DecisionReceiptStatus,
)
from signoff.exchange import ABSENT
from signoff.strict_json import InvalidJSON, loads_strict

app = typer.Typer(help="Questions to people: list, show, decide, withdraw.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="APPROVAL", help="Its apr_ id, or the asker's own id.")]
Within = Annotated[
    str | None,
    typer.Option("--execution", metavar="ID", help="Where the own id is meant; `none`: outside."),
]
Feedback = Annotated[
    str | None, typer.Option("--feedback", metavar="TEXT", help="Words for whoever waits.")
]
Response = Annotated[
    str | None,
    typer.Option("--response", metavar="JSON", help="A JSON value for whoever waits."),
]


@app.command("list")
def list_(
    status: Annotated[
        ApprovalStatusFilter | None, typer.Option(help="Only those in this status.")
    ] = None,
    own_id: Annotated[
        str | None, typer.Option("--own-id", help="Only those under this own id.")
    ] = None,
    execution: Annotated[
        str | None, typer.Option(help="Only those of this execution; `none`: of no execution.")
    ] = None,
    node: Annotated[str | None, typer.Option(help="Only those of this node.")] = None,
    reviewer: Annotated[str | None, typer.Option(help="Only those that they decided.")] = None,
    limit: Limit = 50,
    server: Server = SERVER,
    api_key: ApiKey = None,
    as_json: Json = False,
) -> None:
    """List approval requests, newest first."""
    with connected(server, api_key) as client:
        items, cursor = pages.take(
            lambda rows, at: client.list_approval_requests(
                limit=rows,
                cursor=at,
                status=status,
                approval_request_id=own_id,
                execution_id=execution,
                node_id=node,
                reviewer=reviewer,
            ),
            limit,
        )
    if as_json:
        output.print_page(items, cursor)
        return
    now = SystemClock().now()
    output.table(
        ("APPROVAL", "OWN ID", "STATUS", "ASKED", "ENDS", "WHAT"),
        [
            (
                item.id,
                item.approval_request_id,
                output.status(item.status),
                times.relative(item.created_at, now),
                _end(item, now),
                item.title or item.approval_request_url,
            )
            for item in items
        ],
    )
    output.remark_more(len(items), cursor, "approval requests")


@app.command()
def show(
    approval: Id,
    execution: Within = None,
    server: Server = SERVER,
    api_key: ApiKey = None,
    as_json: Json = False,
) -> None:
    """Show one request with all that a reviewer must see."""
    with connected(server, api_key) as client:
        found = lookup.approval(client, approval, execution)
    _print(found, as_json=as_json)


@app.command()
def cancel(
    approval: Id,
    reason: Annotated[str | None, typer.Option(help="Why; whoever waits is told.")] = None,
    execution: Within = None,
    server: Server = SERVER,
    api_key: ApiKey = None,
    as_json: Json = False,
) -> None:
    """Withdraw a request: nobody need answer it any more."""
    with connected(server, api_key) as client:
        found = lookup.approval(client, approval, execution)
        withdrawn = client.cancel_approval_request(found.id, reason=reason)
    if as_json:
        output.print_json(withdrawn)
    else:
        output.say_status(_name(withdrawn), withdrawn.status)


def _deciding(decision: Decision) -> Callable[..., None]:
    """The command that gives this decision."""

    def decide(
        approval: Id,
        feedback: Feedback = None,
        response: Response = None,
        execution: Within = None,
        server: Server = SERVER,
        api_key: ApiKey = None,
        as_json: Json = False,
    ) -> None:
        answer = ABSENT if response is None else _read(response)
        with connected(server, api_key) as client:
            found = lookup.approval(client, approval, execution)
            receipt = client.decide_approval_request(
                found.id, decision, feedback=feedback, response=answer
            )
        if as_json:
            output.print_json(receipt)
            return
        again = receipt.status == DecisionReceiptStatus.ALREADY_PROCESSED
        remark = "decided so before" if again else ""
        output.say_status(_name(receipt.approval), receipt.approval.status, remark)

    return decide


for _verb, _decision, _help in (
    ("approve", Decision.APPROVED, "Say yes. The first decision wins."),
    ("reject", Decision.REJECTED, "Say no. The first decision wins."),
    (
        "request-changes",
        Decision.REQUEST_CHANGES,
        "Say: not like this; --feedback says how. The first decision wins.",
    ),
):
    app.command(_verb, help=_help)(_deciding(_decision))


def _read(response: str) -> Any:
    try:
        return loads_strict(response)
    except InvalidJSON as error:
        raise Failure(
            Exit.USAGE,
            "usage",
            f"--response is no JSON: {error}",
            """quote it for the shell: --response '{"limit": 4000}'""",
        ) from None


def _name(approval: Approval) -> str:
    return f"{approval.approval_request_id} ({approval.id})"


def _end(approval: Approval, now: float) -> str:
    return times.relative(approval.decided_at or approval.expires_at, now)


def _print(approval: Approval, *, as_json: bool) -> None:
    if as_json:
        output.print_json(approval)
        return
    now = SystemClock().now()
    reviewer = approval.reviewer
    has_response = "response" in approval.model_fields_set
    output.facts(
        [
            ("approval", approval.id),
            ("own id", approval.approval_request_id),
            ("status", output.status(approval.status)),
            ("reason", approval.status_reason),
            ("title", approval.title),
            ("description", approval.description),
            ("payload", None if approval.payload is None else output.json_words(approval.payload)),
            ("review at", approval.approval_request_url),
            ("execution", approval.execution_id),
            ("node", approval.node_id),
            ("asked", output.when(approval.created_at, now)),
            ("expires", None if approval.decided_at else output.when(approval.expires_at, now)),
            ("decided", output.when(approval.decided_at, now)),
            ("by", None if reviewer is None else reviewer.name or reviewer.id),
            ("feedback", approval.feedback),
            ("response", output.json_words(approval.response) if has_response else None),
            ("events", f"{approval.event_head.seq}  {approval.event_head.hash}"),
        ]
    )
