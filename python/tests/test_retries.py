import pytest

from signoff.errors import ProtocolError, TransportError, api_error
from signoff.retries import FOREVER, ONCE, Retry, next_wait, retry_after

NOW = 1_767_605_400.0  # 2026-01-05T09:30:00Z


@pytest.mark.parametrize(
    "value,seconds",
    [
        (None, None),
        ("2", 2.0),
        (" 0 ", 0.0),
        ("Mon, 05 Jan 2026 09:30:07 GMT", 7.0),
        ("Mon, 05 Jan 2026 09:29:00 GMT", 0.0),
        ("1.5", None),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("9" * 400, None),
        ("٣", None),
    ],
)
def test_retry_after_has_two_forms(value, seconds):
    assert retry_after(value, NOW) == seconds


def wait(error, *, repeatable=True, failures=1, elapsed=0.0, retry=None, random=lambda: 0.0):
    return next_wait(
        retry or Retry(),
        error,
        repeatable=repeatable,
        failures=failures,
        elapsed=elapsed,
        random=random,
    )


REFUSED = TransportError("refused", sent=False)
LOST = TransportError("lost")


def test_waits_double_up_to_the_longest():
    waits = [wait(LOST, failures=n, retry=FOREVER) for n in range(1, 9)]
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert wait(LOST, failures=100_000, retry=FOREVER) == 10.0


def test_up_to_half_of_a_wait_is_left_to_chance():
    assert wait(LOST, random=lambda: 0.999999) == pytest.approx(0.1, abs=1e-6)
    assert wait(LOST, random=lambda: 0.5) == pytest.approx(0.15)


def test_attempts_are_all_tries_and_come_to_an_end():
    assert wait(LOST, failures=5, retry=Retry(attempts=6)) is not None
    assert wait(LOST, failures=6, retry=Retry(attempts=6)) is None
    assert wait(LOST, retry=ONCE) is None


def test_no_try_begins_after_the_time_that_was_given():
    assert wait(LOST, elapsed=59.8) == 0.2
    assert wait(LOST, elapsed=59.9) is None


def test_retry_after_goes_before():
    error = api_error(503, b"", retry_after=7.0)
    assert wait(error, failures=4) == 7.0
    assert wait(api_error(503, b"", retry_after=0.0), failures=2) == 0.4
    assert wait(error, elapsed=54.0) is None


def test_what_may_not_be_repeated_is_sent_again_only_if_it_never_left():
    assert wait(REFUSED, repeatable=False) == 0.2
    assert wait(LOST, repeatable=False) is None
    assert wait(api_error(503, b""), repeatable=False) is None


def test_an_answer_outside_the_contract_is_final():
    assert wait(ProtocolError("no")) is None
