"""One chaos run from its seed to its report."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests import postgres
from tests.chaos.checker import check
from tests.chaos.driver import Driver
from tests.chaos.journal import Journal
from tests.chaos.killer import Killer
from tests.chaos.plan import Plan, draw
from tests.chaos.records import collect, keep
from tests.chaos.report import Report
from tests.chaos.stage import Stage, running

STUCK_SECONDS: Final = 180.0
"""No acknowledged fact for so long: nothing will come any more."""

SETTLE_SECONDS: Final = 60.0
"""So long what is still to be sent may take when all runs are finished."""

Say = Callable[[str], None]


def chaos(
    folder: Path, *, engine: str, seed: int, gates: int, kills: int, say: Say = lambda _: None
) -> Report:
    """Drive, kill and check; `say` is told of the progress.

    Args:
        folder: empty; databases, logs, journal and evidence stay there.
        engine: `sqlite` or `postgres`.
        seed: draws the plan.
        gates: so many questions are asked.
        kills: so many processes are killed.
    """
    plan = draw(seed, gates, kills, postgres=engine == "postgres")
    began = time.monotonic()
    with _database(folder, engine) as (cluster, url):
        stopped, killer, stage = asyncio.run(_play(folder, plan, cluster, url, say))
        say("checking")
        verdict = check(collect(folder, url), plan)
    return Report(
        engine=engine,
        seed=seed,
        gates=gates,
        runs=len(plan.runs),
        seconds=time.monotonic() - began,
        facts=killer.facts,
        killed=dict(killer.killed),
        met=dict(killer.met),
        starting=killer.starting,
        ended_alone=stage.ended_alone,
        stopped=stopped,
        verdict=verdict,
        folder=folder,
    )


@contextmanager
def _database(folder: Path, engine: str) -> Iterator[tuple[postgres.Cluster | None, str | None]]:
    if engine == "sqlite":
        yield None, None
        return
    # It waits for the disk, as one in production does.
    with postgres.running_cluster(durable=True, log=folder / "postgres.log") as cluster:
        with postgres.new_database(cluster.url(), "chaos") as url:
            try:
                yield cluster, url
            finally:
                keep(folder / "tables", url)  # it is dropped, and a failure is to be examined


async def _play(
    folder: Path, plan: Plan, cluster: postgres.Cluster | None, url: str | None, say: Say
) -> tuple[str | None, Killer, Stage]:
    journal = Journal(folder / "journal")
    fact = asyncio.Event()
    killer = Killer(plan, journal, fact.set)
    stage = killer.stage = Stage(folder, killer, cluster, url)
    stopped: str | None = None
    async with running(stage):
        driver = Driver(stage.front.url, plan, journal, killer)
        driving = asyncio.create_task(driver.drive())
        watch = asyncio.create_task(stage.watch())
        progress = asyncio.create_task(_progress(plan, killer, fact, say))
        try:
            await asyncio.wait({driving, watch, progress}, return_when=asyncio.FIRST_COMPLETED)
            for task in (driving, watch, progress):
                if task.done():
                    task.result()
            await _settle(folder, url)
        except Exception as failed:  # noqa: BLE001 - what it was is the first line of the report
            stopped = f"{type(failed).__name__}: {failed}"
        finally:
            for task in (watch, progress, driving):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task
    journal.close()
    return stopped, killer, stage


async def _progress(plan: Plan, killer: Killer, fact: asyncio.Event, say: Say) -> None:
    """Tell the progress, and end when there is none any more."""
    told = 0
    while True:
        fact.clear()
        async with asyncio.timeout(STUCK_SECONDS):
            await fact.wait()
        if killer.facts * 50 // plan.facts > told:
            told = killer.facts * 50 // plan.facts
            say(f"{killer.facts} of {plan.facts} facts, {killer.killed.total()} kills")


async def _settle(folder: Path, url: str | None) -> None:
    """Wait until the outbox is empty; what stays there the checker finds."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        records = await asyncio.to_thread(collect, folder, url)
        if all(row["state"] != "pending" for row in records.messages):
            return
        await asyncio.sleep(0.5)
