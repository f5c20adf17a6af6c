/** Registration and heartbeats: the server knows where this process is, and that it lives. */
import type { Clock } from "../clock.js";
import { NotFoundError, RefusedError } from "../errors.js";
import { type InHand, pages } from "./in_hand.js";
import type { Log } from "./log.js";
import type { AgentOperations, NodeRegistration } from "./operations.js";

/** Milliseconds between tries to register. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 5_000;

/** What a registration goes by. */
export interface RegistrationMeans {
  /** Tries once, and not for long: a heartbeat that hangs must leave time for others before the leases end. */
  readonly operations: AgentOperations;
  readonly clock: Clock;
  readonly log: Log;
  readonly inHand: InHand;
  readonly told: NodeRegistration & { instanceId: string };
}

/**
 * One process of a node, as the server knows it.
 *
 * The server may be away at the start and at any time later: it is asked again until it is there.
 */
export class Registration {
  /** What the server signs with; undefined until it has answered. */
  secret: string | undefined;
  /** Resolves when the server knows this process. */
  readonly known: Promise<void>;
  readonly #means: RegistrationMeans;
  #onKnown = (): void => {};
  #heartbeat = 1_000;
  #resync = false;
  #toldOf = "";

  constructor(means: RegistrationMeans) {
    this.#means = means;
    this.known = new Promise((resolve) => {
      this.#onKnown = resolve;
    });
  }

  /** Register, then heartbeat until `signal` aborts; register again when the server asks for it. Never rejects. */
  async keep(signal: AbortSignal): Promise<void> {
    const { clock, log, told } = this.#means;
    while (!signal.aborted) {
      try {
        await this.#register(signal);
        for (;;) {
          await clock.sleep(this.#heartbeat, signal);
          await this.#beat(signal);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof NotFoundError) {
          log.info("the server does not know this process any more: registering again");
          continue;
        }
        // Without heartbeats every lease would end, in silence.
        log.error(`${told.id} registers again: ${error}`);
        await clock.sleep(LONGEST_WAIT, signal).catch(() => {});
      }
    }
  }

  /** Tell the server that this process goes away; silently when it does not listen. */
  async leave(timeoutSeconds: number): Promise<void> {
    const { operations, log, told } = this.#means;
    const reason = "the process is shutting down";
    try {
      await operations.shutdownNode(told.id, { instanceId: told.instanceId, reason, timeoutSeconds });
    } catch (unheard) {
      log.info(`the server was not told of the shutdown: ${unheard}`);
    }
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { operations, clock, log, told } = this.#means;
    for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      try {
        const answer = await operations.registerNode(told, { signal });
        this.secret = answer.webhookSecret;
        this.#heartbeat = answer.heartbeatSeconds * 1000;
        this.#resync = false;
        this.#onKnown();
        this.#isWell();
        log.info(`${told.id} is registered`);
        return;
      } catch (error) {
        signal.throwIfAborted();
        // A wrong key or URL: somebody has to mend it, perhaps on the server's side.
        if (error instanceof RefusedError) log.error(`${told.id} cannot register: ${error}`);
        else this.#warnOnce("cannot register yet, and tries on", error);
      }
      await clock.sleep(wait, signal);
    }
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { operations, log, inHand, told } = this.#means;
    const { ids, digest } = await inHand.summary();
    const whole = { count: ids.length, digest };
    const lists = this.#resync ? pages(ids) : undefined;
    const bodies = lists?.map((executions, at) => ({
      ...whole,
      executions,
      page: at + 1,
      pages: lists.length,
    }));
    try {
      for (const inHand of bodies ?? [whole]) {
        const heartbeat = { instanceId: told.instanceId, status: "ready", inHand };
        this.#resync = (await operations.heartbeatNode(told.id, heartbeat, { signal })).resync;
        this.#isWell();
      }
    } catch (error) {
      if (error instanceof NotFoundError) throw error;
      // The key was revoked, or the server was given keys and this process has none.
      if (error instanceof RefusedError) this.#warnOnce("is refused by the server and gets no work", error);
      else log.info(`a heartbeat was not heard: ${error}`);
    }
  }

  /** Say what a person may have to mend; the same again only once it was well meanwhile. */
  #warnOnce(what: string, why: unknown): void {
    const said = `${this.#means.told.id} ${what}: ${why}`;
    if (said !== this.#toldOf) this.#means.log.warn(said);
    this.#toldOf = said;
  }

  #isWell(): void {
    if (this.#toldOf === "") return;
    this.#means.log.warn(`${this.#means.told.id} and the server hear each other again`);
    this.#toldOf = "";
  }
}
