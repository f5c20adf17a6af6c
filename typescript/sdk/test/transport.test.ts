import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { ONCE, ProtocolError, SignoffClient, TransportError, WaitTimeoutError } from "../src/index.js";

// One try on real sockets: what Node's fetch makes of them.

const open: Server[] = [];

after(() => {
  for (const server of open) {
    server.close();
    server.closeAllConnections();
  }
});

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  open.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function clientOf(serverUrl: string, tryTimeout?: number): SignoffClient {
  return new SignoffClient({ serverUrl, apiKey: "sk_1", retry: ONCE, tryTimeout });
}

/** An error of `client.getHealth()`, as a TransportError. */
async function faultOf(serverUrl: string, tryTimeout?: number): Promise<TransportError> {
  const error = await clientOf(serverUrl, tryTimeout)
    .getHealth()
    .catch((e: unknown) => e);
  assert.ok(error instanceof TransportError, String(error));
  assert.ok(!error.message.includes("sk_1"));
  return error;
}

test("a refused connection sent nothing", async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, "close");
  const refused = await faultOf(`http://127.0.0.1:${port}/base`);
  assert.equal(refused.sent, false);
  assert.match(
    refused.message,
    new RegExp(`^GET http://127.0.0.1:${port}/base/api/v1/health: .*ECONNREFUSED`),
  );
  // By this name there are two addresses to try.
  assert.equal((await faultOf(`http://localhost:${port}`)).sent, false);
});

test("a name that nobody has sent nothing", async () => {
  assert.equal((await faultOf("http://nobody.invalid")).sent, false);
});

test("a port that fetch does not go to is named with its address", async () => {
  const fault = await faultOf("http://127.0.0.1:1");
  assert.match(fault.message, /^GET http:\/\/127\.0\.0\.1:1\/api\/v1\/health: .*bad port/);
  assert.equal(fault.sent, false);
});

test("a reply that is lost or cut may have been carried out", async () => {
  const cuts: RequestListener[] = [
    (request) => request.socket.destroy(),
    (_, response) =>
      response.writeHead(200, { "Content-Length": "100" }).write("{", () => response.destroy()),
    (request) => request.socket.end("nonsense\r\n\r\n"),
  ];
  for (const cut of cuts) assert.equal((await faultOf(await listening(cut))).sent, true);
});

test("a server that says nothing is given up, and the connection closed", async () => {
  let closed: Promise<unknown> = Promise.resolve();
  const url = await listening((request) => {
    closed = once(request.socket, "close");
  });
  const fault = await faultOf(url, 50);
  assert.match(fault.message, new RegExp(`^GET ${url}/api/v1/health: nothing came in time`));
  await closed;
});

test("a call that is given up closes its connection", async () => {
  let arrived = (_: IncomingMessage): void => {};
  const first = new Promise<IncomingMessage>((resolve) => {
    arrived = resolve;
  });
  const controller = new AbortController();
  const waiting = clientOf(await listening((request) => arrived(request))).waitForApproval("apr_1", {
    signal: controller.signal,
  });
  const { socket } = await first;
  const closed = once(socket, "close");
  controller.abort();
  await assert.rejects(waiting, { name: "AbortError" });
  await closed;
});

test("a deadline is one of the whole call", async () => {
  const url = await listening(() => {});
  const began = performance.now();
  await assert.rejects(clientOf(url).getHealth({ timeout: 60 }), WaitTimeoutError);
  assert.ok(performance.now() - began >= 60);
});

test("the key is sent to the server's own origin, and not to where that points", async () => {
  const elsewhere: string[] = [];
  const evil = await listening((request, response) => {
    elsewhere.push(String(request.headers["x-api-key"]));
    response.end("{}");
  });
  const keys: unknown[] = [];
  for (const status of [301, 302, 303, 307, 308]) {
    const url = await listening((request, response) => {
      keys.push(request.headers["x-api-key"]);
      response.writeHead(status, { Location: `${evil}/api/v1/health` }).end();
    });
    await assert.rejects(clientOf(url).getHealth(), ProtocolError);
    await assert.rejects(clientOf(url).decide("apr_1", { decision: "approved" }), ProtocolError);
  }
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(new Set(keys), new Set(["sk_1"]));
});

test("what is sent names the client, and asks that nothing is kept", async () => {
  let headers: IncomingMessage["headers"] = {};
  const url = await listening((request, response) => {
    headers = request.headers;
    response.end('{"status": "ok"}');
  });
  await clientOf(`${url}/`).getHealth();
  assert.match(String(headers["user-agent"]), /^signoff-typescript\/\d/);
  assert.equal(headers["cache-control"], "no-cache");
  assert.equal(headers.cookie, undefined);
});
