"""What is read is what is written; what cannot be kept is refused with reason and place."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from signoff.strict_json import MAX_DEPTH, InvalidJSON, dumps_text, loads_strict

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def short(value: object) -> str:
    return ascii(value)[:40]


def nested(depth: int, open_: str = "[", close: str = "]") -> str:
    return open_ * depth + close * depth


@given(json_values)
@example(-(2**53) - 1)
@example(10**4299)
@example({"2": 1, "1": 2, "": {"b": None, "a": [1.0, 1, -0.0, 1e308, 5e-324]}})
@example("\U0001f600 \x00 \x7f \u2028 \ue000 \\ud800 \\")
def test_what_is_written_is_read_back_equal(value):
    text = dumps_text(value)
    for form in (text, text.encode(), bytearray(text.encode())):
        again = loads_strict(form)
        # repr tells 1 from 1.0 and True, -0.0 from 0.0, and shows the order of keys.
        assert repr(again) == repr(value)


@pytest.mark.parametrize(
    "text, reason, position",
    [
        ("", "expecting value", 0),
        (" \t\r\n", "expecting value", None),
        ("\xa0 1", "expecting value", 0),
        ("{'a': 1}", "expecting property name enclosed in double quotes", 1),
        ("[1] 2", "extra data", 4),
        ("01", "extra data", 1),
        ('"tab\there"', "invalid control character at", 4),
        ('"never closed', "unterminated string starting at", 0),
        (r'"\x41"', r"invalid \escape", None),
        ("NaN", "NaN is no JSON number", 0),
        ('["NaN", "\\"NaN", NaN]', "NaN is no JSON number", 17),
        ("[1, Infinity]", "Infinity is no JSON number", 4),
        ('{"x": -Infinity}', "-Infinity is no JSON number", 6),
        ("1e400", "number outside a double's range", 0),
        ('{"1e400": [0.5, -1E+400]}', "number outside a double's range", 16),
        ("[0." + "0" * 500 + "1e400, 1e400]", "number outside a double's range", 510),
        (r'"\ud800"', "half a surrogate pair", 1),
        (r'"\uDFFF\uD800"', "half a surrogate pair", 1),
        (r'"\\\ud83d!"', "half a surrogate pair", 3),
        (r'{"\ud83d\ude00 \udbffx": 1}', "half a surrogate pair", 15),
        ('["\ud800"]', "half a surrogate pair", 2),
        ("\ufeff{}", "byte order mark", 0),
        ('{"a": 1, "b": {"c": 1, "c": 1}}', "key 'c' appears twice in one object", None),
        ("[0.5, 1" + "0" * 4300 + "]", "integer of more than 4300 digits", 6),
        ("[0." + "1" * 5000 + ", -1" + "0" * 4300 + "]", "integer of more than 4300 digits", 5005),
        (nested(MAX_DEPTH + 1), "nested deeper than 128 arrays and objects", None),
        (nested(65, '{"[]": [', "]}"), "nested deeper than 128 arrays and objects", None),
        (nested(500_000), "nested deeper than 128 arrays and objects", None),
        ("[" * 500_000, "nested deeper than 128 arrays and objects", None),
    ],
    ids=short,
)
def test_what_cannot_be_kept_is_refused_with_reason_and_place(text, reason, position):
    with pytest.raises(InvalidJSON) as caught:
        loads_strict(text)
    assert caught.value.reason.startswith(reason)
    if position is not None:
        assert caught.value.position == position
        assert str(caught.value) == f"{caught.value.reason} (at {position})"


@pytest.mark.parametrize(
    "text, reason, position",
    [
        (b'"\xff"', "not UTF-8", 1),
        (b'"\xed\xa0\x80"', "not UTF-8", 1),  # a surrogate written as UTF-8
        (b'"\xc0\xaf"', "not UTF-8", 1),  # "/" in two bytes
        (b"\xef\xbb\xbf{}", "byte order mark", 0),
        ("{}".encode("utf-16"), "not UTF-8", 0),
        ("{}".encode("utf-16-be"), "expecting value", 0),
    ],
)
def test_bytes_are_utf8_without_a_mark(text, reason, position):
    with pytest.raises(InvalidJSON, match=reason) as caught:
        loads_strict(text)
    assert caught.value.position == position


@pytest.mark.parametrize(
    "text, value",
    [
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'"\\ud800"', r"\ud800"),
        (r'"\\\\ud800 \u00e9"', r"\\ud800 é"),
        ("9007199254740993", 2**53 + 1),
        ("-123456789012345678901234567890", -123456789012345678901234567890),
        ("1e308", 1e308),
        ("1e-400", 0.0),
        ('{"a": {"c": 1}, "b": {"c": 1}}', {"a": {"c": 1}, "b": {"c": 1}}),
        (" [ ] ", []),
        ("null", None),
    ],
)
def test_everything_else_is_kept(text, value):
    read = loads_strict(text)
    assert repr(read) == repr(value)


def test_depth_counts_arrays_and_objects_and_not_what_stands_in_strings():
    assert loads_strict(nested(MAX_DEPTH)) is not None
    assert loads_strict(nested(MAX_DEPTH // 2, '{"[{\\"[\\\\": [', "]}")) is not None
    many = '{"a": [' + ", ".join(['{"b": []}'] * 1000) + "]}"
    assert len(loads_strict(many)["a"]) == 1000
    assert loads_strict('["' + "[{" * 200 + '"]') == ["[{" * 200]


def test_a_long_repeated_key_is_cut_in_the_message():
    key = "k" * 1000
    with pytest.raises(InvalidJSON) as caught:
        loads_strict(f'{{"a": 1, "{key}": 1, "{key}": 2}}')
    assert len(str(caught.value)) < 150


def cycle() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def deep(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value, reason",
    [
        (float("nan"), "not JSON compliant"),
        ([float("-inf")], "not JSON compliant"),
        ("\ud800", "half a surrogate pair"),
        ({"\udfff": 1}, "half a surrogate pair"),
        (cycle(), "Circular"),
        pytest.param(10**5000, "limit", id="digits"),
        pytest.param(deep(MAX_DEPTH + 1), "nested deeper than 128", id="deep"),
        pytest.param(deep(100_000), "nested deeper than 128", id="too-deep-for-the-stack"),
    ],
)
def test_what_would_not_be_read_back_is_not_written(value, reason):
    with pytest.raises(InvalidJSON, match=reason):
        dumps_text(value)
    assert dumps_text(deep(MAX_DEPTH)) == nested(MAX_DEPTH)


def test_writing_what_json_has_no_word_for_is_a_type_error():
    with pytest.raises(TypeError, match="set"):
        dumps_text({1, 2})


def test_hostile_text_takes_linear_time():
    # Each of these makes a careless search start over at every character.
    for text in ('["' + '\\"' * 500_000, "[1e400" + '"\\"' * 300_000, '"' * 500_000):
        with pytest.raises(InvalidJSON):
            loads_strict(text)
