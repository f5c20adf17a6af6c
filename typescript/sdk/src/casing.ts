/**
 * Names: snake_case on the wire, camelCase in code. One function turns records either way and leaves user JSON
 * as it is: only what is known to be a record of the contract is entered.
 */

/** The members, by their names on the wire, that hold records of the contract or lists of them. */
export const RECORD_NAMES = [
  "actor",
  "approval",
  "candidates",
  "checks",
  "errors",
  "event_head",
  "execution",
  "instances",
  "items",
  "reasoners",
  "reviewer",
  "skills",
  "webhook",
] as const;

/** A name of the wire as it is written in code. */
export type CamelName<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelName<Tail>>}`
  : Name;

/**
 * A type of the wire as it is met in code. Its optional members take `Absent` too. That newer servers may add
 * members is not part of the type; they are there.
 */
export type Camel<T, Absent = never> = T extends readonly (infer Item)[]
  ? Camel<Item, Absent>[]
  : T extends object
    ? {
        [Key in keyof T as string extends Key ? never : Key extends string ? CamelName<Key> : never]:
          | (Key extends (typeof RECORD_NAMES)[number] ? Camel<T[Key], Absent> : T[Key])
          // biome-ignore lint/complexity/noBannedTypes: `{}` is what extends an optional member alone.
          | ({} extends Pick<T, Key> ? Absent : never);
      }
    : T;

const records: ReadonlySet<string> = new Set(RECORD_NAMES);

/** `approval_request_id` → `approvalRequestId`. */
export function camelName(name: string): string {
  return name.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `approvalRequestId` → `approval_request_id`. */
export function snakeName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `value` with the names of its records, and of the records in them, turned by `rename`. */
export function recased(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => recased(item, rename));
  if (!isObject(value)) return value;
  const turned = Object.entries(value).map(([name, item]) => [
    rename(name),
    records.has(snakeName(name)) ? recased(item, rename) : item,
  ]);
  return Object.fromEntries(turned);
}

/** Whether `value` is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
