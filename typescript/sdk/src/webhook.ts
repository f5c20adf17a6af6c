/**
 * Signatures of webhooks: made, and checked over the raw bytes in constant time. Stands on Web Crypto alone.
 *
 * Two forms are in use:
 *
 * - **timestamped** (Standard Webhooks): the headers `webhook-id`, `webhook-timestamp` (seconds since 1970) and
 *   `webhook-signature`, which holds `v1,` and the base64 HMAC-SHA256 of `{id}.{timestamp}.{body}`; several
 *   signatures may stand there, separated by spaces. The key is the base64 after `whsec_`. Everything that the
 *   server sends is signed like this.
 * - **body**: `X-Webhook-Signature: sha256=` and the hex HMAC-SHA256 of the body, keyed by the UTF-8 bytes of the
 *   secret as written, `whsec_` included. No time is in it: it can be replayed.
 *
 * A secret that does not start with `whsec_` serves the body form only. Several secrets may be given while one is
 * being replaced: a signature by any of them is good.
 */
import { SignatureError } from "./errors.js";

/** How far `webhook-timestamp` may be from now, to either side. */
export const WINDOW_SECONDS = 300;

/** The body exactly as it came: bytes, or the text that they stand for. */
export type WebhookBody = Uint8Array | ArrayBuffer | string;

/** `Headers`, or a plain object as Node gives it. Names count in any case. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifyOptions {
  /** Seconds since 1970; by default this machine's time. */
  now?: number | undefined;
}

/** What a good signature vouches for: its form, and in the timestamped form id and time. */
export interface Verified {
  readonly kind: "timestamped" | "body";
  readonly id: string | undefined;
  /** Seconds since 1970. */
  readonly timestamp: number | undefined;
}

/** A fresh secret for both forms: `whsec_` and the base64 of 32 random bytes. */
export function newSecret(): string {
  return `whsec_${base64(crypto.getRandomValues(new Uint8Array(32)))}`;
}

/**
 * The three headers of the timestamped form; `timestamp` in whole seconds since 1970.
 *
 * @throws {SignatureError} `secret` has not the form `whsec_<base64>`.
 */
export async function signWebhook(
  secret: string,
  id: string,
  timestamp: number,
  body: WebhookBody,
): Promise<Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>> {
  const signature = await timestamped(decodedKey(secret), id, String(timestamp), bytes(body));
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": `v1,${signature}`,
  };
}

/**
 * The value of `X-Webhook-Signature`, the body form.
 *
 * @throws {SignatureError} `secret` is empty.
 */
export async function signApprovalResponse(secret: string, body: WebhookBody): Promise<string> {
  return `sha256=${await ofBody(secret, bytes(body))}`;
}

/**
 * Check the timestamped form: what the server sends.
 *
 * It refuses `sha256=`, the body form: the server never sends it, and as no time is in it, whoever has seen one
 * message could send that again for ever. What comes to a server may have either form: `verifyApprovalResponse`.
 *
 * @throws {SignatureError} nothing else, whatever the headers and the body hold.
 * @throws {TypeError} the body is neither text nor bytes: something has parsed it.
 */
export async function verifyWebhook(
  headers: WebhookHeaders,
  body: WebhookBody,
  secrets: string | readonly string[],
  options: VerifyOptions = {},
): Promise<Verified> {
  const signed = bytes(body);
  const given = lowered(headers);
  const id = required(given, "webhook-id");
  const timestamp = required(given, "webhook-timestamp");
  const signatures = required(given, "webhook-signature");
  if (!/^[!-~]{1,255}$/.test(id)) {
    throw new SignatureError("malformed", "webhook-id is not 1 to 255 visible ASCII characters");
  }
  if (!/^[0-9]{1,15}$/.test(timestamp)) {
    throw new SignatureError("malformed", "webhook-timestamp is not a number of seconds");
  }
  const theirs = signatures.split(" ").filter((token) => token.startsWith("v1,"));
  if (theirs.length === 0) {
    throw new SignatureError("malformed", "webhook-signature holds no v1 signature");
  }
  // Written so that a `now` that is no number refuses.
  if (!(Math.abs((options.now ?? Date.now() / 1000) - Number(timestamp)) <= WINDOW_SECONDS)) {
    throw new SignatureError("stale", `webhook-timestamp is not within ${WINDOW_SECONDS} s of now`);
  }
  const keys = listed(secrets).filter((secret) => secret.startsWith("whsec_"));
  if (keys.length === 0) throw new SignatureError("secret", NO_KEY);
  const mine = await Promise.all(keys.map((key) => timestamped(decodedKey(key), id, timestamp, signed)));
  if (
    !anyEqual(
      mine,
      theirs.map((token) => token.slice(3)),
    )
  ) {
    throw new SignatureError("mismatch", "webhook-signature does not fit the body and the secret");
  }
  return { kind: "timestamped", id, timestamp: Number(timestamp) };
}

