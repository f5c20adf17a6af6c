"""Running the cases for clients and receivers on adapters, each with a server of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from signoff_conformance import cases, client_generated, own_adapters, probes, runner
from signoff_conformance.adapter import AdapterFault
from signoff_conformance.cases import Case
from signoff_conformance.client_bench import Bench
from signoff_conformance.client_performer import ClientPerformer
from signoff_conformance.contract import Contract
from signoff_conformance.target import Target
from signoff_conformance.verdicts import Result, Verdict


def client_cases(contract: Contract) -> Mapping[str, Case]:
    """All cases for clients and receivers by id: written, and made from contract and vectors."""
    made = {case.id: case for case in client_generated.cases(contract)}
    return {**cases.load("client"), **cases.load("receiver"), **made}


async def check(
    adapters: Sequence[str],
    make: Callable[[str], Target],
    folder: Path,
    *,
    only: Sequence[str] = (),
    told: Callable[[Result], None] = lambda _: None,
    at_a_time: int = 2,
) -> list[Result]:
    """Run the cases on each adapter; the results of all.

    Args:
        adapters: see `own_adapters.command_of`.
        make: makes the server for an adapter.
        folder: where adapters of this repository are built.
        only: beginnings of the ids of the cases to run; none for all.
        told: hears of each result.
        at_a_time: how many adapters run beside each other.

    Raises:
        BuildError: see `own_adapters.command_of`.
    """
    contract = Contract.load()
    items = runner.select(client_cases(contract).values(), only)
    commands = [await own_adapters.command_of(adapter, folder) for adapter in adapters]
    limit = asyncio.Semaphore(at_a_time)

    async def one(name: str, command: Sequence[str]) -> list[Result]:
        async with limit:
            return await _check_one(Bench(command, make(name), contract), name, items, told)

    rows = await asyncio.gather(*map(one, adapters, commands))
    return [row for of_one in rows for row in of_one]


async def _check_one(
    bench: Bench, name: str, items: Sequence[runner.Item], told: Callable[[Result], None]
) -> list[Result]:
    try:
        try:
            await bench.start()
            await probes.probe(bench)
        except (AdapterFault, runner.TargetError) as fault:
            return unbelieved(name, items, fault, told)
        return await runner.run(items, [ClientPerformer(bench)], told=told)
    finally:
        await bench.stop()


def unbelieved(
    name: str, items: Sequence[runner.Item], fault: Exception, told: Callable[[Result], None]
) -> list[Result]:
    """The results of all items where nothing can be said of the subject."""
    return [_row(name, item, fault, told) for item in items[:1]] + [
        _row(name, item, None, lambda _: None) for item in items[1:]
    ]


def _row(
    name: str, item: runner.Item, fault: Exception | None, told: Callable[[Result], None]
) -> Result:
    row = Result(
        case_id=item.case.id,
        variant=item.variant.name,
        verdict=Verdict.HARNESS_ERROR if fault else Verdict.NOT_RUN,
        subject=name,
        requirement=item.case.requirement,
        title=item.case.title,
        reason=str(fault) if fault else "nothing could be said of it",
    )
    told(row)
    return row
