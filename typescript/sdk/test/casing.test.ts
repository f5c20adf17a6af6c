import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { camelName, RECORD_NAMES, recased, snakeName } from "../src/casing.js";
import { contract, type Schema } from "./contract.js";

/** What agents send and are sent; this client has no methods for it. */
const AGENTS_ONLY = ["features", "in_hand"];

/** In events it is free; notifications are read by nothing here. */
const FREE_IN_EVENTS = ["data"];

function resolved(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  return contract.components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {};
}

function isRecord(schema: Schema): boolean {
  const item = resolved(schema);
  return item.items === undefined ? item.properties !== undefined : isRecord(item.items);
}

const members = Object.values(contract.components.schemas).flatMap(({ properties }) =>
  Object.entries(properties ?? {}),
);

test("the members that are entered are the records of the contract", () => {
  const records = new Set(members.filter(([, schema]) => isRecord(schema)).map(([name]) => name));
  assert.deepEqual([...records].sort(), [...RECORD_NAMES, ...AGENTS_ONLY, ...FREE_IN_EVENTS].sort());
});

test("no member is entered that elsewhere holds user JSON", () => {
  const free = new Set(members.filter(([, schema]) => !isRecord(schema)).map(([name]) => name));
  assert.deepEqual(
    RECORD_NAMES.filter((name) => free.has(name)),
    [],
  );
});

test("every name of the contract comes back", () => {
  // `requestId` is what reviewer services have always sent.
  const names = members.map(([name]) => name).filter((name) => name !== "requestId");
  for (const name of names) {
    assert.equal(snakeName(camelName(name)), name);
    assert.match(camelName(name), /^[a-zA-Z0-9]+$/);
  }
});

test("user JSON is the same object, whatever it holds", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const turned = recased(
        { payload: value, error_details: value, items: [{ input: value }] },
        camelName,
      ) as {
        payload: unknown;
        errorDetails: unknown;
        items: Array<{ input: unknown }>;
      };
      assert.equal(turned.payload, value);
      assert.equal(turned.errorDetails, value);
      assert.equal(turned.items[0]?.input, value);
    }),
    { numRuns: 100 },
  );
});

test("a name that is special to objects is a name like any other", () => {
  const turned = recased(
    JSON.parse('{"__proto__": {"a": 1}, "event_head": {"__proto__": 2}}'),
    (name) => name,
  );
  assert.equal(Object.getPrototypeOf(turned), Object.prototype);
  assert.deepEqual(
    JSON.parse(JSON.stringify(turned)),
    JSON.parse('{"__proto__": {"a": 1}, "event_head": {"__proto__": 2}}'),
  );
});
