"""Targets, and which child a call stands for."""

from __future__ import annotations

import pytest

from signoff.server.domain.call import Call, Target, match_call


def calls(*attempts: int) -> list[dict[str, int]]:
    """Children in the order of their occurrence, each with the last attempt that called it."""
    return [
        {"call_occurrence": occurrence, "parent_attempt": attempt}
        for occurrence, attempt in enumerate(attempts, 1)
    ]


@pytest.mark.parametrize(
    "text, target",
    [("a.b", ("a", "b")), ("a.b.c", ("a", "b.c")), ("a", ("a", ""))],
)
def test_a_target_is_parted_at_the_first_dot(text: str, target: tuple[str, str]) -> None:
    assert Target.parse(text) == target


@pytest.mark.parametrize(
    "stored, attempt, met, occurrence",
    [
        ((), 1, False, 1),
        ((1,), 1, False, 2),
        ((1, 1), 2, True, 1),
        ((2, 1), 2, True, 2),
        ((2, 2), 2, False, 3),
        ((3, 1), 3, True, 2),
    ],
)
def test_the_kth_call_of_an_attempt_meets_the_kth_child(
    stored: tuple[int, ...], attempt: int, met: bool, occurrence: int
) -> None:
    rows = calls(*stored)
    assert match_call(rows, attempt) == Call(rows[occurrence - 1] if met else None, occurrence)
