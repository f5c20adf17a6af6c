"""What an own agent has in hand, against what is leased to it."""

from __future__ import annotations

from typing import Any

from signoff.server.domain.in_hand import Roll
from signoff.server.domain.node import AttemptId, digest_in_hand, parse_attempt_id

A, B, C = (AttemptId(f"exec_{letter}", 1) for letter in "abc")


def says(*attempts: AttemptId) -> dict[str, Any]:
    return {"count": len(attempts), "digest": digest_in_hand(attempts)}


def lists(*attempts: AttemptId, page: int = 1, pages: int = 1) -> dict[str, Any]:
    return says(*attempts) | {"executions": [*map(str, attempts)], "page": page, "pages": pages}


def test_what_fits_asks_for_nothing() -> None:
    roll = Roll()
    assert roll.call(says(), [], set()) == (False, [], [])
    assert roll.call(says(B, A), [A, B], set()) == (False, [], [])


def test_a_difference_asks_for_the_list() -> None:
    assert Roll().call(says(A), [A, B], set()) == (True, [], [])
    # As many, but others.
    assert Roll().call(says(A), [B], set()) == (True, [], [])


def test_what_two_lists_in_a_row_lack_is_lost() -> None:
    roll = Roll()
    assert roll.call(lists(A), [A, B], set()) == (True, [], [])
    assert roll.call(lists(A), [A, B], set()) == (True, [str(B)], [])
    assert roll.call(says(A), [A], set()) == (False, [], [])


def test_what_comes_back_is_not_lost() -> None:
    roll = Roll()
    assert roll.call(lists(A), [A, B], set()) == (True, [], [])
    assert roll.call(lists(A, B), [A, B, C], set()) == (True, [], [])
    assert roll.call(lists(A, B), [A, B, C], set()) == (True, [str(C)], [])


def test_a_fit_in_between_starts_over() -> None:
    roll = Roll()
    assert roll.call(lists(A), [A, B], set()) == (True, [], [])
    assert roll.call(says(A, B), [A, B], set()) == (False, [], [])
    assert roll.call(lists(A), [A, B], set()) == (True, [], [])


def test_what_is_on_its_way_is_not_absent() -> None:
    roll = Roll()
    for _ in range(3):
        assert roll.call(lists(A), [A, B], {str(B)}) == (False, [], [])


def test_a_difference_that_lists_have_explained_is_not_asked_for_again() -> None:
    roll = Roll()
    # B is on its way, so that the agent need not have it yet.
    assert roll.call(lists(A), [A, B], {str(B)}) == (False, [], [])
    assert roll.call(says(A), [A, B], {str(B)}) == (False, [], [])
    assert roll.call(says(A), [A, B, C], set()) == (True, [], [])


def test_what_is_not_on_its_way_any_more_is_asked_for_again() -> None:
    """Who was sending it has died: neither the agent's list nor the leases change by themselves."""
    roll = Roll()
    assert roll.call(lists(A), [A, B], {str(B)}) == (False, [], [])
    assert roll.call(says(A), [A, B], set()) == (True, [], [])
    assert roll.call(lists(A), [A, B], set()) == (True, [], [])
    assert roll.call(lists(A), [A, B], set()) == (True, [str(B)], [])


def test_what_two_lists_in_a_row_have_too_much_is_to_be_stopped_once() -> None:
    roll = Roll()
    # The agent still has C, which ended here.
    assert roll.call(says(A, C), [A], set()) == (True, [], [])
    assert roll.call(lists(A, C), [A], set()) == (True, [], [])
    assert roll.call(lists(A, C), [A], set()) == (False, [], [str(C)])
    assert roll.call(says(A, C), [A], set()) == (False, [], [])
    assert roll.call(lists(A, C), [A, B], set()) == (True, [], [])
    assert roll.call(lists(A, C), [A, B], set()) == (True, [str(B)], [])


def test_what_is_gone_from_the_next_list_need_not_be_stopped() -> None:
    roll = Roll()
    assert roll.call(lists(A, C), [A], set()) == (True, [], [])
    assert roll.call(lists(A, B), [A], set()) == (True, [], [])
    assert roll.call(lists(A), [A], set()) == (False, [], [])


def test_a_list_comes_in_pages() -> None:
    roll = Roll()
    whole = says(A, B)
    first = whole | {"executions": [str(A)], "page": 1, "pages": 2}
    second = whole | {"executions": [str(B)], "page": 2, "pages": 2}
    assert roll.call(first, [A, B, C], set()) == (True, [], [])
    assert roll.call(second, [A, B, C], set()) == (True, [], [])
    assert roll.call(first, [A, B, C], set()) == (True, [], [])
    assert roll.call(second, [A, B, C], set()) == (True, [str(C)], [])


def test_pages_of_two_lists_make_none() -> None:
    """A page was lost: the next list begins anew, and what was left of the last is dropped."""
    roll = Roll()
    for _ in range(3):
        assert roll.call(lists(A, page=1, pages=2), [A, B], set()) == (True, [], [])
        assert roll.call(lists(page=3, pages=3), [A, B], set()) == (True, [], [])
        assert roll.call(lists(page=2, pages=2), [A, B], set()) == (True, [], [])
    assert roll.call(lists(A, B), [A, B], set()) == (False, [], [])


def test_ids_of_attempts_come_back() -> None:
    assert parse_attempt_id(str(AttemptId("exec_a", 3))) == ("exec_a", 3)
