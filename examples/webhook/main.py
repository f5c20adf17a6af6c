"""A reviewer service: hears of every question (SIGNOFF_NOTIFY_URL), answers refunds by a limit."""

import json
import os
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from signoff import AlreadyDecidedError, Client
from signoff.webhook import SignatureError, verify_webhook

LIMIT_USD = 100
MOST_BYTES = 2 * 1024 * 1024

client = Client()  # SIGNOFF_SERVER says where


def review(message: dict) -> None:
    """Answers with a signed decision. When it fails, the server tells of the question again."""
    amount = message["data"].get("payload", {}).get("amount_usd")
    if message["type"] != "approval.requested" or type(amount) not in (int, float):
        return  # not a refund: somebody else's
    within = amount <= LIMIT_USD
    with suppress(AlreadyDecidedError):  # a person was faster
        client.respond(
            message["data"]["id"],
            "approved" if within else "rejected",
            secret=os.environ["SIGNOFF_APPROVAL_WEBHOOK_SECRET"],
            feedback="Within the limit." if within else "Over the limit.",
            reviewer={"id": "refund-limit", "name": "Refund limit"},
        )


class Notifications(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self.send_error(413, f"send up to {MOST_BYTES} bytes")
            return
        body = self.rfile.read(int(length))
        secrets = [os.environ["SIGNOFF_NOTIFY_SECRET"]]
        try:
            verify_webhook(self.headers, body, secrets, time.time())  # before it is parsed
        except SignatureError as error:
            self.send_error(401, str(error))
            return
        review(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def log_request(self, *_) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8003"))), Notifications)
    print(f"reviewer listens on http://127.0.0.1:{server.server_port}/notifications", flush=True)
    server.serve_forever()
