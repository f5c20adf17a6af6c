"""Canonical JSON (RFC 8785), and the digests that are taken of it.

Two texts that mean the same have one canonical form: no spaces, keys in the order of their
UTF-16 code units, numbers as ECMAScript writes them (`1`, not `1.0`; `1e+21`). Steps, repeated
requests and the chain of events are compared by the SHA-256 of that form.

One thing goes beyond the RFC, which knows doubles only: an integer beyond ±2^53 is written in
plain decimal, every digit of it, because users' integers are kept exact. Within ±2^53 the two
agree, and the data of events has no others.

Pure, standard library only: the SDK and the server share it.
"""

import hashlib
import json.encoder
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from signoff.strict_json import InvalidJSON

GENESIS: Final = "0" * 64
"""The `prev_hash` of the first event of a chain."""

UNHASHED: Final = ("hash", "content")
"""The members of an event that its hash leaves out: itself, and what `data` has a digest of."""


def canonical(value: object) -> bytes:
    """The RFC 8785 form of a value, as UTF-8.

    `value` is made of dict with str keys, list or tuple, str, int, float, bool and None.

    Raises:
        InvalidJSON: (a ValueError) NaN, an infinity, half a surrogate pair, a cycle or nesting
            that Python's stack does not hold.
        TypeError: something that JSON has no word for, a key that is no string.
    """
    try:
        return _text(value).encode()
    except UnicodeEncodeError:
        raise InvalidJSON("half a surrogate pair") from None
    except RecursionError:
        raise InvalidJSON("nested too deep") from None


def digest(value: object) -> str:
    """SHA-256 of the canonical form, in hex. Raises what `canonical` raises."""
    return hashlib.sha256(canonical(value)).hexdigest()


def event_hash(event: Mapping[str, Any]) -> str:
    """The hash of an event as it is served: SHA-256, in hex, over the previous hash and the event.

    That is: the 64 hex characters of its `prev_hash` (`GENESIS` for the first) as ASCII, then the
    canonical form of the event without its `UNHASHED` members. A member that is absent does not
    count; one that a newer server has added does.

    Raises:
        KeyError: it has no `prev_hash`.
        InvalidJSON, TypeError: as `canonical`.
    """
    covered = {name: value for name, value in event.items() if name not in UNHASHED}
    return hashlib.sha256(event["prev_hash"].encode("ascii") + canonical(covered)).hexdigest()


# Escapes what the RFC wants escaped, the way it wants it, and nothing else.
_quoted: Final[Callable[[str], str]] = json.encoder.encode_basestring


def _text(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, dict):
        return "{" + ",".join([_quoted(k) + ":" + _text(value[k]) for k in _ordered(value)]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([_text(item) for item in value]) + "]"
    if isinstance(value, float):
        return _number(value)
    raise TypeError(f"{type(value).__name__} is not a JSON type")


def _ordered(members: dict[Any, Any]) -> list[str]:
    try:
        if all(map(str.isascii, members)):
            return sorted(members)
        # Astral characters sort before U+E000..U+FFFF, as their surrogates do.
        return sorted(members, key=lambda key: str.encode(key, "utf-16-be"))
    except TypeError:
        raise TypeError("a key of an object is not a string") from None


def _number(number: float) -> str:
    """ECMAScript's Number::toString; its `k`, `n` and digits have the specification's meaning."""
    if not math.isfinite(number):
        raise InvalidJSON("NaN and infinities are no JSON numbers")
    if number == 0:
        return "0"  # -0 too
    if number < 0:
        return "-" + _number(-number)
    # repr() finds the same shortest digits; only where the point goes differs.
    mantissa, _, exponent = float.__repr__(number).partition("e")
    whole, _, fraction = mantissa.partition(".")
    padded = (whole + fraction).lstrip("0")
    n = len(padded) - len(fraction) + int(exponent or 0)
    digits = padded.rstrip("0")
    k = len(digits)
    if k <= n <= 21:
        return digits + "0" * (n - k)
    if 0 < n <= 21:
        return digits[:n] + "." + digits[n:]
    if -6 < n <= 0:
        return "0." + "0" * -n + digits
    point = "." if k > 1 else ""
    return f"{digits[0]}{point}{digits[1:]}e{n - 1:+d}"
