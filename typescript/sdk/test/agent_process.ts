import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { type Plane, until } from "./agents.js";

/** Milliseconds after which the instance before is taken for dead when another one is at its place. */
const SILENCE = 3_100;

/** A program that listens, on one port for all its lives. */
export class Program {
  readonly port: number;
  readonly #file: string;
  readonly #environment: Record<string, string>;
  #process: ChildProcess | undefined;

  constructor(file: string, port: number, environment: Record<string, string>) {
    this.#file = file;
    this.port = port;
    this.#environment = environment;
  }

  /** Start it; comes back with the line that says where it listens. */
  async start(): Promise<string> {
    const { PATH = "" } = process.env;
    const env = { PATH, PORT: String(this.port), ...this.#environment };
    this.#process = spawn(process.execPath, [this.#file], { env, stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of createInterface({ input: this.#process.stdout as NodeJS.ReadableStream })) {
      if (!line.includes("listens on http://")) throw new Error(line);
      return line;
    }
    throw new Error(`${this.#file} has ended before it listened`);
  }

  /** End it; its exit code, or the signal that it died of. Undefined when it does not run. */
  async end(signal: NodeJS.Signals): Promise<unknown> {
    const ended = this.#process;
    if (ended === undefined || ended.exitCode !== null || ended.signalCode !== null) return undefined;
    const exit = once(ended, "exit");
    ended.kill(signal);
    const [code, killer] = await exit;
    return code ?? killer;
  }
}

/** An agent as a process. */
export class AgentProcess extends Program {
  readonly #plane: Plane;
  readonly #nodeId: string;

  private constructor(plane: Plane, nodeId: string, ...program: ConstructorParameters<typeof Program>) {
    super(...program);
    this.#plane = plane;
    this.#nodeId = nodeId;
  }

  /** The compiled program `file`, which serves the node. */
  static async of(
    plane: Plane,
    file: string,
    nodeId: string,
    environment: Record<string, string> = {},
  ): Promise<AgentProcess> {
    const told = { SIGNOFF_SERVER: plane.server.url, ...environment };
    return new AgentProcess(plane, nodeId, file, await freePort(), told);
  }

  /** Start it, registered; what its life before held is free to go on. */
  override async start(): Promise<string> {
    const before = new Set(await this.#instances());
    const line = await super.start();
    await until(async () => (await this.#instances()).some((id) => !before.has(id)));
    await this.#plane.server.advanceLeases(SILENCE);
    return line;
  }

  /** All that have registered. */
  async #instances(): Promise<string[]> {
    const { items } = await this.#plane.client.listNodes();
    const node = items.find(({ nodeId }) => nodeId === this.#nodeId);
    return node?.instances.map(({ instanceId }) => instanceId) ?? [];
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}
