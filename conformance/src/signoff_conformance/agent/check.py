"""Running the cases for agents, each agent with a control plane of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from signoff_conformance import cases, own_adapters, runner
from signoff_conformance.adapter import AdapterFault
from signoff_conformance.agent import probes
from signoff_conformance.agent.bench import Bench
from signoff_conformance.agent.performer import AgentPerformer
from signoff_conformance.cases import Case
from signoff_conformance.client_check import unbelieved
from signoff_conformance.contract import Contract
from signoff_conformance.verdicts import Result


def agent_cases() -> Mapping[str, Case]:
    """All cases for agents by id."""
    return cases.load("agent")


async def check(
    agents: Sequence[str],
    folder: Path,
    *,
    only: Sequence[str] = (),
    told: Callable[[Result], None] = lambda _: None,
    at_a_time: int = 2,
) -> list[Result]:
    """Run the cases on each agent; the results of all.

    Args:
        agents: see `own_adapters.command_of`.
        folder: where agents of this repository are built, and logs are written.
        only: beginnings of the ids of the cases to run; none for all.
        told: hears of each result.
        at_a_time: how many agents run beside each other.

    Raises:
        BuildError: see `own_adapters.command_of`.
    """
    contract = Contract.load()
    items = runner.select(agent_cases().values(), only)
    commands = [await own_adapters.command_of(agent, folder, program="agent") for agent in agents]
    limit = asyncio.Semaphore(at_a_time)

    async def one(number: int, name: str) -> list[Result]:
        async with limit:
            own = folder / f"agent-{number}"
            own.mkdir(parents=True)
            return await _check_one(Bench(commands[number], own, contract), name, items, told)

    rows = await asyncio.gather(*(one(number, name) for number, name in enumerate(agents)))
    return [row for of_one in rows for row in of_one]


async def _check_one(
    bench: Bench, name: str, items: Sequence[runner.Item], told: Callable[[Result], None]
) -> list[Result]:
    try:
        try:
            await bench.start()
            await probes.probe(bench)
        except AdapterFault as fault:
            return unbelieved(name, items, fault, told)
        return await runner.run(items, [AgentPerformer(bench)], told=told)
    finally:
        await bench.stop()
