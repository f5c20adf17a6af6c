/** `agent.listen()`: a server of Node's, and a URL under which the control plane finds it. */

/** Of a body, bytes. */
export const BODY_LIMIT = 1024 * 1024;

const ANYWHERE: readonly string[] = ["0.0.0.0", "::", ""];

/** Where to listen. */
export interface ListenOptions {
  /** The port to bind; by default `PORT`, else 8001. */
  port?: number | undefined;
  /** The address to bind, `0.0.0.0` for all; by default `SIGNOFF_AGENT_HOST`, else `127.0.0.1`. */
  host?: string | undefined;
  /** Take another port when it is taken; by default true. */
  autoPort?: boolean | undefined;
  /** End in good order on SIGTERM and Ctrl-C; by default true. */
  signals?: boolean | undefined;
}

/** An agent that listens. */
export interface Listening {
  readonly port: number;
  /** Where the control plane reaches it. */
  readonly url: string;
  /** Hand back what is unfinished, tell the control plane, and stop listening. */
  close(): Promise<void>;
}

// The little of Node's that is used, so that the package's types need none of Node's.

interface Incoming extends AsyncIterable<Uint8Array> {
  readonly method?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface Outgoing {
  writeHead(status: number, headers: Record<string, string>): Outgoing;
  end(body: string): void;
}

interface Server {
  listen(port: number, host: string): Server;
  once(event: string, told: (error: Error & { code?: string }) => void): Server;
  off(event: string, told: (...args: never[]) => void): Server;
  address(): { port: number };
  close(done: () => void): Server;
  closeIdleConnections(): void;
  closeAllConnections(): void;
}

interface Http {
  createServer(answer: (request: Incoming, response: Outgoing) => void): Server;
}

interface Datagrams {
  createSocket(kind: "udp4"): {
    once(event: string, told: () => void): void;
    connect(port: number, host: string, done: () => void): void;
    address(): { address: string };
    close(): void;
  };
}

interface NodeProcess {
  once(signal: string, told: () => void): void;
  off(signal: string, told: () => void): void;
  exit(code: number): void;
}

/** A module of Node's. Named in a variable: bundlers for other runtimes leave it alone. */
async function nodes<T>(name: string): Promise<T> {
  const specifier = `node:${name}`;
  return (await import(/* webpackIgnore: true */ /* @vite-ignore */ specifier)) as T;
}

/** Answer requests by `handle` on the port, or on another one when it is taken and `autoPort` is set. */
export async function listen(
  handle: (request: Request) => Promise<Response>,
  { port, host, autoPort }: { port: number; host: string; autoPort: boolean },
): Promise<Server> {
  const { createServer } = await nodes<Http>("http");
  const bind = (candidate: number): Promise<Server> =>
    new Promise((resolve, reject) => {
      const server = createServer((request, response) => void respond(handle, request, response));
      server.once("error", reject);
      server.once("listening", () => resolve(server));
      server.listen(candidate, host);
    });
  try {
    return await bind(port);
  } catch (error) {
    const taken = (error as { code?: string }).code === "EADDRINUSE";
    if (!taken || !autoPort) throw error;
    return await bind(0);
  }
}

async function respond(
  handle: (request: Request) => Promise<Response>,
  incoming: Incoming,
  outgoing: Outgoing,
): Promise<void> {
  try {
    const response = await handle(await requestOf(incoming));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(await response.text());
  } catch {
    // The caller hung up, or sent what no request can be.
    outgoing.writeHead(400, {}).end("");
  }
}

async function requestOf(incoming: Incoming): Promise<Request> {
  const { method = "GET", url = "/", headers } = incoming;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    // One byte over the limit is enough for `handle` to refuse it.
    if (size <= BODY_LIMIT + 1) chunks.push(chunk);
    else chunks.push(chunk.subarray(0, Math.max(0, chunk.length - (size - BODY_LIMIT - 1))));
  }
  const given = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) given.set(name, String(value));
  }
  const body = ["GET", "HEAD"].includes(method) ? null : new Blob(chunks as BlobPart[]);
  // Only the path counts: whatever `Host` says.
  return new Request(new URL(url.replace(/^\/+/, "/"), "http://agent.invalid"), {
    method,
    headers: given,
    body,
  });
}

/** Where the control plane reaches this machine: the bound address, or the one towards it. */
export async function baseUrl(host: string, port: number, serverUrl: string): Promise<string> {
  const own = ANYWHERE.includes(host) ? await addressTowards(new URL(serverUrl).hostname) : host;
  return own.includes(":") ? `http://[${own}]:${port}` : `http://${own}:${port}`;
}

/** This machine's own address on the way to `server`; nothing is sent. */
async function addressTowards(server: string): Promise<string> {
  if (["localhost", "[::1]"].includes(server) || server.startsWith("127.")) return "127.0.0.1";
  const { createSocket } = await nodes<Datagrams>("dgram");
  const probe = createSocket("udp4");
  try {
    return await new Promise((resolve) => {
      probe.once("error", () => resolve("127.0.0.1"));
      probe.connect(9, server, () => resolve(probe.address().address));
    });
  } finally {
    probe.close();
  }
}

/** Stop listening; what is being answered may finish. */
export async function stopListening(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  server.closeAllConnections();
}

/** Call `end` on SIGTERM and Ctrl-C, then exit with 0; a second one kills at once. What it returns undoes it. */
export function onSignals(end: () => Promise<void>): () => void {
  const { process } = globalThis as unknown as { process: NodeProcess };
  const signals = ["SIGTERM", "SIGINT"];
  const told = new Map(
    signals.map((signal) => [
      signal,
      () => {
        undo();
        end().finally(() => process.exit(0));
      },
    ]),
  );
  const undo = (): void => {
    for (const [signal, tell] of told) process.off(signal, tell);
  };
  for (const [signal, tell] of told) process.once(signal, tell);
  return undo;
}

/** Tell the person at the terminal. */
export function announce(line: string): void {
  // biome-ignore lint/suspicious/noConsole: as the other languages' agents do.
  console.log(line);
}