/**
 * Check either form; where `webhook-signature` is given, the timestamped form decides alone.
 *
 * @throws {SignatureError} nothing else, whatever the headers and the body hold.
 * @throws {TypeError} the body is neither text nor bytes: something has parsed it.
 */
export async function verifyApprovalResponse(
  headers: WebhookHeaders,
  body: WebhookBody,
  secrets: string | readonly string[],
  options: VerifyOptions = {},
): Promise<Verified> {
  const signed = bytes(body);
  const given = lowered(headers);
  if (given.has("webhook-signature")) return verifyWebhook(headers, body, secrets, options);
  const signature = given.get("x-webhook-signature");
  if (signature === undefined) {
    throw new SignatureError("missing", "neither X-Webhook-Signature nor webhook-signature is there");
  }
  if (!/^sha256=[0-9a-fA-F]{64}$/.test(signature)) {
    throw new SignatureError("malformed", "X-Webhook-Signature is not sha256= and 64 hex digits");
  }
  const keys = listed(secrets).filter((secret) => secret !== "");
  if (keys.length === 0) throw new SignatureError("secret", EMPTY);
  const mine = await Promise.all(keys.map((key) => ofBody(key, signed)));
  if (!anyEqual(mine, [signature.slice(7).toLowerCase()])) {
    throw new SignatureError("mismatch", "X-Webhook-Signature does not fit the body and the secret");
  }
  return { kind: "body", id: undefined, timestamp: undefined };
}

const NO_KEY = "the timestamped form needs a secret of the form whsec_<base64>";
const EMPTY = "the secret is empty";
const RAW =
  "the body must be the raw text or bytes, as they came: check the signature before anything parses";

const utf8 = new TextEncoder();

function bytes(body: WebhookBody): Uint8Array {
  if (typeof body === "string") return utf8.encode(body);
  if (body instanceof Uint8Array) return body;
  // A body that a framework has parsed is an object, or undefined: no signature is over that.
  if (Object.prototype.toString.call(body) !== "[object ArrayBuffer]") throw new TypeError(RAW);
  return new Uint8Array(body);
}

/** In JavaScript, a variable of the environment that is not set comes as undefined. */
function listed(secrets: string | readonly string[] | undefined): readonly string[] {
  const given = typeof secrets === "string" ? [secrets] : (secrets ?? []);
  return given.filter((secret) => typeof secret === "string");
}

function lowered(headers: WebhookHeaders): Map<string, string> {
  const given = new Map<string, string>();
  const pairs = headers instanceof Headers ? [...headers] : Object.entries(headers);
  for (const [name, value] of pairs) {
    if (value !== undefined) given.set(name.toLowerCase(), String(value));
  }
  return given;
}

function required(headers: Map<string, string>, name: string): string {
  const value = headers.get(name);
  if (value === undefined) throw new SignatureError("missing", `the header ${name} is missing`);
  return value;
}

function decodedKey(secret: string): Uint8Array {
  const encoded = /^whsec_([A-Za-z0-9+/]*)(={0,2})$/.exec(secret)?.[1];
  if (encoded === undefined || encoded.length % 4 === 1) throw new SignatureError("secret", NO_KEY);
  if (encoded === "") throw new SignatureError("secret", EMPTY);
  return Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
}

async function timestamped(
  key: Uint8Array,
  id: string,
  timestamp: string,
  body: Uint8Array,
): Promise<string> {
  const head = utf8.encode(`${id}.${timestamp}.`);
  const signed = new Uint8Array(head.length + body.length);
  signed.set(head);
  signed.set(body, head.length);
  return base64(await hmac(key, signed));
}

async function ofBody(secret: string, body: Uint8Array): Promise<string> {
  if (typeof secret !== "string" || secret === "") throw new SignatureError("secret", EMPTY);
  // It would be keyed by other bytes than the secret's.
  if (/\p{Surrogate}/u.test(secret)) throw new SignatureError("secret", "the secret has no UTF-8 form");
  const digest = await hmac(utf8.encode(secret), body);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function hmac(key: Uint8Array, signed: Uint8Array): Promise<Uint8Array> {
  const hash = { name: "HMAC", hash: "SHA-256" };
  // Web Crypto takes any bytes but those of shared memory; copying a key costs nothing.
  const made = await crypto.subtle.importKey("raw", new Uint8Array(key), hash, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", made, signed as Uint8Array<ArrayBuffer>));
}

function base64(data: Uint8Array): string {
  return btoa(String.fromCharCode(...data));
}

/** Every pair is compared, each in constant time: how long it takes tells nothing. */
function anyEqual(mine: readonly string[], theirs: readonly string[]): boolean {
  let equal = 0;
  for (const one of mine) {
    for (const other of theirs) equal |= Number(sameText(one, other));
  }
  return equal === 1;
}

function sameText(mine: string, theirs: string): boolean {
  let different = mine.length ^ theirs.length;
  for (let at = 0; at < mine.length; at++) different |= mine.charCodeAt(at) ^ theirs.charCodeAt(at);
  return different === 0;
}
