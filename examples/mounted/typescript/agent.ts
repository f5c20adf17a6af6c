// The agent of the application: one for the process, however often Next.js loads this file.
import { Agent } from "@signoff/sdk/agent";

function made(): Agent {
  const agent = new Agent("deploy-agent", {
    publicUrl: process.env.AGENT_URL ?? "http://127.0.0.1:3000/agent",
  });
  agent.reasoner("deploy", async (ctx, { service }: { service: string }) => {
    const result = await ctx.pause({ approvalRequestId: `deploy-${service}`, payload: { service } });
    if (!result.approved) return { status: result.decision, feedback: result.feedback };
    ctx.note(`deploying ${service}`);
    return { status: "deployed", service };
  });
  return agent;
}

const shared = globalThis as { deployAgent?: Agent };
shared.deployAgent ??= made();

export const agent = shared.deployAgent;
