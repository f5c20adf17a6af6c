/** What is sent and what comes back, as plain values: building requests, reading answers. */
import { camelName, isObject, recased, snakeName } from "./casing.js";
import { type ApiError, ERRORS_BY_CODE, ProtocolError, RefusedError, ServerError } from "./errors.js";
import type { Problem } from "./models.js";
import { retryAfter } from "./retries.js";
import { type Operation, ROUTES, type Route } from "./routes.js";

/** One request of an operation, ready to be sent as often as need be. */
export interface Request {
  readonly method: string;
  /** Path and query, encoded. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
  /** A second one does no harm. */
  readonly repeatable: boolean;
  /** How long the server may hold its answer back, in milliseconds. */
  readonly hold: number;
  /** Method and path, for messages; without the query. */
  readonly name: string;
}

/** Status, headers, and the body as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ArrayBuffer;
}

/** A member without a value is left out. */
type Members = Readonly<Record<string, unknown>>;

export interface Parts {
  path?: Readonly<Record<string, string>>;
  query?: Members;
  headers?: Readonly<Record<string, string | undefined>>;
  /** A record in camelCase. */
  body?: object;
  /** A body that goes out as it is. */
  raw?: Uint8Array | string;
  /** Seconds, as the contract has it. */
  waitSeconds?: number | undefined;
}

/**
 * Make a request of an operation.
 *
 * @throws {TypeError} a path parameter or a header that cannot be one, or a number that JSON has no word for.
 */
export function build(operation: Operation | Route, parts: Parts = {}): Request {
  const route = typeof operation === "string" ? ROUTES[operation] : operation;
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => segment(name, parts.path?.[name]));
  const query = queryOf(parts.query ?? {});
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(parts.headers ?? {})) {
    if (value !== undefined) headers[name] = visible(name, value);
  }
  const body = parts.raw ?? bodyOf(parts.body);
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return {
    method: route.method,
    target: query === "" ? path : `${path}?${query}`,
    headers,
    body,
    repeatable: route.repeat === "always" || Object.hasOwn(headers, route.repeat),
    hold: (parts.waitSeconds ?? 0) * 1000,
    name: `${route.method} ${path}`,
  };
}

function segment(name: string, value: string | undefined): string {
  // A client of HTTP takes these away before it sends, and then asks for something else.
  if (typeof value !== "string" || ["", ".", ".."].includes(value)) {
    throw new TypeError(`${name}: ${JSON.stringify(value)} cannot stand in a path`);
  }
  return encoded(name, value);
}

/**
 * An own id, which goes into a query: undefined would be left out there, and somebody else's newest question found.
 *
 * @throws {TypeError} it is no string.
 */
export function ownId(approvalRequestId: unknown): void {
  if (typeof approvalRequestId !== "string") throw new TypeError("approvalRequestId must be a string");
}

function encoded(name: string, value: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    throw new TypeError(`${name} holds half of a surrogate pair`);
  }
}

function queryOf(members: Members): string {
  return Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const word = value instanceof Date ? value.toISOString() : String(value);
      return `${snakeName(name)}=${encoded(name, word)}`;
    })
    .join("&");
}

function visible(name: string, value: string): string {
  // A header may hold a signature: its value stays out of the message.
  if (!/^[!-~]([ -~]{0,1998}[!-~])?$/.test(value)) {
    throw new TypeError(`${name} must be 1 to 2000 visible ASCII characters`);
  }
  return value;
}

function bodyOf(body: object | undefined): string | undefined {
  if (body === undefined) return undefined;
  // `pause("deploy-42")`, from where no types are checked.
  if (!isObject(body)) throw new TypeError(`an object is sent here, not ${JSON.stringify(body)}`);
  return jsonText(recased(body, snakeName));
}

/**
 * JSON text, members without a value left out.
 *
 * @throws {TypeError} NaN and infinity, which would arrive as null; a bigint, which JSON.stringify refuses.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (name, item: unknown) => {
    if (typeof item === "number" && !Number.isFinite(item))
      throw new TypeError(`${name}: ${item} is not JSON`);
    return item;
  });
}

/** The error that the answer stands for, if it is one. */
export function refusal(answer: Answer, now: number): ApiError | undefined {
  if (answer.status < 400) return undefined;
  const body = new TextDecoder().decode(answer.body);
  return apiError(answer.status, body, retryAfter(answer.headers.get("retry-after"), now));
}

/** The error that an answer of 400 and above stands for; `text` is a problem, or what a proxy wrote instead. */
function apiError(status: number, text: string, retryAfter?: number): ApiError {
  const family = status >= 500 ? ServerError : RefusedError;
  const problem = readProblem(text);
  if (problem === undefined)
    return new family(status, "", "the answer is no problem document", { retryAfter });
  const known = Object.hasOwn(ERRORS_BY_CODE, problem.code);
  const kind = known ? ERRORS_BY_CODE[problem.code as keyof typeof ERRORS_BY_CODE] : family;
  return new kind(status, problem.code, problem.detail, { problem, retryAfter });
}

function readProblem(text: string): Problem | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value) || typeof value["code"] !== "string" || typeof value["detail"] !== "string")
    return undefined;
  if (value["errors"] !== undefined && !Array.isArray(value["errors"])) return undefined;
  return recased(value, camelName) as Problem;
}

/** Reads a record from a value; `undefined` says that it is no such thing. */
export type Shape<T> = {
  readonly name: string;
  readonly fits: (record: Record<string, unknown>) => boolean;
} & {
  /** Never there: it carries the type. */
  readonly of?: T;
};

/**
 * The answer's body as a record of the contract.
 *
 * @throws {ProtocolError} it is no such thing.
 */
export function decoded<T>(shape: Shape<T>, answer: Answer): T {
  return parsed(shape, text(answer));
}

/**
 * JSON text as a record of the contract.
 *
 * @throws {ProtocolError} it is no such thing.
 */
export function parsed<T>(shape: Shape<T>, json: string): T {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ProtocolError("the answer is no JSON");
  }
  if (!isObject(value) || !shape.fits(value)) throw new ProtocolError(`the answer is no ${shape.name}`);
  return recased(value, camelName) as T;
}

/**
 * The answer's body as text.
 *
 * @throws {ProtocolError} it is not UTF-8, or the contract does not know such an answer.
 */
export function text(answer: Answer): string {
  if (![200, 201, 202].includes(answer.status)) throw outsideContract(answer.status);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(answer.body);
  } catch {
    throw new ProtocolError("the answer is not UTF-8");
  }
}

/** The error for a status that the contract does not have. 0 is what browsers say of a redirect. */
export function outsideContract(status: number): ProtocolError {
  if (status === 0 || (status >= 300 && status < 400)) {
    return new ProtocolError(`the server answers ${status || "with a redirect"}; redirects are not followed`);
  }
  return new ProtocolError(`the server answers ${status}, which the contract does not know`);
}
