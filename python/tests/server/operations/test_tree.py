"""The tree: a change of one execution with those above it, and what guards it."""

from __future__ import annotations

import pytest

from signoff.server.domain.errors import NotFound
from signoff.server.domain.event import SERVER, EventType
from signoff.server.domain.execution import CANCELLED, SUCCEEDED
from signoff.server.domain.store import Change, Missed
from signoff.server.operations.tree import Tree
from tests.server.operations.world import PERSON, World


async def family(world: World) -> tuple[str, str, str, str]:
    """A root, its child, that one's child, and a brother of the last; all in hand."""
    root = await world.running()
    child = await world.running(root)
    leaf = await world.running(child)
    brother = await world.running(child)
    return root, child, leaf, brother


async def opened(world: World, execution_id: str, gates: int = 1) -> None:
    tree = await Tree.load(world.context, execution_id)
    for _ in range(abs(gates)):
        opens = gates > 0
        tree.append(EventType.APPROVAL_REQUESTED if opens else EventType.APPROVAL_DECIDED, PERSON)
        (tree.gate_opened if opens else tree.gate_closed)(PERSON)
    await world.store.apply(tree.change())


async def test_an_unknown_execution_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await Tree.load(world.context, "exec_none")


async def test_whoever_is_above_a_waiting_execution_waits_and_goes_on_with_it(
    world: World,
) -> None:
    root, child, leaf, brother = await family(world)
    await opened(world, leaf)
    assert await world.statuses(root, child, leaf, brother) == ["waiting"] * 3 + ["running"]
    assert (await world.types(root))[-1] == "execution.waiting"
    assert (await world.types(leaf))[-2:] == ["approval.requested", "execution.waiting"]
    await opened(world, leaf, -1)
    assert await world.statuses(root, child, leaf, brother) == ["running"] * 4
    assert (await world.types(root))[-2:] == ["execution.waiting", "execution.resumed"]


async def test_a_second_waiting_child_is_counted_without_an_event(world: World) -> None:
    root, child, leaf, brother = await family(world)
    await opened(world, leaf)
    before = await world.types(child)
    await opened(world, brother)
    assert await world.types(child) == before
    assert (await world.execution(child))["waiting_children"] == 2
    await opened(world, leaf, -1)
    assert await world.statuses(root, child, leaf, brother) == [
        "waiting",
        "waiting",
        "running",
        "waiting",
    ]
    await opened(world, brother, -1)
    assert await world.statuses(root, child, leaf, brother) == ["running"] * 4


async def test_two_counts_built_on_one_state_cannot_both_apply(world: World) -> None:
    _, child, leaf, brother = await family(world)
    third = await world.running(child)
    await opened(world, leaf)
    one = await Tree.load(world.context, brother)
    two = await Tree.load(world.context, third)
    for tree in (one, two):
        tree.append(EventType.APPROVAL_REQUESTED, PERSON)
        tree.gate_opened(PERSON)
    await world.store.apply(one.change())
    with pytest.raises(Missed):
        await world.store.apply(two.change())
    assert (await world.execution(child))["waiting_children"] == 2
    assert await world.statuses(third) == ["running"]


async def test_a_count_and_a_move_built_on_one_state_cannot_both_apply(world: World) -> None:
    """The parent opens a gate of its own while a second child of its begins to wait."""
    _, child, leaf, brother = await family(world)
    await opened(world, leaf)
    parent = await Tree.load(world.context, child)
    parent.append(EventType.APPROVAL_REQUESTED, PERSON)
    parent.gate_opened(PERSON)
    await opened(world, brother)
    with pytest.raises(Missed):
        await world.store.apply(parent.change())


async def test_an_execution_that_nobody_holds_is_due_when_a_gate_closes(world: World) -> None:
    root, child, leaf, _ = await family(world)
    await opened(world, leaf, 2)
    for execution_id in (root, leaf):
        await world.release(execution_id)
    world.clock.advance(5)
    await opened(world, leaf, -1)
    assert (await world.execution(leaf))["dispatch_at"] == world.clock.now()
    assert (await world.execution(root))["dispatch_at"] is None
    assert await world.statuses(root, child, leaf) == ["waiting"] * 3
    await opened(world, leaf, -1)
    assert (await world.execution(root))["dispatch_at"] == world.clock.now()
    assert (await world.execution(child))["dispatch_at"] is None  # its instance holds it


async def test_a_parent_that_was_due_stays_due_when_a_child_begins_to_wait(world: World) -> None:
    _, child, leaf, _ = await family(world)
    await world.release(child)
    due = (await world.execution(child))["dispatch_at"]
    world.clock.advance(5)
    await opened(world, leaf)
    row = await world.execution(child)
    assert (row["status"], row["dispatch_at"]) == ("waiting", due)


async def test_the_end_of_a_waiting_child_lets_its_parent_go_on(world: World) -> None:
    root, child, leaf, _ = await family(world)
    await opened(world, leaf)
    tree = await Tree.load(world.context, leaf)
    tree.move(CANCELLED, SERVER, reason="enough")
    await world.store.apply(tree.change())
    assert await world.statuses(root, child, leaf) == ["running", "running", "cancelled"]


async def test_the_end_of_a_child_wakes_a_waiting_parent_that_nobody_holds(world: World) -> None:
    _, child, leaf, brother = await family(world)
    await opened(world, leaf)
    await world.release(child)
    assert (await world.execution(child))["dispatch_at"] is None
    tree = await Tree.load(world.context, brother)
    tree.move(SUCCEEDED, SERVER, result="1")
    await world.store.apply(tree.change())
    row = await world.execution(child)
    assert (row["status"], row["dispatch_at"]) == ("waiting", world.clock.now())


