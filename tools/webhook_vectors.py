"""Writes `conformance/vectors/webhook_signatures.json`, which every language's tests read.

The signatures are made here from their definition, not by any of the implementations that are
tested with them. Times and secrets are fixed, so that writing again changes nothing.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "conformance" / "vectors" / "webhook_signatures.json"
ABOUT = (
    "verify: 'webhook' takes the timestamped form only, 'approval_response' either form; "
    "'now' is seconds since 1970; the body is the UTF-8 of 'body' or the bytes of 'body_base64'. "
    "'verified' is what a good signature vouches for, 'reason' why a bad one is refused. "
    "'sign' says that signing with the first secret yields exactly these headers."
)

NOW = 1767225600
KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(100, 132))).decode()
PLAIN = "local approval secret"
ID = "msg_0198c0de-0000-7000-8000-000000000001"
BODY = '{"requestId":"draft-review","decision":"approved","feedback":"Ship it – 👍"}'

Case = dict[str, Any]


def v1(key: bytes, msg_id: str, timestamp: object, body: bytes | str) -> str:
    data = body.encode() if isinstance(body, str) else body
    signed = f"{msg_id}.{timestamp}.".encode() + data
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def triple(msg_id: str = ID, timestamp: object = NOW, signature: str | None = None) -> Case:
    return {
        "webhook-id": msg_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": v1(KEY, msg_id, timestamp, BODY) if signature is None else signature,
    }


def of_body(secret: str, body: str = BODY) -> str:
    return "sha256=" + hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()


def case(
    name: str, verify: str, headers: Case, *, secrets: tuple[str, ...] = (SECRET,), **more: Any
) -> Case:
    body = {} if "body_base64" in more else {"body": BODY}
    base = {"name": name, "verify": verify, "secrets": list(secrets), "now": NOW}
    return base | body | {"headers": headers} | more


def good(msg_id: str = ID, timestamp: int = NOW) -> Case:
    return {"verified": {"kind": "timestamped", "id": msg_id, "timestamp": timestamp}}


GOOD_BODY: Case = {"verified": {"kind": "body", "id": None, "timestamp": None}}


def timestamped_valid() -> Iterator[Case]:
    yield case("a signature by the secret", "webhook", triple(), sign=True, **good())
    yield case(
        "an empty body",
        "webhook",
        triple(signature=v1(KEY, ID, NOW, "")),
        sign=True,
        **good() | {"body": ""},
    )
    raw = b'\xff\x00 not text "\r\n'
    yield case(
        "bytes that are no text",
        "webhook",
        triple(signature=v1(KEY, ID, NOW, raw)),
        sign=True,
        body_base64=base64.b64encode(raw).decode(),
        **good(),
    )
    yield case(
        "names of headers in any case",
        "webhook",
        {
            "Webhook-Id": ID,
            "WEBHOOK-TIMESTAMP": str(NOW),
            "webhook-Signature": triple()["webhook-signature"],
        },
        **good(),
    )
    for seconds, word in ((-300, "old"), (300, "early")):
        at = NOW + seconds
        yield case(
            f"300 seconds {word} is within the window",
            "webhook",
            triple(timestamp=at),
            **good(timestamp=at),
        )
    wrong = v1(bytes(32), ID, NOW, BODY)
    right = triple()["webhook-signature"]
    yield case(
        "the second of several signatures",
        "webhook",
        triple(signature=f"{wrong} {right}"),
        **good(),
    )
    yield case(
        "beside versions and words that are not known",
        "webhook",
        triple(signature=f"v1a,xyz v2,{right[3:]} what {right}"),
        **good(),
    )
    yield case(
        "by the second of several secrets", "webhook", triple(), secrets=(OTHER, SECRET), **good()
    )
    yield case(
        "beside a secret that serves the body form only",
        "webhook",
        triple(),
        secrets=(PLAIN, SECRET),
        **good(),
    )
    yield case(
        "a secret without its padding",
        "webhook",
        triple(),
        secrets=(SECRET.rstrip("="),),
        sign=True,
        **good(),
    )
    dotted = "evt.1"
    yield case(
        "an id with a dot", "webhook", triple(msg_id=dotted), sign=True, **good(msg_id=dotted)
    )


def timestamped_invalid() -> Iterator[Case]:
    yield case("nothing signed", "webhook", {}, reason="missing")
    for absent in triple():
        left = {name: value for name, value in triple().items() if name != absent}
        yield case(f"without {absent}", "webhook", left, reason="missing")
    yield case(
        "the body form where only the timestamped one will do",
        "webhook",
        {"X-Webhook-Signature": of_body(SECRET)},
        reason="missing",
    )
    for seconds, word in (
        (-301, "301 seconds old"),
        (301, "301 seconds early"),
        (999 * NOW, "milliseconds"),
    ):
        yield case(
            f"a timestamp: {word}", "webhook", triple(timestamp=NOW + seconds), reason="stale"
        )
    yield case(
        "a timestamp: 300.5 seconds old",
        "webhook",
        triple(timestamp=NOW - 300),
        reason="stale",
        now=NOW + 0.5,
    )
    for text in (
        "",
        " ",
        "soon",
        "1767225600.0",
        "1e9",
        "-1",
        "+1767225600",
        "1767225600000000",
        "\uff11\uff17\uff16\uff17\uff12\uff12\uff15\uff16\uff10\uff10",
        "nan",
    ):
        yield case(
            f"a timestamp that reads {text!r}",
            "webhook",
            triple(timestamp=text),
            reason="malformed",
        )
    for msg_id, word in (
        ("", "empty"),
        ("a b", "with a space"),
        ("é", "not ASCII"),
        ("m" * 256, "too long"),
    ):
        yield case(f"an id that is {word}", "webhook", triple(msg_id=msg_id), reason="malformed")
    right = triple()["webhook-signature"]
    for text, word in (
        ("", "empty"),
        (right[3:], "without its version"),
        ("v2," + right[3:], "of another version"),
        ("V1," + right[3:], "with its version in capitals"),
    ):
        yield case(f"a signature {word}", "webhook", triple(signature=text), reason="malformed")
    for text, word in (
        ("v1,", "empty after v1"),
        ("v1,!!!", "that is no base64"),
        ("v1,é", "that is not ASCII"),
        (right[:-1], "without its padding"),
        (right.replace(",", ", "), "with a space after the comma"),
        (right + "AAAA", "with something behind it"),
    ):
        yield case(f"a signature {word}", "webhook", triple(signature=text), reason="mismatch")
    yield case(
        "one byte of the body changed",
        "webhook",
        triple(),
        reason="mismatch",
        body=BODY.replace("approved", "approvee"),
    )
    yield case("a newline after the body", "webhook", triple(), reason="mismatch", body=BODY + "\n")
    yield case(
        "the id changed", "webhook", triple() | {"webhook-id": ID[:-1] + "2"}, reason="mismatch"
    )
    yield case(
        "the timestamp changed",
        "webhook",
        triple() | {"webhook-timestamp": str(NOW - 1)},
        reason="mismatch",
    )
    yield case("by another secret", "webhook", triple(), secrets=(OTHER,), reason="mismatch")
    by_text = v1(SECRET.encode(), ID, NOW, BODY)
    yield case(
        "keyed by the text of the secret", "webhook", triple(signature=by_text), reason="mismatch"
    )
    plain = v1(PLAIN.encode(), ID, NOW, BODY)
    for secret, word in (
        (PLAIN, "a secret without whsec_"),
        ("whsec_!", "a secret that is no base64"),
        ("whsec_", "an empty key"),
        ("", "an empty secret"),
    ):
        yield case(word, "webhook", triple(signature=plain), secrets=(secret,), reason="secret")
    yield case("no secret", "webhook", triple(), secrets=(), reason="secret")


def approval_response_cases() -> Iterator[Case]:
    check = "approval_response"
    plain = {"X-Webhook-Signature": of_body(PLAIN)}
    yield case("the body form", check, plain, secrets=(PLAIN,), sign=True, **GOOD_BODY)
    yield case(
        "the body form, keyed by the text of a whsec_ secret",
        check,
        {"x-webhook-signature": of_body(SECRET)},
        **GOOD_BODY,
    )
    upper = "sha256=" + of_body(PLAIN)[7:].upper()
    yield case(
        "hex digits in capitals",
        check,
        {"X-Webhook-Signature": upper},
        secrets=(PLAIN,),
        **GOOD_BODY,
    )
    yield case(
        "the body form by the previous secret", check, plain, secrets=(OTHER, PLAIN), **GOOD_BODY
    )
    spaced = f" {PLAIN}\t"
    yield case(
        "the body form, keyed by the secret as it is written, with the spaces around it",
        check,
        {"X-Webhook-Signature": of_body(spaced)},
        secrets=(spaced,),
        sign=True,
        **GOOD_BODY,
    )
    yield case(
        "the body form knows no time",
        check,
        plain,
        secrets=(PLAIN,),
        **GOOD_BODY | {"now": NOW + 10**8},
    )
    yield case("the timestamped form will do too", check, triple(), **good())
    yield case(
        "both forms: the timestamped one decides",
        check,
        triple() | {"X-Webhook-Signature": "sha256=no"},
        **good(),
    )
    stale = triple(timestamp=NOW - 301) | {"X-Webhook-Signature": of_body(SECRET)}
    yield case("both forms: a stale one is not saved by the other", check, stale, reason="stale")
    yield case("neither form", check, {"webhook-id": ID}, reason="missing")
    digits = of_body(PLAIN)[7:]
    for text, word in (
        ("", "empty"),
        (digits, "without sha256="),
        ("sha256=", "without digits"),
        ("sha256=" + digits[:-1], "a digit short"),
        ("sha256=" + digits + "0", "a digit long"),
        ("sha256=" + digits[:-1] + "g", "not hex"),
        ("sha1=" + digits, "of another kind"),
        ("sha256=" + "é" * 64, "not ASCII"),
    ):
        yield case(
            f"X-Webhook-Signature {word}",
            check,
            {"X-Webhook-Signature": text},
            secrets=(PLAIN,),
            reason="malformed",
        )
    yield case(
        "X-Webhook-Signature: one byte of the body changed",
        check,
        plain,
        secrets=(PLAIN,),
        reason="mismatch",
        body=BODY.replace("approved", "rejected"),
    )
    yield case(
        "X-Webhook-Signature by another secret", check, plain, secrets=(OTHER,), reason="mismatch"
    )
    keyed = "sha256=" + hmac.new(KEY, BODY.encode(), hashlib.sha256).hexdigest()
    yield case(
        "X-Webhook-Signature keyed by the base64",
        check,
        {"X-Webhook-Signature": keyed},
        reason="mismatch",
    )
    empty = {"X-Webhook-Signature": of_body("")}
    yield case(
        "X-Webhook-Signature by the empty secret", check, empty, secrets=("",), reason="secret"
    )
    yield case("X-Webhook-Signature and no secret", check, empty, secrets=(), reason="secret")


def text() -> str:
    cases = [*timestamped_valid(), *timestamped_invalid(), *approval_response_cases()]
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in cases)
    return f'{{"about": {json.dumps(ABOUT)},\n"cases": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
