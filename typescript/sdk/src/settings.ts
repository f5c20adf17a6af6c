/**
 * What the client takes from the environment, where there is one; nothing else in it reads there.
 *
 * - `SIGNOFF_SERVER`: where the control plane is, `http://127.0.0.1:8080` when not set
 * - `SIGNOFF_API_KEY`: the key to send; none when not set
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

function variable(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  try {
    return process?.env?.[name] || undefined;
  } catch {
    // A runtime that asks for leave to read the environment has refused it.
    return undefined;
  }
}
