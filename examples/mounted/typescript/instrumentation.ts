// Next.js calls this once, when its server starts: the agent registers and heartbeats from here on.
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { agent } = await import("./agent.ts");
  agent.start();
}
