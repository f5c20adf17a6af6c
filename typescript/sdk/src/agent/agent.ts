/**
 * `Agent`: reasoners that stop and ask, and go on where they stopped.
 *
 *     const agent = new Agent("refund-agent");
 *     agent.reasoner("decide_refund", async (ctx, { ticket }: { ticket: string }) => {
 *       const id = await ctx.step("create_review", createReview, ticket);
 *       const result = await ctx.pause({ approvalRequestId: id, expiresInHours: 48 });
 *       return { status: result.decision, feedback: result.feedback };
 *     });
 *     await agent.listen({ port: 8001 });
 */
import type { Calls } from "../calls.js";
import { type Clock, systemClock } from "../clock.js";
import { type ClientOptions, connect } from "../connecting.js";
import { FOREVER, ONCE } from "../retries.js";
import * as settings from "../settings.js";
import { AgentNotRunningError } from "./errors.js";
import { InHand } from "./in_hand.js";
import { type Answer, Incoming, refusal } from "./incoming.js";
import { consoleLog, type Log } from "./log.js";
import { AgentOperations } from "./operations.js";
import { Reasoner, type ReasonerOptions, type Work } from "./reasoners.js";
import { Registration } from "./registration.js";
import {
  announce,
  BODY_LIMIT,
  baseUrl,
  type Listening,
  type ListenOptions,
  listen,
  onSignals,
  stopListening,
} from "./serving.js";

/** What an agent has to say must not be lost because the server restarts. */
const PATIENT = { ...FOREVER, first: 100, longest: 5_000 };

/** Milliseconds for a heartbeat. */
const HEARTBEAT_TIMEOUT = 5_000;

/** What the contract takes. */
const LONGEST_SHUTDOWN_SECONDS = 604_800;

export interface AgentOptions extends Omit<ClientOptions, "retry"> {
  /** Of your code, for people to read. */
  version?: string | undefined;
  /**
   * Where the control plane reaches this agent, the path of a mount included. `listen()` finds it out; a mounted
   * agent must be given it.
   */
  publicUrl?: string | undefined;
  /** Seconds that unfinished work may go on when the process ends; by default 5. */
  shutdownSeconds?: number | undefined;
  /**
   * Seconds of waiting for nothing but people, after which a run is let go: it holds no memory here until the answer
   * is there, and then goes on by its steps, as after a restart. By default never: what a reasoner does besides its
   * verbs is not seen, and would go on beside the next attempt.
   */
  suspendAfterSeconds?: number | undefined;
  /** Runs at a time, without those that wait; more are sent to another process of the node, or later. No limit. */
  maxRunning?: number | undefined;
  /** Takes the place of the console. */
  log?: Log | undefined;
}

/** A served agent, from `start()` to `close()`. */
interface Served {
  readonly incoming: Incoming;
  readonly registration: Registration;
  readonly kept: Promise<void>;
  readonly leaving: AbortController;
  readonly ending: AbortController;
}

/** A named process that offers reasoners to the control plane. */
export class Agent {
  readonly nodeId: string;
  /** Where the control plane reaches this agent; undefined until that is known. */
  publicUrl: string | undefined;
  readonly #options: AgentOptions;
  readonly #calls: Calls;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #reasoners = new Map<string, Reasoner>();
  readonly #inHand: InHand;
  #served: Served | undefined;
  #closed: Promise<void> | undefined;

  /**
   * @param nodeId the name of the node, 1 to 128 of `A-Z a-z 0-9 _ -`.
   * @throws {TypeError} `serverUrl` is no http(s) URL, or `apiKey` is nothing that a header can hold.
   * @throws {RangeError} a number of seconds that is none.
   */
  constructor(nodeId: string, options: AgentOptions = {}) {
    this.nodeId = nodeId;
    this.publicUrl = options.publicUrl;
    this.#options = options;
    this.#calls = connect({ ...options, retry: PATIENT });
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? consoleLog;
    const { suspendAfterSeconds = Infinity, shutdownSeconds = 0, maxRunning = 1 } = options;
    if (!(suspendAfterSeconds > 0)) throw new RangeError("suspendAfterSeconds must be more than 0");
    if (!(shutdownSeconds >= 0 && shutdownSeconds <= LONGEST_SHUTDOWN_SECONDS)) {
      throw new RangeError(`shutdownSeconds must be 0 to ${LONGEST_SHUTDOWN_SECONDS}`);
    }
    if (!(maxRunning >= 1)) throw new RangeError("maxRunning must be 1 or more");
    const suspendAfter = suspendAfterSeconds * 1000;
    this.#inHand = new InHand({ clock: this.#clock, log: this.#log, suspendAfter });
  }

