import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { ApprovalRequest, ApprovalStatus, Execution } from "../src/contract.gen.js";
import { exampleCounts, examples } from "./contract_examples.gen.js";

/** One example of openapi.yaml; tools/examples.py says what the fields mean. */
interface ContractExample {
  id: string;
  schema: string | null;
  free: string[];
  value: string;
}

// The compiled test runs three folders deeper than it is written.
const vectors = new URL("../../../../../conformance/vectors/contract_examples.json", import.meta.url);
const contract: ContractExample[] = JSON.parse(await readFile(fileURLToPath(vectors), "utf8"));

// The types are gone at run time: that `contract_examples.gen.ts` compiles is the test that they take
// every example. JavaScript's numbers hold no integer above 2^53 and its objects put keys like "10"
// first; what that does to an example it does to both sides of the comparison.
test("every example of the contract comes back equal", () => {
  assert.deepEqual(
    contract.map(({ id }) => id),
    Object.keys(examples),
  );
  for (const { id, value } of contract) {
    assert.deepEqual(JSON.parse(JSON.stringify(examples[id])), JSON.parse(value), id);
  }
});

test("every schema has an example", () => {
  assert.notEqual(Object.keys(exampleCounts).length, 0);
  for (const [schema, count] of Object.entries(exampleCounts)) {
    assert.ok(count > 0, `${schema} has no example`);
  }
});

test("a word from a newer server is kept", () => {
  const execution = JSON.parse('{"status":"escalated"}') as Pick<Execution, "status">;
  const word: ApprovalStatus = "escalated";
  assert.equal(execution.status, word);
});

test("fields that have a default need not be given, and absent is not undefined", () => {
  const request: ApprovalRequest = { approval_request_id: "claim-4711" };
  assert.equal(JSON.stringify(request), '{"approval_request_id":"claim-4711"}');
  // @ts-expect-error: leave it out instead
  const wrong: ApprovalRequest = { approval_request_id: "claim-4711", title: undefined };
  assert.equal(wrong.title, undefined);
});

test("a request that the contract does not know is refused by the compiler", () => {
  // @ts-expect-error: no such field
  const misspelt: ApprovalRequest = { approval_request_id: "claim-4711", expires_in_hour: 24 };
  assert.equal(Object.keys(misspelt).length, 2);
});
