"""JSON texts, their canonical forms and digests, for the tests of all languages.

Keys of steps are made of these digests, so every language has to come to the same ones. Made by
Python's `signoff.canonical`, whose own tests compare it with an implementation of RFC 8785.
"""

import hashlib
from typing import Final

from signoff.canonical import canonical
from signoff.strict_json import loads_strict

TEXTS: Final = (
    "null",
    "true",
    '""',
    "[]",
    "{}",
    '{"args":[],"kwargs":{}}',
    '{"args":[{"approve":true,"amount_usd":4000.0,"confidence":0.82}],"kwargs":{}}',
    ' { "b" : 1 , "a" : [ 2 , { "d" : null , "c" : false } ] } ',
    '{"10":1,"9":2,"z":3,"":4,"A":5,"é":6}',
    '{"\\ud83d\\ude00":1,"\\ufb33":2,"\\ue000":3,"\\u20ac":4}',
    '"\\u0000\\b\\t\\n\\f\\r\\u001f\\u007f\\"\\\\\\/\\u2028\\u2029<>&"',
    '"Grüße, 世界, \\ud83d\\udc4d"',
    "[0,-0,0.0,-0.0,1.0,1e2,1E-2,100000000000000000000.0,1e21,1e-6,1e-7,0.1,4.50]",
    "[333333333.33333329,1.7976931348623157e308,5e-324,-5e-324,9007199254740992.0]",
    "[9007199254740993,123456789012345678901234567890,-18446744073709551617]",
    '["a note",["tag"]]',
)


def canonical_vectors() -> list[dict[str, str]]:
    """Return one entry for each text."""
    forms = [(text, canonical(loads_strict(text.encode()))) for text in TEXTS]
    return [
        {"text": text, "canonical": form.decode(), "sha256": hashlib.sha256(form).hexdigest()}
        for text, form in forms
    ]
