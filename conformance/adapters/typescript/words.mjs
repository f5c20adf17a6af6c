/** Names: the protocol has those of the wire, the SDK has camelCase. */

/** The SDK, or this adapter, has no such thing. */
export class Unsupported extends Error {}

/** User JSON travels as it is. */
const USER_JSON = new Set([
  "input",
  "result",
  "error_details",
  "payload",
  "response",
  "content",
  "data",
  "input_schema",
  "output_schema",
]);

const snakeName = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camelName = (name) => name.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** A record of the SDK by its names on the wire. */
export function snake(value) {
  if (Array.isArray(value)) return value.map(snake);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, item]) => [snakeName(name), item]);
  return Object.fromEntries(members.map(([name, item]) => [name, USER_JSON.has(name) ? item : snake(item)]));
}

/** The named arguments in camelCase. Others than those are not supported. */
export function taken(args, ...names) {
  const strange = Object.keys(args).find((name) => !names.includes(name));
  if (strange !== undefined) throw new Unsupported(`no argument ${strange}`);
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [camelName(name), value]));
}
