"""Lanes: what may go now, and what waits for it."""

from __future__ import annotations

import pytest

from signoff.server.maintenance import lanes
from signoff.server.maintenance.lanes import Lanes, target_of

A = "http://a.test/x"
B = "http://b.test:8080/y"


def fill(queue: Lanes, url: str, *names: str) -> None:
    for name in names:
        queue.join(name, url)


def test_each_target_has_its_own_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "PER_TARGET", 2)
    queue = Lanes()
    fill(queue, A, "a1", "a2", "a3")
    fill(queue, B, "b1")
    assert list(queue.take()) == ["a1", "a2", "b1"]
    assert list(queue.take()) == []
    assert queue.leave("b1", arrived=True) is False
    assert queue.leave("a1", arrived=True) is True
    assert list(queue.take()) == ["a3"]


def test_there_is_an_end_to_all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "IN_ALL", 2)
    queue = Lanes()
    fill(queue, A, "a1", "a2")
    fill(queue, B, "b1")
    assert list(queue.take()) == ["a1", "a2"]
    assert queue.leave("a1", arrived=True) is True
    assert list(queue.take()) == ["b1"]


def test_after_a_failure_one_goes_at_a_time_until_one_arrives() -> None:
    queue = Lanes()
    fill(queue, A, "a1")
    assert list(queue.take()) == ["a1"]
    queue.leave("a1", arrived=False)
    fill(queue, A, "a2", "a3", "a4")
    assert list(queue.take()) == ["a2"]
    queue.leave("a2", arrived=None)  # it was not tried: nothing is known
    assert list(queue.take()) == ["a3"]
    queue.leave("a3", arrived=True)
    fill(queue, A, "a5")
    assert list(queue.take()) == ["a4", "a5"]


def test_a_message_is_known_until_it_leaves() -> None:
    queue = Lanes()
    fill(queue, A, "a1")
    assert "a1" in queue
    list(queue.take())
    assert "a1" in queue
    queue.leave("a1", arrived=True)
    assert "a1" not in queue


def test_clear_forgets_what_waits_and_who_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "PER_TARGET", 1)
    queue = Lanes()
    fill(queue, A, "a1", "a2")
    fill(queue, B, "b1")
    taken = list(queue.take())
    assert taken == ["a1", "b1"]
    queue.leave("b1", arrived=False)
    queue.clear()
    assert ("a1" in queue, "a2" in queue) == (True, False)
    queue.leave("a1", arrived=True)
    assert list(queue.take()) == []


@pytest.mark.parametrize(
    "url, target",
    [
        (A, "http://a.test"),
        (B, "http://b.test:8080"),
        ("https://a.test/x", "https://a.test"),
        ("http://[::1/", "http://[::1/"),
    ],
)
def test_a_target_is_an_origin(url: str, target: str) -> None:
    assert target_of(url) == target
