import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "./contract.js";

export const SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const TOKEN = "test-control-of-this-test";
const COMMAND = join(ROOT, "python/.venv/bin/signoff");

/** `signoff serve` as a process, on a port and a database of its own, which a restart keeps. Its clock stands still. */
export class Server {
  url = "";
  readonly #folder: string;
  readonly #environment: Record<string, string>;
  #process: ChildProcess | undefined;

  private constructor(folder: string, environment: Record<string, string>) {
    this.#folder = folder;
    this.#environment = environment;
  }

  static async start(environment: Record<string, string> = {}): Promise<Server> {
    if (!existsSync(COMMAND)) {
      throw new Error("these tests run against the real server; `make setup` installs it in python/.venv");
    }
    const server = new Server(await mkdtemp(join(tmpdir(), "signoff-typescript-")), environment);
    await server.start();
    return server;
  }

  /** Start it, or start it again where it was. */
  async start(): Promise<void> {
    const port = this.url === "" ? "0" : new URL(this.url).port;
    const database = `sqlite:///${join(this.#folder, "server.db")}`;
    const { PATH = "", HOME = this.#folder } = process.env;
    this.#process = spawn(
      COMMAND,
      ["serve", "--json", "--port", port, "--database", database, "--test-control", TOKEN],
      {
        env: { PATH, HOME, SIGNOFF_APPROVAL_WEBHOOK_SECRET: SECRET, ...this.#environment },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const log: string[] = [];
    this.#process.stderr?.on("data", (chunk) => log.push(String(chunk)));
    for await (const line of createInterface({ input: this.#process.stdout as NodeJS.ReadableStream })) {
      this.url = JSON.parse(line).url;
      return;
    }
    throw new Error(`signoff serve ended before it was ready:\n${log.join("")}`);
  }

  /** Kill it, as a machine that fails does. */
  async kill(): Promise<void> {
    const running = this.#process;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, "exit");
    running.kill("SIGKILL");
    await exited;
  }

  /** End it for good. */
  async close(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Move its clock. Comes back when all that fell due is done. */
  async advance(ms: number): Promise<void> {
    await this.post("/test-control/clock", { advance_ms: ms }, { Authorization: `Bearer ${TOKEN}` });
  }

  /** Let leases age, whose clock is one of its own. */
  async advanceLeases(ms: number): Promise<void> {
    await this.post("/test-control/leases", { advance_ms: ms }, { Authorization: `Bearer ${TOKEN}` });
  }

  /** What agents do; this package has no methods for it. */
  async post(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Record<string, unknown>> {
    const response = await fetch(this.url + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }
}
