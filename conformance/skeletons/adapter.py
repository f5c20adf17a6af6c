"""An adapter: one JSON object a line in, one a line out. ADAPTERS.md says what each message wants.

It speaks HTTP by itself so that it runs as it is. Put your client in the place of `sent`.
"""

import base64
import json
import sys
import urllib.error
import urllib.request


class Unsupported(Exception):
    """Your client has no such thing; name it in `lacks`."""


class Failed(Exception):
    """What your client gave to its caller instead of an answer."""

    def __init__(self, kind, message, **more):
        self.error = {"kind": kind, "message": message, **more}


settings = {}


def sent(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "X-API-Key": settings.get("api_key", "none")}
    request = urllib.request.Request(settings["server_url"] + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        # Map the errors of your client to the kinds in SPEC.md here.
        raise Failed("internal", f"the server answers {error.code}", status=error.code)
    except OSError as error:
        raise Failed("transport", str(error))
    except ValueError as error:
        raise Failed("protocol", str(error))


VERBS = {
    "getHealth": lambda: sent("GET", "/api/v1/health"),
    "createApprovalRequest": lambda **body: sent("POST", "/api/v1/approval-requests", body),
}


def answered(message):
    do = message["do"]
    if do == "hello":
        return {
            "protocol": 1,
            "name": "my-client",
            "language": "python",
            "version": "0.1.0",
            # Claim clock once sleeps come as events, and what else your client can do.
            "abilities": {"exact_integers": True, "key_order": True},
            # This loop makes one call at a time and hears no cancel before it is over.
            "lacks": ["cancel", "parallel"],
        }
    if do == "open":
        settings.update(message)
        return {}
    if do == "call":
        if message["op"] not in VERBS:
            raise Unsupported(f"no verb {message['op']}")
        return VERBS[message["op"]](**message["args"])
    if do == "receive":
        body = base64.b64decode(message["body"])
        raise Unsupported(f"verify the {len(body)} bytes here")
    if do == "bye":
        return {}
    raise Unsupported(f"no message {do}")


for line in sys.stdin:
    message = json.loads(line)
    try:
        reply = {"ok": answered(message)}
    except Unsupported as why:
        reply = {"unsupported": str(why)}
    except Failed as failed:
        reply = {"error": failed.error}
    print(json.dumps({"id": message["id"], **reply}), flush=True)
    if message["do"] == "bye":
        break
