// One of three agents that do the same in three languages: see relay.py.
import { appendFile } from "node:fs/promises";
import { Agent } from "@signoff/sdk/agent";

const { NODE = "", EFFECTS = "" } = process.env;

const agent = new Agent(NODE);

interface Relay {
  own_id: string;
  onwards: string[];
}

async function effect(what: string): Promise<string> {
  await appendFile(EFFECTS, `${what}\n`);
  return what;
}

/** Asks at one gate, then lets the agents of `onwards` do so, each called by the one before. */
agent.reasoner("relay", async (ctx, { own_id, onwards }: Relay) => {
  const asked = `${own_id}-${NODE}`;
  await ctx.step("effect", effect, `before ${asked}`);
  const result = await ctx.pause({ approvalRequestId: asked });
  await ctx.step("effect", effect, `after ${asked}`);
  const [next, ...rest] = onwards;
  const then = next === undefined ? null : await ctx.call(`${next}.relay`, { own_id, onwards: rest });
  await ctx.step("effect", effect, `end ${asked}`);
  return { asked, heard: result.decision, feedback: result.feedback, then };
});

await agent.listen({ autoPort: false });
