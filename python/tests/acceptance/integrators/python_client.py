"""Asks, waits and decides by a client that openapi-python-client has made; it stands on the path.

Usage: python python_client.py SERVER_URL
"""

# mypy: ignore-errors
import sys
from concurrent.futures import ThreadPoolExecutor

from generated import Client
from generated.api.approvals import (
    create_approval_request,
    decide_approval_request,
    get_approval_request,
)
from generated.models import (
    ApprovalRequest,
    ApprovalRequestPayload,
    Decision,
    NewDecision,
)

client = Client(base_url=sys.argv[1], timeout=60)
payload = ApprovalRequestPayload.from_dict({"claim_id": 1, "camelKey": [None]})
asked = create_approval_request.sync(
    client=client,
    body=ApprovalRequest(
        approval_request_id="generated-python", payload=payload, expires_in_hours=0.5
    ),
)
assert asked.status == "pending", asked
assert asked.payload.to_dict() == {"claim_id": 1, "camelKey": [None]}
with ThreadPoolExecutor() as pool:
    waiting = pool.submit(get_approval_request.sync, asked.id, client=client, wait_seconds=30.0)
    decision = NewDecision(decision=Decision.APPROVED, feedback="seen")
    receipt = decide_approval_request.sync(asked.id, client=client, body=decision)
    assert receipt.status == "processed", receipt
    answered = waiting.result()
refused = decide_approval_request.sync(
    asked.id, client=client, body=NewDecision(decision=Decision.REJECTED)
)
assert refused.code == "already_decided", refused
assert refused.approval.decision == "approved", refused
print(answered.decision, answered.feedback)
