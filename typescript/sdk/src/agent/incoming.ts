/** What the server sends to an agent: dispatches, decisions, cancellations. All signed. */
import { type Camel, camelName, isObject, recased } from "../casing.js";
import type { Clock } from "../clock.js";
import type * as wire from "../contract.gen.js";
import { SignatureError } from "../errors.js";
import type { Approval } from "../models.js";
import { ApprovalResult } from "../results.js";
import { verifyWebhook } from "../webhook.js";
import { Attempt, attemptNumber } from "./attempt.js";
import type { InHand } from "./in_hand.js";
import type { Log } from "./log.js";
import { Notes } from "./notes.js";
import type { AgentOperations } from "./operations.js";
import { InputError, type Reasoner } from "./reasoners.js";
import type { Registration } from "./registration.js";
import { Run } from "./run.js";

/** Status and JSON. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface IncomingMeans {
  readonly nodeId: string;
  readonly reasoners: ReadonlyMap<string, Reasoner>;
  readonly inHand: InHand;
  readonly registration: Registration;
  readonly operations: AgentOperations;
  readonly clock: Clock;
  readonly log: Log;
  readonly ending: AbortSignal;
  /** Runs at a time, without those that wait. */
  readonly maxRunning: number;
}

/** Answers the requests of the control plane, one method per webhook of the contract. */
export class Incoming {
  /** No new work is taken. */
  closing = false;
  readonly #means: IncomingMeans;

  constructor(means: IncomingMeans) {
    this.#means = means;
  }

  /** Answer one POST. Nothing is parsed before the signature is known to be the server's. */
  async handle(path: string, headers: Headers, body: Uint8Array): Promise<Answer> {
    const { registration, clock, log } = this.#means;
    if (registration.secret === undefined) {
      return refusal(503, "not_registered", "this agent has not registered yet");
    }
    let signedId: string | undefined;
    try {
      const now = clock.now() / 1000;
      signedId = (await verifyWebhook(headers, body, registration.secret, { now })).id;
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      log.warn(`refused a request to ${path}: ${error.message}`);
      return refusal(401, "invalid_signature", error.message);
    }
    const parts = segments(path) ?? [];
    const [first, second = "", third = "", last] = parts;
    if (parts.length === 2 && first === "reasoners") {
      return await this.#dispatch(second, headers, body, signedId);
    }
    if (parts.length === 2 && first === "webhooks" && second === "approval") return this.#decision(body);
    if (parts.length === 4 && first === "_internal" && second === "executions" && last === "cancel") {
      return this.#cancel(third, body);
    }
    return refusal(404, "not_found", `there is nothing at ${path}`);
  }

  async #dispatch(
    name: string,
    headers: Headers,
    body: Uint8Array,
    signedId: string | undefined,
  ): Promise<Answer> {
    const { inHand, reasoners, nodeId, maxRunning } = this.#means;
    const attemptId = headers.get("x-execution-id") ?? "";
    if (attemptId === "") return refusal(400, "invalid_request", "X-Execution-ID is missing");
    // The header is not signed, the message id is: so one signature is for one attempt.
    if (attemptId !== signedId) {
      return refusal(401, "invalid_signature", "webhook-id is not X-Execution-ID");
    }
    const accepted = { status: 202, body: { status: "processing", execution_id: attemptId } };
    if (inHand.has(attemptId)) return accepted;
    if (this.closing) return refusal(503, "shutting_down", "this agent is shutting down");
    if (maxRunning !== Infinity && inHand.running >= maxRunning)
      return refusal(429, "busy", `this agent runs ${maxRunning} at a time`);
    const reasoner = reasoners.get(name);
    if (reasoner === undefined) return refusal(404, "not_found", `${nodeId} has no reasoner ${name}`);
    const input = await readInput(reasoner, body);
    if ("refused" in input) return input.refused;
    // Another one may have come while the input was read.
    if (inHand.has(attemptId)) return accepted;
    const attempt = this.#attempt(attemptId, headers.get("x-run-id") ?? "");
    inHand.start(attempt, () => reasoner.run(new Run(attempt), input.value));
    return accepted;
  }

  #attempt(attemptId: string, runId: string): Attempt {
    const { nodeId, operations, clock, log, ending } = this.#means;
    const notes = new Notes(attemptId, operations, log, ending);
    const identity = { nodeId, attemptId, runId, ...attemptNumber(attemptId) };
    return new Attempt(identity, { operations, clock, notes, ending });
  }

  #decision(body: Uint8Array): Answer {
    const callback = recased(json(body), camelName);
    if (!isCallback(callback)) return refusal(400, "invalid_request", "not a callback");
    const resolved = this.#means.inHand.answer(callback.executionId, resultOf(callback));
    return { status: 200, body: { status: "received", resolved } };
  }

  #cancel(attemptId: string, body: Uint8Array): Answer {
    const signed = json(body);
    // The path is not signed, the body is: it must name the same attempt.
    if (!isObject(signed) || signed["execution_id"] !== attemptId) {
      return refusal(400, "invalid_request", "the body names another execution");
    }
    if (!this.#means.inHand.cancel(attemptId)) {
      return refusal(404, "not_found", `${attemptId} is not in hand`);
    }
    return { status: 200, body: { status: "cancelling", execution_id: attemptId } };
  }
}

async function readInput(
  reasoner: Reasoner,
  body: Uint8Array,
): Promise<{ value: unknown } | { refused: Answer }> {
  const given = json(body);
  if (given === undefined) return { refused: refusal(400, "invalid_json", "the input is no JSON") };
  try {
    return { value: await reasoner.read(given) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { status, body: problem } = refusal(422, "invalid_input", error.message);
    return { refused: { status, body: { ...problem, errors: error.errors } } };
  }
}

type Callback = Camel<wire.ApprovalCallback>;

function isCallback(value: unknown): value is Callback {
  if (!isObject(value)) return false;
  const { executionId, id, approvalRequestId, decision } = value;
  return [executionId, id, approvalRequestId, decision].every((member) => typeof member === "string");
}

function resultOf(callback: Callback): ApprovalResult {
  // In a callback the reason of a withdrawal stands where the feedback does.
  return new ApprovalResult({ ...callback, statusReason: callback.feedback } as unknown as Approval);
}

/** The segments of a path; undefined when it is not encoded as paths are. */
function segments(path: string): string[] | undefined {
  try {
    return path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** What a body holds; undefined when it is no JSON. */
function json(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** A problem as the contract's errors look. */
export function refusal(status: number, code: string, detail: string): Answer {
  return { status, body: { type: "about:blank", title: TITLES[status], status, code, detail } };
}