async def succeeded(world: World, execution_id: str) -> None:
    tree = await Tree.load(world.context, execution_id)
    tree.move(SUCCEEDED, SERVER, result="1")
    await world.store.apply(tree.change())


async def test_whoever_is_above_a_finished_parent_waits_for_what_is_below_it(
    world: World,
) -> None:
    root, child, leaf, brother = await family(world)
    await succeeded(world, child)
    events = await world.types(child)
    await opened(world, leaf)
    await opened(world, brother)
    assert await world.statuses(root, child, leaf) == ["waiting", "succeeded", "waiting"]
    await opened(world, leaf, -1)
    assert await world.statuses(root, leaf) == ["waiting", "running"]
    await world.release(root)
    await opened(world, brother, -1)
    assert await world.statuses(root, child, brother) == ["running", "succeeded", "running"]
    assert (await world.execution(root))["dispatch_at"] == world.clock.now()
    assert await world.types(child) == events


async def test_whoever_is_above_goes_on_waiting_when_the_parent_ends_before_its_child(
    world: World,
) -> None:
    root, child, leaf, _ = await family(world)
    await opened(world, leaf)
    await succeeded(world, child)
    assert await world.statuses(root, child, leaf) == ["waiting", "succeeded", "waiting"]
    await opened(world, leaf, -1)
    assert await world.statuses(root, child, leaf) == ["running", "succeeded", "running"]


async def test_an_end_and_a_count_built_on_one_state_cannot_both_apply(world: World) -> None:
    """The parent ends while its child goes on: else whoever is above it would wait for ever."""
    root, child, leaf, _ = await family(world)
    await opened(world, leaf)
    await opened(world, child)
    end = await Tree.load(world.context, child)
    end.move(SUCCEEDED, SERVER, result="1")
    await opened(world, leaf, -1)
    with pytest.raises(Missed):
        await world.store.apply(end.change())
    await succeeded(world, child)
    assert await world.statuses(root, child, leaf) == ["running", "succeeded", "running"]


async def test_descendants_are_the_unfinished_ones_below_parents_first(world: World) -> None:
    root, child, leaf, brother = await family(world)
    tree = await Tree.load(world.context, child)
    tree.move(SUCCEEDED, SERVER, result="1")
    await world.store.apply(tree.change())
    below = (await Tree.load(world.context, root, descendants=True)).descendants
    assert [member.chain_id for member in below] == [leaf, brother]
    assert (await Tree.load(world.context, root)).descendants == []
    above = (await Tree.load(world.context, leaf)).ancestors
    assert [member.chain_id for member in above] == [child, root]


async def test_a_whole_tree_moves_in_one_change(world: World) -> None:
    root, child, leaf, brother = await family(world)
    await opened(world, leaf)
    tree = await Tree.load(world.context, root, descendants=True)
    for member in (tree.execution, *tree.descendants):
        tree.move(CANCELLED, PERSON, of=member)
    await world.store.apply(tree.change())
    assert await world.statuses(root, child, leaf, brother) == ["cancelled"] * 4
    for execution_id in (root, child, leaf, brother):
        assert (await world.types(execution_id))[-1] == "execution.cancelled"


async def test_a_member_that_is_held_must_be_as_it_was_read(world: World) -> None:
    root, child, *_ = await family(world)
    for change_it in (False, True):
        tree = await Tree.load(world.context, child)
        tree.hold(tree.ancestors[0])
        tree.append(EventType.NOTE, PERSON, data={"attempt": 1})
        if change_it:
            other = await Tree.load(world.context, root)
            other.append(EventType.NOTE, PERSON)
            await world.store.apply(other.change())
            with pytest.raises(Missed):
                await world.store.apply(tree.change())
        else:
            await world.store.apply(tree.change())


async def test_a_change_wakes_who_watches_what_it_touched_and_no_other(world: World) -> None:
    _, _, leaf, _ = await family(world)
    tree = await Tree.load(world.context, leaf)
    row = tree.append("agent.tool_call", PERSON, content="1", key="tool.1", of=tree.execution)
    tree.wake("apr:x")
    change = tree.change()
    assert change.topics == {f"exec:{leaf}", "apr:x"}
    await world.store.apply(change)
    assert (await world.events(leaf))[-1]["hash"] == row["hash"]


async def test_a_change_wakes_the_loops_when_something_falls_due(world: World) -> None:
    await world.instance()
    execution_id = await world.queued()
    tree = await Tree.load(world.context, execution_id)
    tree.append(EventType.NOTE, PERSON)
    assert tree.change().topics == {f"exec:{execution_id}"}
    tree = await Tree.load(world.context, execution_id)
    tree.execution.claim("i-1", at=tree.now)  # its running clock runs
    assert tree.change().topics == {f"exec:{execution_id}", "due"}


async def test_what_is_deferred_is_built_when_all_else_is_done(world: World) -> None:
    execution_id = await world.running()
    tree = await Tree.load(world.context, execution_id)
    heads: list[int] = []

    def note() -> list[object]:
        heads.append(tree.execution.head["seq"])
        return []

    tree.defer(note)  # type: ignore[arg-type]
    tree.append(EventType.NOTE, PERSON)
    tree.append(EventType.NOTE, PERSON)
    assert isinstance(tree.change(), Change)
    assert heads == [4]
