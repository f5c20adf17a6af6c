"""Leases and liveness, on a clock that does not jump; the addresses of attempts."""

from __future__ import annotations

import hashlib

import pytest

from signoff.server.domain.node import (
    AttemptId,
    Pulse,
    digest_in_hand,
    fewest_first,
    parse_attempt_id,
)


@pytest.mark.parametrize(
    "pulse, grace, ends",
    [
        (Pulse(own=True, last_seen=1000), True, 31_000),
        (Pulse(own=False, last_seen=1000), False, 31_000),
        # Not heard since the start of the server: grace, if this start gives it.
        (Pulse(own=True, last_seen=1000, heard=False), True, 61_000),
        (Pulse(own=True, last_seen=1000, heard=False), False, 31_000),
        # Replaced at its own address: a short silence is enough, also after a start.
        (Pulse(own=True, last_seen=1000, replaced=True), True, 4000),
        (Pulse(own=False, last_seen=1000, replaced=True), True, 7000),
        (Pulse(own=False, last_seen=1000, heard=False, replaced=True), True, 7000),
        # Draining: what it named and ten seconds, however silent it is.
        (Pulse(own=True, last_seen=9000, draining_since=2000, drain_ms=60_000), True, 72_000),
        (Pulse(own=True, last_seen=1, draining_since=2000, drain_ms=0), True, 12_000),
        (Pulse(own=True, last_seen=1000, draining_since=2000, replaced=True), True, 4000),
    ],
)
def test_when_leases_end(pulse: Pulse, grace: bool, ends: int) -> None:
    assert pulse.lease_ends_at(grace=grace) == ends


@pytest.mark.parametrize(
    "pulse, now, takes",
    [
        (Pulse(own=True, last_seen=1000), 3999, True),
        (Pulse(own=True, last_seen=1000), 4000, False),
        (Pulse(own=False, last_seen=1000), 6999, True),
        (Pulse(own=False, last_seen=1000), 7000, False),
        (Pulse(own=True, last_seen=1000, heard=False), 1000, False),
        (Pulse(own=True, last_seen=1000, replaced=True), 1000, False),
        (Pulse(own=True, last_seen=1000, draining_since=1000), 1000, False),
    ],
)
def test_who_gets_new_work(pulse: Pulse, now: int, takes: bool) -> None:
    assert pulse.takes_work(now) is takes


def test_those_that_hold_the_least_come_first() -> None:
    assert fewest_first(["c", "b", "a", "d"], {"a": 2, "b": 1, "d": 1}) == ["c", "b", "d", "a"]


@pytest.mark.parametrize(
    "text, attempt",
    [
        ("exec_1", AttemptId("exec_1", 1)),
        ("exec_1~2", AttemptId("exec_1", 2)),
        ("exec_1~10", AttemptId("exec_1", 10)),
    ],
)
def test_attempt_ids_there_and_back(text: str, attempt: AttemptId) -> None:
    assert parse_attempt_id(text) == attempt
    assert str(attempt) == text


def test_before_the_first_dispatch_the_id_has_no_suffix() -> None:
    assert str(AttemptId("exec_1", 0)) == "exec_1"


@pytest.mark.parametrize("text", ["", "~2", "e~", "e~0", "e~1", "e~02", "e~x", "e~2~3", "e~-2"])
def test_other_suffixes_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="is not the id of an attempt"):
        parse_attempt_id(text)


def test_the_digest_of_what_is_in_hand() -> None:
    assert digest_in_hand([]) == hashlib.sha256(b"").hexdigest()
    held = [AttemptId("exec_b", 1), AttemptId("exec_a", 12)]
    assert digest_in_hand(held) == hashlib.sha256(b"exec_a~12\nexec_b\n").hexdigest()
