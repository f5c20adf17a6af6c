"""An adapter in a few lines, honest or not: `python lying_adapter.py WAY SERVER`."""

import http.client
import json
import sys
from urllib.parse import urlsplit

way = sys.argv[1]
opened: dict = {}


def say(line):
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def sent(method, path, body=None):
    server = urlsplit(opened["server_url"])
    connection = http.client.HTTPConnection(server.hostname, server.port, timeout=5)
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    return json.loads(connection.getresponse().read())


def called(op, args):
    if op == "createApprovalRequest":
        if way == "answers without the network":
            return {"ok": {**args, "id": "apr_1", "status": "pending"}}
        if way == "claims exact integers":
            args = json.loads(json.dumps(args), parse_int=float)
        if way == "claims the order of keys":
            args = json.loads(json.dumps(args, sort_keys=True))
        return {"ok": sent("POST", "/api/v1/approval-requests", json.dumps(args).encode())}
    if op == "getHealth":
        try:
            return {"ok": sent("GET", "/api/v1/health")}
        except OSError as error:
            if way == "is well when nobody listens":
                return {"ok": {"status": "ok"}}
            kind = "server" if way == "takes nobody for a server" else "transport"
            return {"error": {"kind": kind, "message": str(error)}}
    if way == "knows every verb":
        return {"ok": {}}
    return {"unsupported": f"no verb {op}"}


def replied(message):
    do = message["do"]
    reply: dict = {"ok": {}}
    if do == "hello":
        reply["ok"] = {
            "protocol": 2 if way == "speaks another protocol" else 1,
            "name": "liar",
            "language": "python",
            "version": "1",
            "abilities": {"exact_integers": True, "key_order": True},
        }
        if way == "has an ability of its own":
            reply["ok"]["abilities"]["telepathy"] = True
    elif do == "open":
        opened.update(message)
    elif do == "call":
        reply = called(message["op"], message["args"])
    return {"id": message["id"], **reply}


for line in sys.stdin:
    message = json.loads(line)
    reply = replied(message)
    if message["do"] == "call":
        if way == "answers another id":
            reply["id"] += 1000
        if way == "writes chatter":
            print("calling …", flush=True)
        if way == "dies in the middle of a line":
            sys.stdout.write('{"id":')
            sys.stdout.flush()
            sys.exit("out of memory")
        if way == "dies":
            sys.exit(7)
        if way == "hangs":
            continue
        if way == "invents a kind":
            reply = {"id": message["id"], "error": {"kind": "bad_luck", "message": ""}}
        if way == "answers in two ways at once":
            reply["unsupported"] = "or not"
        if way == "answers twice":
            say(reply)
    say(reply)
    if message["do"] == "bye":
        break