  /**
   * Offer a function. It is given the run (`ctx.pause`, `ctx.call`, `ctx.step`, `ctx.note`) and the input; what it
   * returns is the result, as JSON keeps it.
   *
   * @throws {TypeError} a name that is not 1 to 170 of `A-Z a-z 0-9 _ . -`.
   * @throws {Error} there is a reasoner of that name.
   */
  reasoner<Input, Output>(
    name: string,
    work: Work<Input, Output>,
    options: ReasonerOptions<Input> = {},
  ): this {
    if (this.#reasoners.has(name)) throw new Error(`${this.nodeId} has a reasoner ${name} already`);
    this.#reasoners.set(name, new Reasoner(name, work, options) as Reasoner);
    return this;
  }

  /**
   * Register, and heartbeat until `close()`. For agents that are mounted; `listen()` does it by itself. Again, it
   * does nothing.
   *
   * @throws {AgentNotRunningError} `publicUrl` is not known.
   */
  start(): void {
    if (this.#served !== undefined) return;
    if (this.publicUrl === undefined) {
      throw new AgentNotRunningError(
        `${this.nodeId}: give new Agent(…, { publicUrl }), the URL under which the control plane reaches ` +
          "the place where it is mounted",
      );
    }
    this.#served = this.#serve(this.publicUrl);
    this.#closed = undefined;
  }

  #serve(url: string): Served {
    const leaving = new AbortController();
    const ending = new AbortController();
    const means = { clock: this.#clock, log: this.#log, inHand: this.#inHand };
    const registration = new Registration({
      ...means,
      operations: new AgentOperations(this.#calls.having({ retry: ONCE, tryTimeout: HEARTBEAT_TIMEOUT })),
      told: {
        id: this.nodeId,
        baseUrl: url,
        version: this.#options.version ?? "0.0.0",
        instanceId: crypto.randomUUID().replaceAll("-", ""),
        reasoners: [...this.#reasoners.values()].map((reasoner) => reasoner.describe()),
        features: { signoff: 1 },
      },
    });
    const incoming = new Incoming({
      ...means,
      registration,
      nodeId: this.nodeId,
      reasoners: this.#reasoners,
      operations: new AgentOperations(this.#calls),
      ending: ending.signal,
      maxRunning: this.#options.maxRunning ?? Infinity,
    });
    return { incoming, registration, kept: registration.keep(leaving.signal), leaving, ending };
  }

  /**
   * Take no new work, hand back what is unfinished, and tell the control plane. Runs that wait for people are let
   * go at once, others may finish for `shutdownSeconds`, then they go on elsewhere by their steps.
   */
  async close(): Promise<void> {
    this.#closed ??= this.#served === undefined ? Promise.resolve() : this.#close(this.#served);
    await this.#closed;
  }

  async #close({ incoming, registration, kept, leaving, ending }: Served): Promise<void> {
    const seconds = this.#options.shutdownSeconds ?? 5;
    incoming.closing = true;
    await registration.leave(seconds);
    await this.#inHand.handBack(seconds * 1000);
    leaving.abort();
    ending.abort(new AgentNotRunningError(`${this.nodeId} has ended`));
    await kept;
    this.#served = undefined;
  }

  /** Comes back once the control plane knows this process. @throws {AgentNotRunningError} it is not served. */
  async registered(): Promise<void> {
    if (this.#served === undefined) throw new AgentNotRunningError(this.#notRunning());
    await this.#served.registration.known;
  }

  /**
   * Answer a request of the control plane: for a route of Next.js, or any server that speaks `Request` and
   * `Response`. The path below `publicUrl` counts. Never rejects.
   *
   *     export const POST = (request: Request) => agent.handle(request);
   */
  async handle(request: Request): Promise<Response> {
    let answer: Answer;
    try {
      answer = await this.#answer(request);
    } catch (error) {
      this.#log.error(`${this.nodeId} could not answer: ${error}`);
      answer = refusal(500, "internal_error", "this agent could not answer");
    }
    const { status, body } = answer;
    const kind = "code" in body ? "application/problem+json" : "application/json";
    const headers = { "Content-Type": kind, ...(status === 405 && { Allow: "GET, POST" }) };
    return new Response(JSON.stringify(body), { status, headers });
  }

  async #answer(request: Request): Promise<Answer> {
    const path = this.#path(new URL(request.url).pathname);
    if (request.method === "GET" && path === "/health") {
      const { version = "0.0.0" } = this.#options;
      return { status: 200, body: { status: "ok", node_id: this.nodeId, version } };
    }
    if (request.method !== "POST") {
      return refusal(405, "method_not_allowed", "an agent answers POST, and GET /health");
    }
    const body = await bodyOf(request);
    if (body === undefined) return refusal(413, "body_too_large", `a body may have ${BODY_LIMIT} bytes`);
    if (this.#served === undefined) return refusal(503, "not_running", this.#notRunning());
    return await this.#served.incoming.handle(path, request.headers, body);
  }

  /** The path below the place where the agent is mounted. */
  #path(path: string): string {
    const mount = this.publicUrl === undefined ? "" : new URL(this.publicUrl).pathname.replace(/\/+$/, "");
    return mount !== "" && path.startsWith(`${mount}/`) ? path.slice(mount.length) : path;
  }

  /**
   * Serve on Node's http, until SIGTERM or Ctrl-C, or `close()` of what it returns.
   *
   * @throws {RangeError} a port that is none.
   * @throws the system's error when it cannot listen there.
   */
  async listen(options: ListenOptions | number = {}): Promise<Listening> {
    const given = typeof options === "number" ? { port: options } : options;
    const host = given.host ?? settings.agentHost();
    const port = given.port ?? settings.agentPort();
    const handle = (request: Request): Promise<Response> => this.handle(request);
    const server = await listen(handle, { port, host, autoPort: given.autoPort ?? true });
    const bound = server.address().port;
    this.publicUrl ??= await baseUrl(host, bound, this.#calls.transport.serverUrl);
    this.start();
    announce(`${this.nodeId} listens on ${this.publicUrl}`);
    const close = async (): Promise<void> => {
      undo();
      await this.close();
      await stopListening(server);
    };
    const undo = (given.signals ?? true) ? onSignals(close) : () => {};
    return { port: bound, url: this.publicUrl, close };
  }

  #notRunning(): string {
    return `${this.nodeId} is not running: call agent.listen(), or agent.start() where it is mounted`;
  }
}

/** The whole body; undefined when it is over the limit. */
async function bodyOf(request: Request): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
    if (done || value === undefined) break;
    size += value.length;
    if (size > BODY_LIMIT) {
      await reader?.cancel();
      return undefined;
    }
    chunks.push(value);
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}
