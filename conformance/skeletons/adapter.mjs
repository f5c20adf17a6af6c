/**
 * An adapter: one JSON object a line in, one a line out. ADAPTERS.md says what each message wants.
 *
 * It speaks HTTP by itself so that it runs as it is. Put your client in the place of `send`.
 */
import { createInterface } from "node:readline";

/** Your client has no such thing; name it in `lacks`. */
class Unsupported extends Error {}

/** What your client gave to its caller instead of an answer. */
class Failed extends Error {
  constructor(kind, message, more = {}) {
    super(message);
    this.error = { kind, message, ...more };
  }
}

let settings;

async function send(method, path, body) {
  const headers = { "X-API-Key": settings.api_key ?? "none" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const init = { method, headers, body: body && JSON.stringify(body), redirect: "manual" };
  const response = await fetch(settings.server_url + path, init).catch((error) => {
    throw new Failed("transport", String(error));
  });
  const answer = await response.json().catch((error) => {
    throw new Failed("protocol", String(error));
  });
  if (response.ok) return answer;
  // Map the errors of your client to the kinds in SPEC.md here.
  throw new Failed("internal", answer.detail, { code: answer.code, status: response.status });
}

const verbs = {
  getHealth: () => send("GET", "/api/v1/health"),
  createApprovalRequest: (args) => send("POST", "/api/v1/approval-requests", args),
};

const messages = {
  hello: () => ({
    protocol: 1,
    name: "my-client",
    language: "typescript",
    version: "0.1.0",
    // Claim clock once sleeps come as events, and what else your client can do.
    abilities: {},
    lacks: [],
  }),
  open(message) {
    settings = message;
    return {};
  },
  call({ op, args }) {
    if (!Object.hasOwn(verbs, op)) throw new Unsupported(`no verb ${op}`);
    return verbs[op](args);
  },
  bye() {
    process.stdin.pause();
    return {};
  },
};

async function reply(message) {
  try {
    if (!Object.hasOwn(messages, message.do)) throw new Unsupported(`no message ${message.do}`);
    return { ok: await messages[message.do](message) };
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: error.message };
    if (error instanceof Failed) return { error: error.error };
    return { error: { kind: "internal", message: String(error) } };
  }
}

createInterface({ input: process.stdin }).on("line", async (line) => {
  const message = JSON.parse(line);
  const told = { id: message.id, ...(await reply(message)) };
  process.stdout.write(`${JSON.stringify(told)}\n`);
});
