"""Running cases: one after the other on each worker, each with a deadline, each to a verdict.

What a case is made of is the business of a :class:`Performer`: one for servers, one for clients
and receivers.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from signoff_conformance.cases import Case, Variant
from signoff_conformance.verdicts import Result, Verdict

CASE_SECONDS = 60.0
"""A case that takes longer has failed: something hangs."""


class Failed(Exception):
    """What was judged is not as it must be; the text says how, in words."""


class NotSupported(Exception):
    """The subject has said that it lacks what the case is about."""


class Untestable(Exception):
    """There is no means to find out."""


class TargetError(Exception):
    """What is judged can't be started or reached: nothing can be said of it. The text says why."""


class Performer(Protocol):
    """Performs the steps of cases on one subject."""

    subject: str
    """Its name in the report."""

    checks: int
    """How many things it has compared in the case that runs."""

    async def prepare(self, case: Case) -> None:
        """Have ready what the case needs. It takes the time that it takes: none of the case's.

        Raises:
            Failed, NotSupported, Untestable, TargetError: as :meth:`perform` does.
        """

    async def perform(self, case: Case, variant: Variant) -> None:
        """Perform one case in one variant.

        Raises:
            Failed, NotSupported, Untestable, TargetError: what becomes of the case.
            Exception: anything else is a fault of the suite.
        """

    def transcript(self) -> Sequence[Any]:
        """What went over the wire in the case that was performed last, as JSON values."""


@dataclass(frozen=True, slots=True)
class Item:
    """A case in one of its variants."""

    case: Case
    variant: Variant

    @property
    def name(self) -> str:
        """``SRV-DEC-001[decision=approved]``."""
        return f"{self.case.id}[{self.variant.name}]" if self.variant.name else self.case.id


def select(cases: Iterable[Case], wanted: Sequence[str] = ()) -> list[Item]:
    """Every variant of the cases, or of those whose id or name begins with one of ``wanted``."""
    items = [Item(case, variant) for case in cases for variant in case.variants]
    if not wanted:
        return items
    return [item for item in items if any(item.name.startswith(one) for one in wanted)]


async def run(
    items: Sequence[Item],
    performers: Sequence[Performer],
    *,
    told: Callable[[Result], None] = lambda _: None,
    dear: Callable[[Item], bool] = lambda _: False,
) -> list[Result]:
    """Run all items, each on one of the performers; the results in the order of the items.

    Args:
        items: what to run.
        performers: as many as are to run at a time.
        told: hears of each result as it is there.
        dear: whether an item needs something that takes long to set up. The first performer runs
            those, before all others, so that it is set up once.
    """
    special = [(place, item) for place, item in enumerate(items) if dear(item)][::-1]
    waiting = [(place, item) for place, item in enumerate(items) if not dear(item)][::-1]
    results: dict[int, Result] = {}

    async def work(performer: Performer, queue: list[tuple[int, Item]]) -> None:
        while queue:
            place, item = queue.pop()
            results[place] = await run_one(item, performer)
            told(results[place])

    first, *others = performers
    await asyncio.gather(
        _in_turn(work(first, special), work(first, waiting)),
        *(work(performer, waiting) for performer in others),
    )
    return [results[place] for place in sorted(results)]


async def _in_turn(*works: Awaitable[None]) -> None:
    for one in works:
        await one


async def run_one(item: Item, performer: Performer, seconds: float = CASE_SECONDS) -> Result:
    """Run one item to its verdict; nothing that it raises gets out."""
    began = time.perf_counter()
    verdict, reason = Verdict.PASS, ""
    try:
        await performer.prepare(item.case)
        began = time.perf_counter()
        async with asyncio.timeout(seconds):
            await performer.perform(item.case, item.variant)
    except Failed as failed:
        verdict, reason = Verdict.FAIL, str(failed)
    except NotSupported as lacking:
        verdict, reason = Verdict.NOT_SUPPORTED, str(lacking)
    except Untestable as untestable:
        verdict, reason = Verdict.UNTESTABLE, str(untestable)
    except TargetError as error:
        verdict, reason = Verdict.HARNESS_ERROR, str(error)
    except TimeoutError:
        verdict, reason = Verdict.FAIL, f"it was not over after {seconds:.0f} s"
    except Exception:  # noqa: BLE001 - whatever it is, the other cases go on
        verdict, reason = Verdict.HARNESS_ERROR, traceback.format_exc(limit=-6)
    return Result(
        case_id=item.case.id,
        variant=item.variant.name,
        verdict=verdict,
        subject=performer.subject,
        requirement=item.case.requirement,
        title=item.case.title,
        reason=reason,
        seconds=time.perf_counter() - began,
        transcript=() if verdict is Verdict.PASS else tuple(performer.transcript()),
        checks=performer.checks,
    )
