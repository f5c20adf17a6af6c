// The agent that publishes: here, a line in a file.
import { appendFile } from "node:fs/promises";
import { Agent } from "@signoff/sdk/agent";

const agent = new Agent("publisher", { version: "1.0.0" });

async function write(content: string): Promise<{ published: number }> {
  await appendFile(process.env.PUBLISHED_LOG ?? "published.log", `${content}\n`);
  return { published: content.length };
}

agent.reasoner("publish", (ctx, { content }: { content: string }) => ctx.step("write", write, content));

await agent.listen(Number(process.env.PORT ?? 8002));
