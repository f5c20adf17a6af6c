/**
 * What the package takes from the environment, where there is one; nothing else in it reads there.
 *
 * - `SIGNOFF_SERVER`: where the control plane is, `http://127.0.0.1:8080` when not set
 * - `SIGNOFF_API_KEY`: the key to send; none when not set
 * - `SIGNOFF_AGENT_HOST`, `PORT`: where `agent.listen()` listens; `127.0.0.1` and 8001 when not set
 *
 * An option in code always goes first.
 */

const DEFAULT_SERVER = "http://127.0.0.1:8080";

/** Where the control plane is. */
export function serverUrl(): string {
  return variable("SIGNOFF_SERVER") ?? DEFAULT_SERVER;
}

/** The API key to send, if there is one. */
export function apiKey(): string | undefined {
  return variable("SIGNOFF_API_KEY");
}

/** The address that an agent binds. */
export function agentHost(): string {
  return variable("SIGNOFF_AGENT_HOST") ?? "127.0.0.1";
}

/** The port that an agent binds. @throws {RangeError} `PORT` is no port. */
export function agentPort(): number {
  const text = variable("PORT") ?? "8001";
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new RangeError(`PORT=${text} is no port: a number from 0 to 65535 is`);
  }
  return Number(text);
}

function variable(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  try {
    return process?.env?.[name] || undefined;
  } catch {
    // A runtime that asks for leave to read the environment has refused it.
    return undefined;
  }
}
