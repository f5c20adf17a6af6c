"""What `signoff doctor` finds in a database."""

from __future__ import annotations

from signoff.server.operations import deliveries, diagnosis
from tests.server.operations.stage import Stage

NOTIFY = "https://hooks.example.com/signoff"


async def found(stage: Stage, after_ms: int = 0) -> dict[str, tuple[str, str]]:
    findings = await diagnosis.examine(stage.store, stage.clock.now() + after_ms)
    assert all(bool(each.to_do) == (each.level != "ok") for each in findings)
    return {each.name: (each.level, each.what) for each in findings}


async def test_an_empty_database_is_well(stage: Stage) -> None:
    levels = {name: level for name, (level, _) in (await found(stage)).items()}
    well = dict.fromkeys(("database", "clock", "agents", "deliveries"), "ok")
    assert levels == well | {"keys": "warn"}


async def test_work_that_nobody_takes_is_named_by_its_node(stage: Stage) -> None:
    await stage.register()
    await stage.start()
    await stage.start()
    assert (await found(stage))["agents"][0] == "ok"
    level, what = (await found(stage, diagnosis.STUCK_MS + 1))["agents"]
    assert level == "warn"
    assert what.startswith("2 runs of refund-agent have waited since 2027-")


async def test_a_clock_that_was_set_back_fails(stage: Stage) -> None:
    await stage.register()
    await stage.start()
    assert (await found(stage, -4_000))["clock"][0] == "ok"
    assert (await found(stage, -60_000))["clock"][0] == "fail"


async def test_deliveries_that_are_stuck_or_dead_are_counted(stage: Stage) -> None:
    for _ in range(2):
        await stage.message_to(NOTIFY, execution_id=None)
    assert (await found(stage))["deliveries"][0] == "ok"
    level, what = (await found(stage, diagnosis.STUCK_MS + 1))["deliveries"]
    assert (level, what[:1]) == ("warn", "2")
    for message in await stage.store.all("list_messages", limit=10):
        await deliveries.mark_failed(stage.context, message, error="gone", next_at=None)
    assert (await found(stage))["deliveries"] == ("warn", "2 were given up")
