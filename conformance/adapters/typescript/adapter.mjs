/** The TypeScript SDK under test: one JSON object a line in, one a line out. See `../../ADAPTERS.md`. */
import { createInterface } from "node:readline";
import * as sdk from "@signoff/sdk";
import { Clock } from "./clock.mjs";
import { codecs, LACKS, verbs } from "./verbs.mjs";
import { snake, Unsupported } from "./words.mjs";

/** The first that fits counts. */
const KINDS = [
  [[sdk.SignatureError, sdk.InvalidSignatureError], "signature"],
  [[sdk.UnauthorizedError, sdk.ForbiddenError, sdk.UntrustedOriginError], "auth"],
  [[sdk.NotFoundError, sdk.UnknownTargetError], "not_found"],
  [
    [
      sdk.AlreadyDecidedError,
      sdk.RequestConflictError,
      sdk.AmbiguousRequestIdError,
      sdk.ExecutionFinishedError,
      sdk.StaleAttemptError,
      sdk.StepConflictError,
      sdk.IdempotencyConflictError,
      sdk.DeliveryNotRetryableError,
    ],
    "conflict",
  ],
  [[sdk.ServerError], "server"],
  [[sdk.RefusedError, TypeError, RangeError], "validation"],
  [[sdk.WaitTimeoutError, sdk.PauseTimeoutError], "deadline"],
  [[sdk.TransportError], "transport"],
  [[sdk.ProtocolError], "protocol"],
];

/** What a call is aborted with. */
class Canceled extends Error {}

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

let client;
let clock;
const calls = new Map();

const messages = {
  hello: () => ({
    protocol: 1,
    name: "signoff-typescript",
    language: "typescript",
    version: "0.1.0",
    // JavaScript's numbers end at 2^53, and its objects put keys like "10" first.
    abilities: { clock: true, exact_integers: false, key_order: false, unknown_members: true },
    lacks: LACKS,
  }),

  open(line) {
    close();
    clock = line.clock?.mode === "injected" ? new Clock(line.clock.now_ms, say) : undefined;
    client = new sdk.SignoffClient({
      serverUrl: line.server_url,
      apiKey: line.api_key,
      clock,
      tryTimeout: line.timeout_ms,
    });
    return {};
  },

  async call(line) {
    if (client === undefined || !Object.hasOwn(verbs, line.op)) throw new Unsupported(`no verb ${line.op}`);
    const controller = new AbortController();
    calls.set(line.id, controller);
    try {
      return snake(await verbs[line.op](client, { ...line.args }, controller.signal));
    } finally {
      calls.delete(line.id);
    }
  },

  fire(line) {
    if (clock === undefined) throw new Unsupported("the client runs on this machine's time");
    clock.fire(line.timer, line.advance_ms);
    return {};
  },

  cancel(line) {
    const call = calls.get(line.call);
    call?.abort(new Canceled("canceled"));
    return { found: call !== undefined };
  },

  async receive(line) {
    const verify = { webhook: sdk.verifyWebhook, approval_response: sdk.verifyApprovalResponse }[line.form];
    if (verify === undefined) throw new Unsupported(`no form ${line.form}`);
    const body = Buffer.from(line.body, "base64");
    const verified = await verify(line.headers, body, line.secrets, { now: line.now });
    return { kind: verified.kind, id: verified.id ?? null, timestamp: verified.timestamp ?? null };
  },

  async codec(line) {
    if (!Object.hasOwn(codecs, line.type)) throw new Unsupported(`no type ${line.type}`);
    return { text: JSON.stringify(snake(await codecs[line.type](line.text))) };
  },

  bye() {
    close();
    process.stdin.pause();
    return {};
  },
};

function close() {
  for (const call of calls.values()) call.abort(new Canceled("closed"));
}

/** Exactly one reply to a line, whatever happens. */
async function answer(line) {
  try {
    if (!Object.hasOwn(messages, line.do)) throw new Unsupported(`no message ${line.do}`);
    say({ id: line.id, ok: await messages[line.do](line) });
  } catch (error) {
    if (error instanceof Unsupported) say({ id: line.id, unsupported: error.message });
    else say({ id: line.id, error: described(error) });
  }
}

function described(error) {
  const message = `${error?.name}: ${error?.message}`;
  if (error instanceof Canceled) return { kind: "canceled", message };
  const [, kind = "internal"] = KINDS.find(([types]) => types.some((type) => error instanceof type)) ?? [];
  const told = { kind, message };
  if (error instanceof sdk.AlreadyDecidedError && error.approval !== undefined) {
    told.approval = snake(error.approval);
    if (error.approval.status === "expired") told.kind = "expired";
  }
  if (error instanceof sdk.ApiError) {
    Object.assign(told, { code: error.code, status: error.status, retry_after_ms: error.retryAfter });
    told.pointers = error.errors.map((at) => at.pointer);
  }
  if (error instanceof sdk.SignatureError) told.reason = error.reason;
  return told;
}

createInterface({ input: process.stdin }).on("line", (raw) => answer(JSON.parse(raw)));
