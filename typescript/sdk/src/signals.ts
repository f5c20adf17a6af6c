/** Signals that many calls share. */

interface Events {
  setMaxListeners(most: number, target: EventTarget): void;
}

interface Process {
  getBuiltinModule?: (name: string) => unknown;
}

/** Node's, where this is Node (20.16 and newer have that function). */
const events = (globalThis as { process?: Process }).process?.getBuiltinModule?.("node:events") as
  | Partial<Events>
  | undefined;

/** Lets any number of calls listen to `signal`: Node takes more than ten listeners for a leak, and says so. */
export function shared(signal: AbortSignal): AbortSignal {
  events?.setMaxListeners?.(0, signal);
  return signal;
}
