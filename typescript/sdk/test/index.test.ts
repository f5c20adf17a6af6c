import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import * as agents from "../src/agent/index.js";
import * as signoff from "../src/index.js";
import { VERSION } from "../src/version.js";
import { ROOT } from "./contract.js";

const errors = [...new Set(Object.values(signoff.ERRORS_BY_CODE).map(({ name }) => name))];

test("the public surface is this", () => {
  const expected = [
    "ApiError",
    "ApprovalResult",
    "DEFAULT_RETRY",
    "ERRORS_BY_CODE",
    "FOREVER",
    "ONCE",
    "PauseTimeoutError",
    "ProtocolError",
    "RefusedError",
    "ServerError",
    "SignatureError",
    "SignoffClient",
    "SignoffError",
    "TransportError",
    "WINDOW_SECONDS",
    "WaitTimeoutError",
    "isApiError",
    "isProblem",
    "isSignatureError",
    "isSignoffError",
    "isTimeout",
    "isTransportError",
    "newSecret",
    "signApprovalResponse",
    "signWebhook",
    "systemClock",
    "verifyApprovalResponse",
    "verifyWebhook",
  ];
  assert.deepEqual(Object.keys(signoff).sort(), [...expected, ...errors].sort());
});

test("that of agents is this", () => {
  assert.deepEqual(Object.keys(agents).sort(), [
    "Agent",
    "AgentError",
    "AgentNotRunningError",
    "CallFailedError",
    "NondeterministicReplayError",
    "Run",
    "RunStoppedError",
    "StepFailedError",
  ]);
});

test("the package depends on nothing and says its version", async () => {
  const manifest = JSON.parse(await readFile(`${ROOT}typescript/sdk/package.json`, "utf8"));
  assert.equal(manifest.version, VERSION);
  assert.equal(manifest.dependencies, undefined);
});

// Types are tested by compiling this file.

test("requests take undefined, answers are absent or a value", () => {
  const request: signoff.ApprovalRequest = { approvalRequestId: "claim-4711", title: undefined };
  const webhook: signoff.ExecuteRequest = { webhook: { url: "https://h.test", secret: undefined } };
  const approval: Pick<signoff.Approval, "title"> = {};
  // @ts-expect-error: an answer has it or has it not
  const wrong: Pick<signoff.Approval, "title"> = { title: undefined };
  const client: signoff.ClientOptions = { serverUrl: process.env["SIGNOFF_SERVER"], apiKey: undefined };
  assert.equal(JSON.stringify([request, webhook, approval, wrong, client]).includes("title"), false);
});

test("misspelt members and the wire's names are refused by the compiler", () => {
  // @ts-expect-error: snake_case is the wire's
  const wire: signoff.ApprovalRequest = { approval_request_id: "claim-4711" };
  // @ts-expect-error: no such option
  const option: signoff.CallOptions = { timeoutMs: 5 };
  // @ts-expect-error: no such member
  const misspelt = (approval: signoff.Approval) => approval.expireAt;
  assert.deepEqual(
    [Object.keys(wire).length, Object.keys(option).length, typeof misspelt],
    [1, 1, "function"],
  );
});

test("a guard narrows to the class of the word", () => {
  const error: unknown = new signoff.AmbiguousRequestIdError(409, "ambiguous_request_id", "two");
  assert.ok(signoff.isProblem(error, "ambiguous_request_id"));
  const candidates: readonly signoff.Candidate[] = error.candidates;
  assert.deepEqual(candidates, []);
});

test("a word of a newer server is a word", () => {
  const word: signoff.Outcome = "approved_with_limits";
  const status: signoff.ApprovalStatus = "escalated";
  assert.notEqual(String(word), status);
});
