"""When a request of an execution is one that was asked before: every rule, and every edge."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from signoff.server.domain.matching import (
    Asked,
    ConflictWith,
    Match,
    New,
    Replayed,
    Same,
    differences,
    match,
    match_standalone,
)
from tests.server.rows import NOW


def row(own_id: str = "draft", occurrence: int = 1, **columns: Any) -> dict[str, Any]:
    whole = {
        "id": f"apr_{own_id}_{occurrence}",
        "approval_request_id": own_id,
        "occurrence": occurrence,
        "seen_attempt": 1,
        "step_key": None,
        "content_sha256": Asked(own_id, title="Publish?").content_sha256,
        "title": "Publish?",
        "description": None,
        "payload": None,
        "url": "https://review.example.com/draft",
        "decided_at": NOW,
        "expires_at": NOW + 1000,
    }
    return whole | columns


def ask(own_id: str = "draft", **fields: Any) -> Asked:
    same: dict[str, Any] = {
        "title": "Publish?",
        "url": "https://review.example.com/draft",
        "attempt": 1,
    }
    return Asked(own_id, **same | fields)


def told(found: Match) -> str:
    """A match as a word and the id that it names."""
    if isinstance(found, New):
        return f"New {found.occurrence}"
    return f"{type(found).__name__} {found.row['id']}"


def test_the_first_question_is_new() -> None:
    assert match([], ask()) == New(1)
    assert match([row("other")], ask()) == New(1)


def test_a_repeat_at_the_same_place_is_the_same_even_after_its_decision() -> None:
    stored = [row(step_key="pause.1")]
    assert told(match(stored, ask(step_key="pause.1", own=True))) == "Same apr_draft_1"
    fresh = ask("fresh-id", step_key="pause.1", own=True, url="https://elsewhere.example.com")
    assert told(match(stored, fresh)) == "Same apr_draft_1"
    other = ask(step_key="pause.1", own=True, title="Delete?")
    assert told(match(stored, other)) == "ConflictWith apr_draft_1"


def test_a_repeat_while_pending_is_the_same() -> None:
    stored = [row(decided_at=None)]
    assert told(match(stored, ask())) == "Same apr_draft_1"
    assert told(match(stored, ask(step_key="pause.2", own=True))) == "Same apr_draft_1"
    assert told(match(stored, ask(title="Delete?"))) == "ConflictWith apr_draft_1"
    assert told(match(stored, ask(url=None))) == "ConflictWith apr_draft_1"


def test_a_loop_over_one_gate_asks_every_time() -> None:
    stored: list[dict[str, Any]] = []
    for occurrence in range(1, 6):
        found = match(stored, ask(step_key=f"pause.{occurrence}", own=True))
        assert found == New(occurrence)
        stored.append(row(occurrence=occurrence, step_key=f"pause.{occurrence}"))


def test_a_later_attempt_meets_the_kth_with_the_kth() -> None:
    stored = [row(occurrence=n) for n in (1, 2, 3)]
    for n in (1, 2, 3):
        assert told(match(stored, ask(attempt=2))) == f"Replayed apr_draft_{n}"
        stored[n - 1]["seen_attempt"] = 2
    assert match(stored, ask(attempt=2)) == New(4)


def test_a_later_attempt_meets_the_first_again_whatever_attempts_lie_between() -> None:
    stored = [row(occurrence=1, seen_attempt=3), row(occurrence=2, seen_attempt=2)]
    assert told(match(stored, ask(attempt=7))) == "Replayed apr_draft_1"


@pytest.mark.parametrize("change", [{"title": "Delete?"}, {"url": None}, {"payload": {"a": 1}}])
def test_what_was_approved_is_what_the_reviewer_saw(change: dict[str, Any]) -> None:
    stored = [row(occurrence=1), row(occurrence=2)]
    assert told(match(stored, ask(attempt=2, **change))) == "ConflictWith apr_draft_1"


def test_a_pending_one_is_met_too() -> None:
    assert told(match([row(decided_at=None)], ask(attempt=2))) == "Replayed apr_draft_1"


def test_own_agents_may_ask_under_a_fresh_id_at_the_same_place() -> None:
    stored = [row("id-1", step_key="pause.1"), row("id-2", step_key="pause.2")]
    fresh = {"attempt": 2, "own": True, "url": "https://review.example.com/fresh"}
    assert told(match(stored, ask("id-9", step_key="pause.2", **fresh))) == "Replayed apr_id-2_1"
    changed = ask("id-9", step_key="pause.2", title="Delete?", **fresh)
    assert told(match(stored, changed)) == "ConflictWith apr_id-2_1"
    assert match(stored, ask("id-9", step_key="pause.3", **fresh)) == New(1)
    assert match(stored, ask("id-9", **fresh)) == New(1)
    foreign = ask("id-9", step_key="pause.2", attempt=2)
    assert match(stored, foreign) == New(1)


def test_what_this_attempt_has_met_is_not_met_again_at_another_place() -> None:
    stored = [row("id-1", step_key="pause.1", seen_attempt=2)]
    assert match(stored, ask("id-9", step_key="pause.2", attempt=2, own=True)) == New(1)


def test_the_own_id_counts_before_the_place() -> None:
    stored = [row("a", step_key="pause.1"), row("b", step_key="pause.2")]
    asked = ask("b", step_key="pause.1", attempt=2, own=True)
    assert told(match(stored, asked)) == "Replayed apr_b_1"


def test_foreign_agents_may_be_asked_anew() -> None:
    decided, pending = row(occurrence=1), row(occurrence=2, decided_at=None)
    never: dict[str, Any] = {"replay_decisions": False}
    assert match([decided], ask(attempt=2), **never) == New(2)
    found = match([decided, pending], ask(attempt=2), **never)
    assert told(found) == "Replayed apr_draft_2"
    assert told(match([decided], ask(attempt=2, own=True), **never)) == "Replayed apr_draft_1"


def every_case() -> Iterator[tuple[list[dict[str, Any]], Asked]]:
    ids, keys, seen, decided = ("draft", "other"), ("pause.1", None), (1, 2), (NOW, None)
    shapes = list(product(ids, keys, seen, decided))
    for first, second in product(shapes, shapes):
        stored, counts = [], {"draft": 0, "other": 0}
        for own_id, key, attempt, at in (first, second):
            counts[own_id] += 1
            stored.append(
                row(own_id, counts[own_id], step_key=key, seen_attempt=attempt, decided_at=at)
            )
        for key, own, title in product(keys, (True, False), ("Publish?", "Delete?")):
            yield stored, ask(attempt=2, step_key=key, own=own, title=title)


def test_in_every_case_the_rules_hold_in_their_order() -> None:
    cases = 0
    for stored, asked in every_case():
        found, cases = match(stored, asked), cases + 1
        here = [r for r in stored if r["seen_attempt"] == 2]
        mine = [r for r in stored if r["approval_request_id"] == "draft"]
        met = getattr(found, "row", None)
        # Nothing is met that says something else, and a conflict says something else.
        if isinstance(found, Same | Replayed):
            assert found.row["content_sha256"] == asked.content_sha256
        if isinstance(found, ConflictWith):
            assert differences(found, asked)
        # What this attempt has met is only ever a repeat; what it has not is only ever a replay.
        if isinstance(found, Same):
            assert met in here
        if isinstance(found, Replayed):
            assert met not in here
        # A foreign agent never gets the answer to another id, unless it named the place itself.
        if met is not None and not asked.own and asked.step_key is None:
            assert met["approval_request_id"] == "draft"
        # A new one never takes a number that is taken.
        if isinstance(found, New):
            assert found.occurrence not in {r["occurrence"] for r in mine}
            assert not any(r for r in mine if r not in here)
            assert not any(r for r in mine if r["decided_at"] is None)
    assert cases == 2048


def test_a_standalone_id_stands_for_its_request_until_it_expires() -> None:
    stored = row(occurrence=3)
    assert match_standalone(None, ask(), NOW) == New(1)
    assert told(match_standalone(stored, ask(), NOW + 999)) == "Same apr_draft_3"
    assert match_standalone(stored, ask(), NOW + 1000) == New(4)
    assert told(match_standalone(stored, ask(title="x"), NOW)) == "ConflictWith apr_draft_3"
    assert told(match_standalone(stored, ask(url=None), NOW)) == "ConflictWith apr_draft_3"


def test_a_conflict_says_where() -> None:
    stored = row(payload='{"a": 1.0}', description="long")
    met = ConflictWith(stored)
    assert differences(met, ask(payload={"a": 1}, description="long")) == []
    everything = ask(title=None, description="short", payload={"a": 2}, url=None)
    content = ["/title", "/description", "/payload"]
    assert differences(met, everything) == [*content, "/approval_request_url"]
    # Met at its place it may have another URL, so that is not what is wrong.
    assert differences(ConflictWith(stored, by_place=True), everything) == content
