"""Delays between tries, as numbers."""

from __future__ import annotations

from signoff.server.maintenance.backoff import DELIVERY, DISPATCH, Backoff


def test_delays_double_up_to_the_most() -> None:
    assert [DISPATCH.delay_ms(n) for n in range(1, 11)] == [
        *(200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000)
    ]
    assert DISPATCH.delay_ms(10_000) == 30_000


def test_chance_takes_away_up_to_its_part() -> None:
    most = Backoff(500, 300_000, 0.5, lambda: 0.0)
    least = Backoff(500, 300_000, 0.5, lambda: 1.0)
    assert [most.delay_ms(n) for n in (1, 2, 3, 11)] == [500, 1_000, 2_000, 300_000]
    assert [least.delay_ms(n) for n in (1, 2, 3, 11)] == [250, 500, 1_000, 150_000]


def test_retries_of_messages_are_spread_and_never_more_than_five_minutes_apart() -> None:
    delays = {DELIVERY.delay_ms(50) for _ in range(100)}
    assert len(delays) > 1
    assert all(150_000 <= delay <= 300_000 for delay in delays)
