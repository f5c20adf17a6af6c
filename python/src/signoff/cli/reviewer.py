"""The demo's reviewer: you at the terminal, or else a signed message by curl and openssl."""

import subprocess
import sys
from shutil import which
from typing import TYPE_CHECKING, Final

from signoff.cli.exits import Exit
from signoff.cli.failures import Failure
from signoff.cli.stage import surroundings
from signoff.cli.teller import Teller
from signoff.contract_gen import Approval, Decision, DecisionReceipt
from signoff.errors import AlreadyDecidedError
from signoff.strict_json import InvalidJSON, loads_strict

if TYPE_CHECKING:
    from signoff.blocking.client import Client

ANSWERS: Final = {
    "y": Decision.APPROVED,
    "n": Decision.REJECTED,
    "c": Decision.REQUEST_CHANGES,
}

SCRIPT: Final = """\
BODY='{{"requestId": "{request_id}", "decision": "{decision}", "feedback": "confirmed"}}'
SIG=$(printf '%s' "$BODY" | openssl dgst -sha256 -hmac "$SIGNOFF_APPROVAL_WEBHOOK_SECRET" | awk '{{print $2}}')
curl -sS -X POST {url}/api/v1/webhooks/approval-response \\
  -H 'Content-Type: application/json' \\
  -H "X-Webhook-Signature: sha256=$SIG" \\
  -d "$BODY"
"""  # noqa: E501 - the line as it is published


def ask(client: "Client", approval: Approval, teller: Teller) -> Approval:
    """Let the person at the terminal decide; the request as it is then."""
    teller.note(
        f"or elsewhere: signoff approvals approve {approval.id} --server {client.server_url}"
    )
    decision = _chosen()
    feedback = _typed("  Feedback (may be empty): ")
    teller.resume()
    try:
        receipt = client.decide_approval_request(approval.id, decision, feedback=feedback or None)
    except AlreadyDecidedError:
        # From another terminal, meanwhile: the first decision wins, here too.
        return client.get_approval_request(approval.id)
    return receipt.approval


def check_programs() -> None:
    """See that the programs are there by which `sign` signs and sends.

    Raises:
        Failure: one is not.
    """
    missing = [name for name in ("bash", "openssl", "awk", "curl") if which(name) is None]
    if missing:
        names = ", ".join(missing)
        raise Failure(
            Exit.CANNOT_START,
            "missing_programs",
            f"without a terminal the demo signs its decision by {names}, not found here",
            f"install {names}, or run `signoff demo` on a terminal",
        )


def sign(url: str, secret: str, approval: Approval, teller: Teller) -> Approval:
    """Approve by the webhook, with the lines that a reviewer's service would run.

    Raises:
        Failure: the server refused.
    """
    script = SCRIPT.format(
        request_id=approval.approval_request_id, decision=Decision.APPROVED.value, url=url
    )
    teller.show(script)
    done = subprocess.run(  # noqa: S603 - our own lines
        ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607 - the person's bash
        env=surroundings({"SIGNOFF_APPROVAL_WEBHOOK_SECRET": secret}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return DecisionReceipt.model_validate(loads_strict(done.stdout)).approval
    except (InvalidJSON, ValueError):
        said = (done.stdout + done.stderr).strip()
        raise Failure(
            Exit.NEGATIVE, "demo_failed", f"the signed decision was refused: {said}"
        ) from None


def _chosen() -> Decision:
    while True:
        word = _typed("? Approve this refund? [y]es, [n]o, [c]hanges: ").lower()
        if word[:1] in ANSWERS:
            return ANSWERS[word[:1]]


def _typed(prompt: str) -> str:
    try:
        return input(prompt).strip()
    except EOFError:
        # Ctrl-D: the person is done with it.
        print(file=sys.stderr)  # noqa: T201
        raise KeyboardInterrupt from None
