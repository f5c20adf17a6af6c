"""JSON in and out without losing anything: what is read is what is written.

Users' JSON (`input`, `result`, `payload`, `response`, step results) is stored as text and
given back equal. Python's own reader lets several things pass that break this promise; they
are refused here, with the reason and the place:

- `NaN` and `Infinity`, and numbers outside a double's range such as `1e400`
- half a surrogate pair (`"\\ud800"`), bytes that are not UTF-8, a byte order mark
- the same key twice in one object: "the last one wins" would drop the first in silence
- arrays and objects nested deeper than `MAX_DEPTH`
- an integer of more digits than Python converts (`sys.get_int_max_str_digits()`, 4,300):
  the conversion takes time that grows with the square of the length

Kept are integers of any other size (as `int`, exact), the order of keys, `1.0` beside `1`.

Pure, standard library only: the SDK and the server share it.
"""

import json
import math
import re
import sys
from collections import Counter
from typing import Any, Final, NoReturn

MAX_DEPTH: Final = 128
"""How many arrays and objects may stand inside one another; a number alone has depth 0."""


class InvalidJSON(ValueError):
    """The text, or the value to be written, is no JSON that comes back equal.

    `reason` says what is wrong; `position` is where: characters from the start (bytes when the
    text is not UTF-8), or None when a value has no place in a text.
    """

    def __init__(self, reason: str, position: int | None = None) -> None:
        super().__init__(reason if position is None else f"{reason} (at {position})")
        self.reason = reason
        self.position = position


def loads_strict(text: bytes | bytearray | str) -> Any:
    """Read one JSON value; bytes are UTF-8.

    Raises:
        InvalidJSON: the text is no JSON, or one of the kinds that this module refuses.
    """
    text = _decoded(text)
    try:
        value = _decode(text)
    except _Refused as refused:
        raise InvalidJSON(refused.reason, _find(refused.token, text)) from None
    except json.JSONDecodeError as error:
        raise InvalidJSON(error.msg[:1].lower() + error.msg[1:], error.pos) from None
    except RecursionError:
        raise InvalidJSON(_TOO_DEEP) from None
    except InvalidJSON:
        raise
    except ValueError:
        # The only one left: int() counts digits.
        limit = sys.get_int_max_str_digits()
        place = _find(rf"-?\d{{{limit + 1},}}+", text)
        raise InvalidJSON(f"integer of more than {limit} digits", place) from None
    _refuse_lone_surrogates(text)
    _refuse_depth(text)
    return value


def dumps_text(value: object) -> str:
    """Write a value compactly, keys in their order, so that `loads_strict` gives it back equal.

    `value` is made of dict with str keys, list, str, int, float, bool and None. (Keys that are
    numbers and tuples are written as `json` writes them, and come back as strings and lists.)

    Raises:
        InvalidJSON: NaN, an infinity, half a surrogate pair, a cycle, too deep, too many digits.
        TypeError: something that JSON has no word for.
    """
    try:
        text: str = _encode(value)
        if not text.isascii():
            text.encode()
    except UnicodeEncodeError:
        raise InvalidJSON(_LONE_SURROGATE) from None
    except RecursionError:
        raise InvalidJSON(_TOO_DEEP) from None
    except ValueError as error:
        raise InvalidJSON(str(error)) from None
    _refuse_depth(text)
    return text


_TOO_DEEP: Final = f"nested deeper than {MAX_DEPTH} arrays and objects"
_LONE_SURROGATE: Final = "half a surrogate pair"

# A whole string. Only ever run over text that is known to be
# JSON up to the place that is looked for: no string is left open, so no search starts over.
_STRING: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
# A backslash with what belongs to it; the group is half a pair.
_ESCAPES: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)
_OPEN_AND_CLOSE: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


class _Refused(Exception):
    """Raised inside the scanner, which knows no positions; `token` is a pattern to find it by."""

    def __init__(self, reason: str, token: str) -> None:
        self.reason = reason
        self.token = token


def _refuse_constant(token: str) -> NoReturn:
    raise _Refused(f"{token} is no JSON number", re.escape(token))


def _finite(token: str) -> float:
    number = float(token)
    if not math.isfinite(number):
        raise _Refused("number outside a double's range", re.escape(token))
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidJSON(f"key {_repeated(pairs)!r} appears twice in one object")
    return members


def _repeated(pairs: list[tuple[str, Any]]) -> str:
    """A key that is there more than once, cut to a length for a message."""
    counts = Counter(key for key, _ in pairs)
    return counts.most_common(1)[0][0][:80]


_decode: Final = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_unique
).decode
_encode: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def _decoded(text: bytes | bytearray | str) -> str:
    try:
        if not isinstance(text, str):
            text = text.decode()
        elif not text.isascii():
            text.encode()
    except UnicodeDecodeError as error:
        raise InvalidJSON("not UTF-8", error.start) from None
    except UnicodeEncodeError as error:
        raise InvalidJSON(_LONE_SURROGATE, error.start) from None
    if text.startswith("\ufeff"):
        raise InvalidJSON("byte order mark", 0)
    return text


def _find(token: str, text: str) -> int | None:
    """Where the first `token` that stands alone and outside of strings begins."""
    found = re.finditer(rf"{_STRING}|(?<![\d.eE+-])({token})(?![\d.eE+-])", text)
    return next((match.start() for match in found if match[1]), None)


def _refuse_lone_surrogates(text: str) -> None:
    if "\\ud" in text or "\\uD" in text:
        for match in _ESCAPES.finditer(text):
            if match[1]:
                raise InvalidJSON(_LONE_SURROGATE, match.start())


def _refuse_depth(text: str) -> None:
    # Counting is cheap, and in nearly every text there are not even that many brackets.
    if text.count("[") + text.count("{") > MAX_DEPTH and _deeper_than(MAX_DEPTH, text):
        raise InvalidJSON(_TOO_DEEP)


def _deeper_than(depth: int, text: str) -> bool:
    """Take strings away, then all but the brackets, then the innermost pairs, level by level.

    `text` is JSON already. A scan by characters would cost more than the reading did.
    """
    outside = "".join(text.replace(r"\\", "").replace('\\"', "").split('"')[::2])
    brackets = outside.encode().translate(_OPEN_AND_CLOSE, _NO_BRACKETS)
    for _ in range(depth):
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)
