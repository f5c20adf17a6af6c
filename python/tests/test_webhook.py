"""Signatures: the shared vectors, an independent implementation, openssl, and hostile headers."""

import base64
import json
import os
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
from hypothesis import example, given
from hypothesis import strategies as st

from signoff.webhook import (
    SignatureError,
    Verified,
    new_secret,
    sign_approval_response,
    sign_webhook,
    verify_approval_response,
    verify_webhook,
)

VECTORS = Path(__file__).parents[2] / "conformance" / "vectors" / "webhook_signatures.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))["cases"]
VERIFY: dict[str, Callable[..., Verified]] = {
    "webhook": verify_webhook,
    "approval_response": verify_approval_response,
}
NOW = 1_767_225_600
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

each_case = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])


def body_of(case: Mapping[str, Any]) -> bytes:
    if "body_base64" in case:
        return base64.b64decode(case["body_base64"])
    return str(case["body"]).encode()


@each_case
def test_shared_vectors(case):
    verify = VERIFY[case["verify"]]
    arguments = (case["headers"], body_of(case), case["secrets"], case["now"])
    if "reason" in case:
        with pytest.raises(SignatureError) as refused:
            verify(*arguments)
        assert refused.value.reason == case["reason"]
        for secret in filter(None, case["secrets"]):
            assert secret not in str(refused.value)
    else:
        assert verify(*arguments) == Verified(**case["verified"])


@pytest.mark.parametrize("case", [case for case in CASES if case.get("sign")])
def test_signing_yields_the_headers_of_the_vectors(case):
    secret, body = case["secrets"][0], body_of(case)
    if case["verified"]["kind"] == "body":
        assert {"X-Webhook-Signature": sign_approval_response(secret, body)} == case["headers"]
    else:
        good = case["verified"]
        assert sign_webhook(secret, good["id"], good["timestamp"], body) == case["headers"]


def standing_at(seconds: float) -> type[datetime]:
    """The oracle reads the wall clock."""

    class FixedDatetime(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(seconds, tz)

    return FixedDatetime


def oracle_accepts(case: Mapping[str, Any]) -> bool:
    for secret in case["secrets"]:
        try:
            standardwebhooks.Webhook(secret).verify(
                body_of(case).decode(), dict(case["headers"]), json_parse=False
            )
        except Exception:  # noqa: BLE001 - it raises many kinds for malformed input
            continue
        return True
    return False


# Where the published implementation says otherwise, each with its reason.
DIFFERENT = {
    "an id that is with a space",  # it takes any id
    "an id that is not ASCII",
    "an id that is too long",
    "a signature with something behind it",  # its base64 ends at the padding
    "bytes that are no text",  # it knows text only
    "beside versions and words that are not known",  # a word without a comma stops it
}


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["verify"] == "webhook"], ids=lambda case: case["name"]
)
def test_vectors_agree_with_the_published_implementation(case, monkeypatch):
    monkeypatch.setattr("standardwebhooks.webhooks.datetime", standing_at(case["now"]))
    agrees = oracle_accepts(case) == ("verified" in case)
    assert agrees == (case["name"] not in DIFFERENT)


@given(st.binary(min_size=1, max_size=64), st.text(), st.integers(0, 2**37))
def test_what_we_sign_is_what_the_published_implementation_signs(key, text, seconds):
    secret = "whsec_" + base64.b64encode(key).decode()
    body = text.encode()
    ours = sign_webhook(secret, "msg_1", seconds, body)
    theirs = standardwebhooks.Webhook(key)
    assert verify_webhook(ours, body, [secret], seconds) == Verified(
        "timestamped", "msg_1", seconds
    )
    assert (
        theirs.sign("msg_1", datetime.fromtimestamp(seconds, UTC), text)
        == ours["webhook-signature"]
    )


def test_the_body_form_is_what_openssl_prints():
    body = '{"requestId":"draft-review","decision":"approved"}'
    line = """printf '%s' "$BODY" | openssl dgst -sha256 -hmac "$SECRET" | awk '{print $2}'"""
    for secret in ("local secret", SECRET, "gehe\u00efm", os.fsdecode(b"not utf-8 \xff")):
        printed = subprocess.run(
            ["sh", "-c", line],
            env=os.environ | {"BODY": body, "SECRET": secret},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        assert sign_approval_response(secret, body.encode()) == f"sha256={printed}"


texts = st.text() | st.text("v1,=, \x00sha256é\ud800" + "0123456789abcdefABCDEF+/")
names = st.sampled_from(
    ["webhook-id", "webhook-timestamp", "webhook-signature", "X-Webhook-Signature"]
)


@given(
    st.dictionaries(names, texts | st.just(str(NOW))),
    st.binary(max_size=20),
    st.lists(st.just(SECRET) | texts | texts.map("whsec_".__add__), max_size=3),
)
@example(
    {"webhook-id": "m", "webhook-timestamp": str(NOW), "webhook-signature": "v1,\ud800"},
    b"",
    [SECRET],
)
def test_nothing_but_a_signature_error_comes_of_hostile_input(headers, body, secrets):
    for verify in VERIFY.values():
        with pytest.raises(SignatureError):
            verify(headers, body, secrets, NOW)


def test_a_new_secret_serves_both_forms():
    secret = new_secret()
    assert secret != new_secret()
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    body = b"{}"
    signed = sign_webhook(secret, "msg_1", NOW, body)
    assert verify_approval_response(signed, body, [secret], NOW).kind == "timestamped"
    header = {"x-webhook-signature": sign_approval_response(secret, body)}
    assert verify_approval_response(header, body, [secret], NOW) == Verified("body")


@pytest.mark.parametrize("secret", ["", "plain", "whsec_", "whsec_?", "whsec_é", "whsec_A"])
def test_signing_with_a_time_needs_a_secret_of_its_form(secret):
    with pytest.raises(SignatureError) as refused:
        sign_webhook(secret, "msg_1", NOW, b"")
    assert refused.value.reason == "secret"


def test_signing_a_body_needs_a_secret():
    with pytest.raises(SignatureError, match="empty"):
        sign_approval_response("", b"")
    with pytest.raises(SignatureError, match="UTF-8") as refused:
        sign_approval_response("half \ud800", b"")
    assert "half" not in repr(refused.value)
    assert refused.value.__cause__ is None


def test_the_clock_may_have_fractions():
    headers = sign_webhook(SECRET, "msg_1", NOW, b"")
    assert verify_webhook(headers, b"", [SECRET], NOW + 300.0).timestamp == NOW
    with pytest.raises(SignatureError, match="within 300 s"):
        verify_webhook(headers, b"", [SECRET], NOW + 300.001)


def test_every_candidate_is_compared_in_constant_time(monkeypatch):
    compared = []

    def compare(mine, theirs):
        compared.append(theirs)
        return mine == theirs

    monkeypatch.setattr("hmac.compare_digest", compare)
    headers = sign_webhook(SECRET, "msg_1", NOW, b"")
    headers["webhook-signature"] += " v1,other"
    assert verify_webhook(headers, b"", [SECRET, new_secret()], NOW).id == "msg_1"
    assert len(compared) == 4
