/**
 * An agent whose every effect on the world outside is a line in the file EFFECTS, so that it can be counted.
 * Usage: node gates.js
 */
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { Agent } from "../../src/agent/index.js";

const { EFFECTS = "", SUSPEND } = process.env;
const agent = new Agent("gates", {
  suspendAfterSeconds: SUSPEND === undefined ? undefined : Number(SUSPEND),
});

function effect(what: string): string {
  appendFileSync(EFFECTS, `${what}\n`);
  return what;
}

interface Own {
  own_id: string;
}

agent.reasoner("ask", async (ctx, { own_id }: Own) => {
  await ctx.step("effect", effect, `before ${own_id}`);
  const { decision, feedback } = await ctx.pause({ approvalRequestId: own_id });
  await ctx.step("effect", effect, `after ${own_id}`);
  return { decision, feedback };
});

agent.reasoner("two_gates", async (ctx, { own_id }: Own) => {
  const heard: string[] = [];
  for (const gate of [1, 2]) {
    await ctx.step("effect", effect, `before ${own_id}-${gate}`);
    heard.push((await ctx.pause({ approvalRequestId: `${own_id}-${gate}` })).decision);
    await ctx.step("effect", effect, `after ${own_id}-${gate}`);
  }
  return heard;
});

agent.reasoner("by_a_child", async (ctx, { own_id }: Own) => {
  await ctx.step("effect", effect, `parent before ${own_id}`);
  const said = await ctx.call("gates.ask", { own_id });
  await ctx.step("effect", effect, `parent after ${own_id}`);
  return { said };
});

/** Says by the file `passed` that the first part is done; the file `gate` lets it go on. */
agent.reasoner("two_parts", async (ctx, { gate, passed }: { gate: string; passed: string }) => {
  await ctx.step("effect", effect, "first part");
  writeFileSync(passed, "");
  while (!existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 5));
  await ctx.step("effect", effect, "second part");
  return "done";
});

await agent.listen({ autoPort: false });
