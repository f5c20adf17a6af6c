"""An agent without an SDK that keeps enough of the rules to be believed; argv says how it lies."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import sys
import threading
import time
import urllib.request
from pathlib import Path

LIE = sys.argv[1] if len(sys.argv) > 1 else ""
SERVER, KEY = os.environ["SIGNOFF_SERVER"], os.environ["SIGNOFF_API_KEY"]
LOG = Path(os.environ["CONFORMANCE_LOG"])
known: dict[str, str] = {}
hand: set[str] = set()


def write(text):
    with LOG.open("a") as log:
        log.write(text)


def post(path, body):
    headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{SERVER}/api/v1{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def signed(headers, body):
    key = base64.b64decode(known["secret"].removeprefix("whsec_"))
    over = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    good = "v1," + base64.b64encode(hmac.digest(key, over, hashlib.sha256)).decode()
    return good == headers["webhook-signature"]


def run(attempt, given):
    results = []
    for one in given["do"]:
        if one["verb"] == "work" and LIE != "does nothing":
            write(json.dumps({"did": one["name"], "attempt": given["attempt"]}) + "\n")
        if LIE == "bad log":
            write("no line of the protocol\n")
        value = one.get("value")
        results.append(str(value) if LIE == "changes values" and value else value)
    if LIE != "never reports":
        post(f"/executions/{attempt}/status", {"status": "succeeded", "result": results})
    hand.discard(attempt)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if LIE == "dies":
            os._exit(7)
        if LIE == "answers garbage":
            self.wfile.write(b"yes, of course\r\n\r\n")
            return
        attempt = self.headers.get("X-Execution-ID", "")
        believed = LIE == "accepts unsigned" or signed(self.headers, body)
        if not believed:
            self.answer(401, {"status": 401, "code": "invalid_signature"})
            return
        if self.path != "/reasoners/script" and LIE != "serves anything":
            self.answer(404, {"status": 404, "code": "not_found"})
            return
        hand.add(attempt)
        self.answer(202, {"status": "processing", "execution_id": attempt})
        threading.Thread(target=run, args=(attempt, json.loads(body)), daemon=True).start()

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


def beat():
    while True:
        ids = sorted(hand)
        digest = hashlib.sha256("".join(f"{one}\n" for one in ids).encode()).hexdigest()
        body = {"instance_id": "i", "in_hand": {"count": len(ids), "digest": digest}}
        try:
            post("/nodes/conformance/heartbeat", body)
        except OSError:
            register()
        time.sleep(0.05)


def register():
    told = {
        "id": "somebody" if LIE == "wrong node" else "conformance",
        "base_url": f"http://127.0.0.1:{server.server_port}",
        "instance_id": "i",
        "reasoners": [] if LIE == "no script" else [{"id": "script"}],
        "features": {"signoff": 1},
    }
    known["secret"] = post("/nodes/register", told)["webhook_secret"]


if __name__ == "__main__":
    if LIE == "ends":
        sys.exit("no such option")
    abilities = {"exact_integers": True, "key_order": True} if LIE == "claims" else {}
    hello = {"protocol": 9 if LIE == "other protocol" else 1, "name": "liar", "language": "python"}
    if LIE != "no hello":
        write(json.dumps({"hello": {**hello, "version": "0", "abilities": abilities}}) + "\n")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if LIE == "never registers":
        time.sleep(60)
    register()
    if LIE != "never beats":
        threading.Thread(target=beat, daemon=True).start()
    server.serve_forever()
