"""``check``: run the cases on a subject and say what it comes to."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from signoff_conformance import bundles as bundled
from signoff_conformance import (
    cases,
    client_check,
    generated,
    known_failures,
    reference,
    report,
    report_html,
    report_junit,
    requirements,
    runner,
    verdicts,
)
from signoff_conformance.agent import check as agent_check
from signoff_conformance.cases import Case
from signoff_conformance.contract import Contract
from signoff_conformance.coverage import Coverage
from signoff_conformance.coverage_clients import Mapped
from signoff_conformance.keeper import keeper
from signoff_conformance.makers import Maker, Told
from signoff_conformance.profiles import PROFILES
from signoff_conformance.report import Report
from signoff_conformance.server_cases import ServerPerformer
from signoff_conformance.verdicts import Exit, Result, Verdict

_console = Console(highlight=False, soft_wrap=True)

NO_SERVER = """clients are checked before a server that keeps the contract, and there is none: \
install this project's beside the suite, pip install './python[server]', or name one with \
--server-cmd and --keys-cmd"""


def check(
    server_cmd: Annotated[
        str | None,
        typer.Option(
            help="Starts a server: '… --port {port} --data {data} [--test-control {token}]'."
        ),
    ] = None,
    keys_cmd: Annotated[
        str | None,
        typer.Option(
            help="Makes a key and prints it: '… --role {role} --name {name} [--node {node}]'."
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            help="postgres: each server gets a database of a PostgreSQL that runs for the "
            "suite only; or a command that makes one, '… {name}', and prints what stands for "
            "{database} in the other commands."
        ),
    ] = None,
    server_url: Annotated[str | None, typer.Option(help="A server that runs already.")] = None,
    key: Annotated[str | None, typer.Option(help="Of an admin, for --server-url.")] = None,
    token: Annotated[
        str | None, typer.Option(help="Of the test control of --server-url; none: --timing real.")
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only ids that begin so.")] = None,
    known: Annotated[Path | None, typer.Option(help="A file of known failures.")] = None,
    json_report: Annotated[Path | None, typer.Option("--json", help="Write the report.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page.")] = None,
    bundles: Annotated[
        Path | None, typer.Option(help="A folder: write what it takes to replay each failure.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Servers at a time.")] = 2,
    subject: Annotated[str, typer.Option(help="Its name in the report.")] = "server",
    coverage: Annotated[bool, typer.Option(help="Demand the whole contract.")] = False,
    agent: Annotated[
        list[str] | None,
        typer.Option(
            help="Starts an agent, which is checked; or python, go, typescript for those of this "
            "repository. Needs no server."
        ),
    ] = None,
    adapter: Annotated[
        list[str] | None,
        typer.Option(
            help="Starts the adapter of a client or receiver, which is checked instead of the "
            "server; or python, go, typescript for those of this repository."
        ),
    ] = None,
) -> None:
    """Check a server, or clients, and exit 0 when they keep the contract, 1 when not.

    2: the command line is wrong; 3: the suite failed; 4: nothing ran.
    """
    if adapter and server_cmd is None and server_url is None:
        if not reference.is_installed():
            Console(stderr=True).print(NO_SERVER, markup=False, soft_wrap=True)
            raise typer.Exit(Exit.USAGE)
        server_cmd, keys_cmd = reference.SERVER, reference.KEYS
    alone = bool(agent) and server_cmd is None and server_url is None
    _demand_one(server_cmd, server_url, alone=alone)
    with tempfile.TemporaryDirectory(prefix="signoff-conformance-") as folder:
        keeper().folder(Path(folder))
        made = Maker(Told(server_cmd, keys_cmd, database, server_url, key, token), Path(folder))
        chosen = _Chosen(not alone, adapter or (), agent or (), only or (), workers, subject)
        results, seen = asyncio.run(_run(chosen, made, Path(folder)))
    rows = known_failures.load(known) if known else []
    told, faults = known_failures.apply(rows, results, datetime.now(UTC).date())
    if coverage and not only and not alone:
        faults += seen.missing()
    judgement = verdicts.judge(told, faults=faults)
    whole = Report(
        told,
        judgement,
        requirements.load(),
        "controlled" if token or "{token}" in (server_cmd or "") else "real",
        seen.value(),
        _subjects(adapter, agent, {} if alone else {subject: server_cmd or server_url or ""}),
    )
    _write(whole, json_report, junit, html)
    if bundles:
        said = {"server_cmd": server_cmd, "keys_cmd": keys_cmd, "database": database}
        said |= {"server_url": server_url}
        bundled.write(bundles, told, said | {"adapter": adapter, "agent": agent})
    _say(whole)
    raise typer.Exit(judgement.exit)


def _write(whole: Report, json_report: Path | None, junit: Path | None, html: Path | None) -> None:
    """Write the report in the forms that have a file."""
    if json_report:
        report.write_json(whole, json_report)
    if junit:
        report_junit.write_junit(whole, junit)
    if html:
        report_html.write_html([whole.value()], html)


def replay(
    bundle: Annotated[Path, typer.Argument(help="As check --bundles writes them.")],
    key: Annotated[str | None, typer.Option(help="Of an admin, for a server at a URL.")] = None,
    token: Annotated[str | None, typer.Option(help="Of its test control.")] = None,
    json_report: Annotated[Path | None, typer.Option("--json", help="Write the report.")] = None,
) -> None:
    """Perform one case again that did not pass, as it was performed then; keys are not kept."""
    told = bundled.read(bundle)
    _console.print(f"{told['case']}, then: {told['reason']}\n", markup=False)
    arguments = {name: value for name, value in told["arguments"].items() if value is not None}
    arguments |= {"key": key, "token": token, "json_report": json_report}
    check(only=[told["case"]], workers=1, **arguments)


def server_cases(contract: Contract) -> list[Case]:
    """All cases for servers: those that are written, and those made from the contract."""
    return [*cases.load("server").values(), *generated.cases(contract)]


def _demand_one(server_cmd: str | None, server_url: str | None, *, alone: bool) -> None:
    """End the command unless there is one server, or an agent alone, which needs none."""
    if not alone and (server_cmd is None) == (server_url is None):
        Console(stderr=True).print("give --server-cmd or --server-url")
        raise typer.Exit(Exit.USAGE)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is to run."""

    server: bool
    adapters: Sequence[str]
    agents: Sequence[str]
    only: Sequence[str]
    workers: int
    subject: str


async def _run(
    chosen: _Chosen, made: Maker, folder: Path
) -> tuple[list[Result], Coverage | Mapped]:
    """Clients, else the server, if there is one; and agents."""
    results = list[Result]()
    seen: Coverage | Mapped
    if chosen.adapters:
        results, seen = await _check_clients(chosen, made, folder)
    elif chosen.server:
        results, seen = await _check(made, chosen.only, chosen.workers, chosen.subject)
    else:
        seen = Coverage(Contract.load())
    if chosen.agents:
        results += await agent_check.check(
            chosen.agents, folder, only=chosen.only, told=_tell, at_a_time=len(chosen.agents)
        )
    return results, seen


async def _check(
    make: Maker, only: Sequence[str], workers: int, subject: str
) -> tuple[list[Result], Coverage]:
    contract = Contract.load()
    seen = Coverage(contract)
    items = runner.select(server_cases(contract), only)
    performers = [
        ServerPerformer(contract, make, make.profiles, seen.see, subject) for _ in range(workers)
    ]
    for performer in performers:
        await performer.start()
    try:
        results = await runner.run(items, performers, told=_tell, dear=_is_dear)
    finally:
        await asyncio.gather(*(performer.stop() for performer in performers))
        await make.stop()
    return results, seen


def _is_dear(item: runner.Item) -> bool:
    return item.case.server != "open"


async def _check_clients(chosen: _Chosen, make: Maker, folder: Path) -> tuple[list[Result], Mapped]:
    # Nobody listens where a client's server would notify.
    nobody = "127.0.0.1:9"
    try:
        results = await client_check.check(
            chosen.adapters,
            lambda _: make(PROFILES["open"], nobody),
            folder,
            only=chosen.only,
            told=_tell,
            at_a_time=chosen.workers,
        )
    finally:
        await make.stop()
    return results, Mapped(Contract.load(), results)


def _subjects(
    adapters: Sequence[str] | None, agents: Sequence[str] | None, server: dict[str, str]
) -> dict[str, str]:
    """Each subject and how it was started."""
    clients = {one: one for one in adapters or ()}
    return (clients or server) | {f"agent {one}": one for one in agents or ()}


def _tell(result: Result) -> None:
    if result.verdict not in (Verdict.PASS, Verdict.NOT_SUPPORTED):
        text = f"{result.verdict.value:<13} {result.name}  {result.title}\n{result.reason}"
        _console.print(text.replace("\n", "\n    "), markup=False)


def _say(whole: Report) -> None:
    counts = ", ".join(f"{count} {name}" for name, count in whole.judgement.counts.items() if count)
    for fault in whole.judgement.reasons:
        _console.print(fault, markup=False)
    lacks = Counter(row.reason for row in whole.results if row.verdict is Verdict.NOT_SUPPORTED)
    for reason, count in lacks.most_common():
        _console.print(f"not_supported {count:>4} × {reason}", markup=False)
    seconds = sum(row.seconds for row in whole.results)
    _console.print(f"{whole.judgement.status}: {counts or 'no case'}, {seconds:.1f} s of cases")
    cells = whole.coverage
    if cells.get("cells_seen"):  # the traffic of clients and agents is judged by their cases
        if whole.timing == "real":
            _console.print("timing real: the clock of the server could not be moved", markup=False)
        _console.print(
            f"seen: {cells['cells_seen']} of {cells['cells']} operation × status", markup=False
        )
    for name, one in cells.get("clients", {}).items():
        lacking = f", {one['lacking']} are of operations that it lacks" if one["lacking"] else ""
        _console.print(
            f"{name}: {one['mapped']} of {one['cells']} errors are mapped to their kind{lacking}",
            markup=False,
        )
