import type { TestContext } from "node:test";
import { Agent, type AgentOptions, type Listening } from "../src/agent/index.js";
import { type Approval, type Execution, SignoffClient } from "../src/index.js";
import { Server } from "./server.js";

/** What an agent logged. */
export class Lines {
  readonly lines: string[] = [];
  readonly info = (line: string): void => void this.lines.push(line);
  readonly warn = this.info;
  readonly error = this.info;

  get text(): string {
    return this.lines.join("\n");
  }
}

/** A control plane, and agents that come and go. */
export class Plane {
  readonly server: Server;
  readonly client: SignoffClient;

  private constructor(server: Server) {
    this.server = server;
    this.client = new SignoffClient({ serverUrl: server.url });
  }

  static async start(environment: Record<string, string> = {}): Promise<Plane> {
    return new Plane(await Server.start(environment));
  }

  async close(): Promise<void> {
    await this.server?.close();
  }

  agent(nodeId: string, options: AgentOptions = {}): Agent {
    const quiet = new Lines();
    return new Agent(nodeId, { serverUrl: this.server.url, log: quiet, shutdownSeconds: 0.02, ...options });
  }

  /** Serve an agent until the test ends, or it is closed. */
  async serving(t: TestContext, agent: Agent): Promise<Listening> {
    const listening = await agent.listen({ port: 0, signals: false });
    t.after(() => listening.close());
    await agent.registered();
    return listening;
  }

  /** The pending request of a run, once it has asked. */
  async asked(executionId: string, approvalRequestId?: string): Promise<Approval> {
    return await until(async () => {
      const filter = { executionId, approvalRequestId, status: "pending" } as const;
      return (await this.client.listApprovalRequests(filter)).items[0];
    });
  }

  /** Run a reasoner to its end, over any gate. */
  async run(target: string, input: object = {}): Promise<Execution> {
    return await this.finished((await this.client.executeAsync(target, { input })).executionId);
  }

  async finished(executionId: string): Promise<Execution> {
    return await this.client.waitForExecution(executionId, { timeout: 60_000 });
  }

  /** How often each type of event is in a run's history. */
  async events(executionId: string): Promise<string[]> {
    const types: string[] = [];
    for await (const { type } of this.client.iterExecutionEvents(executionId)) types.push(type);
    return types;
  }
}

/** What `look` finds, once it finds something. */
export async function until<T>(look: () => T | Promise<T>, seconds = 20): Promise<NonNullable<T>> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > deadline) throw new Error("it has not come about in time");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
