"""The canonical form is RFC 8785's; integers beyond doubles keep every digit."""

import hashlib
import json
import struct

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from signoff.canonical import GENESIS, canonical, digest, event_hash
from signoff.strict_json import InvalidJSON, loads_strict

LARGEST = 2**53 - 1

finite = st.floats(allow_nan=False, allow_infinity=False)
ijson_values = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | finite | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(ijson_values)
@example({"\U0001f600": 1, "\ufb33": 2, "\ue000": 3, "é": 4, "z": 5, "": 6})
@example(['\x00\x08\t\n\x0c\r\x1f\x7f"\\/\u2028'])
def test_the_form_is_that_of_rfc_8785(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(st.integers(0, 2**64 - 1))
def test_every_double_is_written_as_ecmascript_does(bits):
    (number,) = struct.unpack("<d", struct.pack("<Q", bits))
    if number - number == 0:
        assert canonical(number) == rfc8785.dumps(number)


@pytest.mark.parametrize(
    "number, text",
    [
        # RFC 8785, appendix B.
        (0.0, "0"),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (-5e-324, "-5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"),
        (-9007199254740992.0, "-9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"),
        (1.0000000000000001e23, "1.0000000000000001e+23"),
        (999999999999999700000.0, "999999999999999700000"),
        (999999999999999900000.0, "999999999999999900000"),
        (1e21, "1e+21"),
        (9.999999999999997e-7, "9.999999999999997e-7"),
        (0.000001, "0.000001"),
        (333333333.33333325, "333333333.33333325"),
        (-0.0000033333333333333333, "-0.0000033333333333333333"),
        (1424953923781206.25, "1424953923781206.2"),
        (1.0, "1"),
        (0.82, "0.82"),
        (1e-7, "1e-7"),
        (100.0, "100"),
        # Beyond the RFC: integers are exact.
        (2**53 + 1, "9007199254740993"),
        (-(10**30), "-1000000000000000000000000000000"),
        (True, "true"),
    ],
)
def test_numbers(number, text):
    assert canonical(number).decode() == text


def test_the_example_of_the_rfc():
    source = r"""{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }"""
    assert canonical(loads_strict(source)).decode() == (
        '{"literals":[null,true,false],'
        '"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_sort_by_their_utf16_code_units():
    names = ["€", "\r", "\ufb33", "1", "\U0001f600", "\x80", "ö"]
    ordered = ["\r", "1", "\x80", "ö", "€", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical(dict.fromkeys(names)))) == ordered


def test_a_tuple_is_an_array():
    assert canonical((1, [2], ())) == b"[1,[2],[]]"


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), [-float("inf")], "\ud800", {"\udc00": 1}, {"é\ud800": 1}]
)
def test_what_json_cannot_hold_is_a_value_error(value):
    with pytest.raises(ValueError, match=r"NaN|surrogate") as caught:
        canonical(value)
    assert isinstance(caught.value, InvalidJSON)


def test_a_cycle_is_a_value_error():
    value: dict[str, object] = {}
    value["again"] = value
    with pytest.raises(InvalidJSON, match="deep"):
        canonical(value)


@pytest.mark.parametrize("value", [b"bytes", {1}, object(), {1: "a"}, {"é": 1, 2: "b"}, {None: 1}])
def test_other_types_are_type_errors(value):
    with pytest.raises(TypeError, match=r"JSON type|not a string"):
        canonical(value)


def test_equal_meanings_have_equal_digests():
    assert digest({"b": 1.0, "a": [1e2]}) == digest(loads_strict('{"a": [100], "b": 1}'))
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert digest({"a": None}) != digest({})


def event(**changes: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "seq": 1,
        "type": "execution.created",
        "execution_id": "exec_1",
        "at": "2026-01-02T03:04:05.678Z",
        "actor": {"id": "local", "source": "open"},
        "data": {"input_sha256": digest({})},
        "prev_hash": GENESIS,
    }
    return fields | changes


def test_the_hash_of_an_event_is_over_the_previous_hash_and_its_canonical_form():
    text = (
        '{"actor":{"id":"local","source":"open"},"at":"2026-01-02T03:04:05.678Z",'
        '"data":{"input_sha256":"' + digest({}) + '"},"execution_id":"exec_1",'
        '"prev_hash":"' + "0" * 64 + '","seq":1,"type":"execution.created"}'
    )
    wanted = hashlib.sha256(("0" * 64 + text).encode()).hexdigest()
    assert event_hash(event()) == wanted
    assert event_hash(event(hash=wanted, content={"message": "named by its digest"})) == wanted


@pytest.mark.parametrize("member", event())
def test_every_member_of_an_event_counts(member):
    changed = "f" * 64 if member == "prev_hash" else "changed"
    assert event_hash(event(**{member: changed})) != event_hash(event())


def test_a_member_that_a_newer_server_adds_counts():
    assert event_hash(event(place="there")) != event_hash(event())


def test_an_event_without_a_previous_hash_has_no_hash():
    without = event()
    del without["prev_hash"]
    with pytest.raises(KeyError, match="prev_hash"):
        event_hash(without)
