import assert from "node:assert/strict";
import { test } from "node:test";
import * as signoff from "../src/index.js";
import { contract } from "./contract.js";
import { clientOn, decided, json, problem } from "./fake_fetch.js";

const exported = new Map<string, unknown>(Object.entries(signoff));
const codes = contract.components.schemas["ProblemCode"]?.enum ?? [];

test("each word of the contract has its class by one rule", () => {
  assert.deepEqual(Object.keys(signoff.ERRORS_BY_CODE), codes);
  for (const [code, kind] of Object.entries(signoff.ERRORS_BY_CODE)) {
    const words = code.replace(/_error$/, "").split("_");
    const name = `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("")}Error`;
    assert.equal(kind.name, name);
    assert.equal(exported.get(name), kind);
  }
});

test("a problem is thrown as its class, with all that it says", async () => {
  const errors = [{ in: "body", pointer: "/expires_in_hours", detail: "must be greater than 0" }];
  const { client } = clientOn([problem(400, "invalid_request", {}, { errors })]);
  const error = await client
    .requestApproval({ approvalRequestId: "x", expiresInHours: 0 })
    .catch((e: unknown) => e);
  assert.ok(error instanceof signoff.InvalidRequestError && error instanceof signoff.RefusedError);
  assert.equal(error.name, "InvalidRequestError");
  assert.equal(error.status, 400);
  assert.deepEqual(error.errors, errors);
  assert.match(
    error.message,
    /^400 invalid_request: it is invalid_request\n {2}body \/expires_in_hours: must/,
  );
});

test("what won is on the error, in the shapes of code", async () => {
  const { client } = clientOn([problem(409, "already_decided", {}, { approval: decided("rejected") })]);
  const error = await client.decide("apr_1", { decision: "approved" }).catch((e: unknown) => e);
  assert.ok(signoff.isProblem(error, "already_decided"));
  assert.equal(error.approval?.decision, "rejected");
  assert.equal(error.approval?.approvalRequestId, "claim-4711");
});

test("a word of a newer server keeps its family and its word", async () => {
  const refused = await clientOn([problem(409, "gone_fishing")])
    .client.getHealth()
    .catch((e: unknown) => e);
  assert.ok(refused instanceof signoff.RefusedError && refused.code === "gone_fishing");
  assert.equal(refused.name, "RefusedError");
  const failed = await clientOn([problem(500, "toString")])
    .client.getHealth()
    .catch((e: unknown) => e);
  assert.ok(failed instanceof signoff.ServerError && failed.code === "toString");
});

test("what a proxy writes is an error without a word", async () => {
  for (const body of ["<html>", "[]", "null", '{"code": 1}', '{"code":"x","detail":"y","errors":{}}']) {
    const { client } = clientOn([() => new Response(body, { status: 418 })]);
    const error = await client.getHealth().catch((e: unknown) => e);
    assert.ok(error instanceof signoff.RefusedError && error.code === "");
  }
});

test("an answer outside the contract is an error of its own", async () => {
  const outside = [
    () => new Response("hello"),
    () => new Response('{"id": 1}'),
    () => new Response(new Uint8Array([0xff])),
    () => new Response(null, { status: 204 }),
    () => new Response(null, { status: 302, headers: { Location: "http://evil.test/" } }),
    json({ ...decided("approved"), decided_at: 5 }),
  ];
  for (const reply of outside) {
    const { client, sent } = clientOn([reply]);
    await assert.rejects(client.getApprovalRequest("apr_1"), signoff.ProtocolError);
    assert.equal(sent.length, 1);
  }
});

test("guards know errors of another copy of the package", () => {
  const brand = Symbol.for("@signoff/sdk.error");
  const foreign = Object.assign(new Error("not there"), { [brand]: true, status: 404, code: "not_found" });
  assert.ok(
    signoff.isSignoffError(foreign) && signoff.isApiError(foreign) && signoff.isProblem(foreign, "not_found"),
  );
  assert.ok(!signoff.isProblem(foreign, "forbidden"));
  const late = Object.assign(new Error("late"), { [brand]: true, name: "WaitTimeoutError" });
  assert.ok(signoff.isTimeout(late) && !signoff.isTransportError(late) && !signoff.isSignatureError(late));
  for (const other of [new Error("x"), undefined, null, "not_found", { code: "not_found", status: 404 }]) {
    assert.ok(!signoff.isSignoffError(other) && !signoff.isApiError(other) && !signoff.isTimeout(other));
  }
});
