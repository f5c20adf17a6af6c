/**
 * Canonical JSON (RFC 8785), and the digests that are taken of it: steps, calls and notes are told apart by them.
 * Equal to those of the other languages for whatever JSON JavaScript can hold.
 */

const utf8 = new TextEncoder();

/**
 * A value as it is after a journey as JSON: dates are text, members without a value are gone, models are objects.
 * `undefined` is null.
 *
 * @throws {TypeError} it holds what JSON cannot: NaN, infinity, a bigint, a cycle, half of a surrogate pair.
 */
export function plain(value: unknown, what: string): unknown {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, sound);
  } catch (unfit) {
    const why = unfit instanceof Error ? unfit.message : String(unfit);
    throw new TypeError(`${what} must be something that JSON can hold: ${why}`, { cause: unfit });
  }
  return text === undefined ? null : JSON.parse(text);
}

function sound(name: string, item: unknown): unknown {
  if (typeof item === "number" && !Number.isFinite(item)) throw new TypeError(`${item} is not JSON`);
  if (typeof item === "function" || typeof item === "symbol")
    throw new TypeError(`a ${typeof item} is not JSON`);
  if (halved(name) || (typeof item === "string" && halved(item))) {
    throw new TypeError("a text holds half of a surrogate pair");
  }
  return item;
}

function halved(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

/** The RFC 8785 form of a plain JSON value. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = value as Readonly<Record<string, unknown>>;
  // The order of sort() is that of UTF-16 code units, as the RFC has it.
  const sorted = Object.keys(members).sort();
  return `{${sorted.map((name) => `${JSON.stringify(name)}:${canonical(members[name])}`).join(",")}}`;
}

/** SHA-256 of the canonical form of a plain JSON value, in hex. */
export async function digest(value: unknown): Promise<string> {
  return await sha256(canonical(value));
}

/** SHA-256 of a text's UTF-8, in hex. */
export async function sha256(text: string): Promise<string> {
  const hashed = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(text)));
  return Array.from(hashed, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
