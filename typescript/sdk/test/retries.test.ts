import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, ProtocolError, TransportError } from "../src/index.js";
import { DEFAULT_RETRY, FOREVER, nextWait, retryAfter, type Tried } from "../src/retries.js";

const now = Date.parse("2026-01-05T09:30:00Z");
const busy = new ApiError(503, "store_unavailable", "busy");
const gone = new TransportError("gone", { sent: true });

function tried(changed: Partial<Tried> = {}): Tried {
  return { repeatable: true, failures: 1, elapsed: 0, random: () => 0, ...changed };
}

test("Retry-After has two forms", () => {
  const cases: Array<[string | null, number | undefined]> = [
    [null, undefined],
    ["", undefined],
    ["0", 0],
    [" 2 ", 2000],
    ["-1", undefined],
    ["1.5", undefined],
    ["9999999999", undefined],
    ["soon", undefined],
    ["2026-01-05", undefined],
    ["Mon, 05 Jan 2026 09:30:07 GMT", 7000],
    ["Mon, 05 Jan 2026 09:29:00 GMT", 0],
  ];
  for (const [value, wait] of cases) assert.equal(retryAfter(value, now), wait, String(value));
});

test("waits double up to the longest", () => {
  const waits = [1, 2, 3, 6, 7, 2000].map((failures) => nextWait(FOREVER, busy, tried({ failures })));
  assert.deepEqual(waits, [200, 400, 800, 6400, 10_000, 10_000]);
});

test("up to half of a wait is left to chance", () => {
  assert.equal(nextWait(FOREVER, busy, tried({ random: () => 0.5 })), 150);
});

test("attempts are all tries and come to an end", () => {
  assert.equal(nextWait(DEFAULT_RETRY, busy, tried({ failures: 5 })), 3200);
  assert.equal(nextWait(DEFAULT_RETRY, busy, tried({ failures: 6 })), undefined);
});

test("no try begins after the time that was given", () => {
  assert.equal(nextWait(DEFAULT_RETRY, busy, tried({ elapsed: 59_800 })), 200);
  assert.equal(nextWait(DEFAULT_RETRY, busy, tried({ elapsed: 59_801 })), undefined);
});

test("Retry-After goes before", () => {
  const asked = new ApiError(503, "shutting_down", "stopping", { retryAfter: 7000 });
  assert.equal(nextWait(DEFAULT_RETRY, asked, tried({ failures: 3, random: () => 0.9 })), 7000);
  const atOnce = new ApiError(503, "shutting_down", "stopping", { retryAfter: 0 });
  assert.equal(nextWait(FOREVER, atOnce, tried({ failures: 2 })), 400);
});

test("only what passes is tried again", () => {
  for (const status of [429, 502, 503, 504]) {
    assert.equal(nextWait(DEFAULT_RETRY, new ApiError(status, "", "no"), tried()), 200);
  }
  for (const status of [400, 401, 404, 408, 409, 425, 500, 501]) {
    assert.equal(nextWait(DEFAULT_RETRY, new ApiError(status, "", "no"), tried()), undefined);
  }
  assert.equal(
    nextWait(DEFAULT_RETRY, new ApiError(503, "webhook_secret_missing", "no"), tried()),
    undefined,
  );
});

test("what may not be repeated is sent again only if it never left", () => {
  const once = tried({ repeatable: false });
  assert.equal(nextWait(DEFAULT_RETRY, gone, once), undefined);
  assert.equal(nextWait(DEFAULT_RETRY, busy, once), undefined);
  assert.equal(nextWait(DEFAULT_RETRY, new TransportError("refused", { sent: false }), once), 200);
});

test("an answer outside the contract is final, and so is what is no answer at all", () => {
  assert.equal(nextWait(FOREVER, new ProtocolError("no"), tried()), undefined);
  assert.equal(nextWait(FOREVER, new TypeError("no"), tried()), undefined);
});
