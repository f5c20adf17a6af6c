import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import fc from "fast-check";
import {
  newSecret,
  SignatureError,
  signApprovalResponse,
  signWebhook,
  verifyApprovalResponse,
  verifyWebhook,
} from "../src/index.js";
import { ROOT } from "./contract.js";

/** One case of the file that all languages share; its `about` says what the fields mean. */
interface Case {
  name: string;
  verify: "webhook" | "approval_response";
  secrets: string[];
  now: number;
  body?: string;
  body_base64?: string;
  headers: Record<string, string>;
  sign?: boolean;
  verified?: { kind: string; id: string | null; timestamp: number | null };
  reason?: string;
}

const { cases } = JSON.parse(
  await readFile(`${ROOT}conformance/vectors/webhook_signatures.json`, "utf8"),
) as { cases: Case[] };

const verifiers = { webhook: verifyWebhook, approval_response: verifyApprovalResponse };

for (const { name, verify, secrets, now, headers, sign, verified, reason, ...rest } of cases) {
  const body = Buffer.from(
    rest.body_base64 ?? rest.body ?? "",
    rest.body_base64 === undefined ? "utf8" : "base64",
  );

  test(`signatures: ${name}`, async () => {
    const outcome = verifiers[verify](headers, body, secrets, { now });
    if (reason !== undefined) {
      await assert.rejects(outcome, (error) => error instanceof SignatureError && error.reason === reason);
    } else {
      const { kind, id = null, timestamp = null } = await outcome;
      assert.deepEqual({ kind, id, timestamp }, verified);
    }
  });

  if (sign === true) {
    test(`signing: ${name}`, async () => {
      const secret = secrets[0] ?? "";
      const { "webhook-id": id = "", "webhook-timestamp": timestamp } = headers;
      const made =
        verified?.kind === "body"
          ? { "X-Webhook-Signature": await signApprovalResponse(secret, body) }
          : await signWebhook(secret, id, Number(timestamp), body);
      assert.deepEqual(made, headers);
    });
  }
}

test("the vectors are there", () => assert.ok(cases.length > 40));

test("headers are taken as platforms give them", async () => {
  const secret = newSecret();
  const now = Math.floor(Date.now() / 1000);
  const signed = await signWebhook(secret, "msg_1", now, "{}");
  const expected = { kind: "timestamped", id: "msg_1", timestamp: now };
  assert.deepEqual(await verifyWebhook(new Headers(signed), "{}", secret), expected);
  assert.deepEqual(
    await verifyWebhook({ ...signed, cookie: ["a", "b"], accept: undefined }, "{}", secret),
    expected,
  );
  assert.deepEqual(await verifyWebhook(signed, new TextEncoder().encode("{}").buffer, [secret]), expected);
});

test("a time that is no number refuses", async () => {
  const secret = newSecret();
  const signed = await signWebhook(secret, "msg_1", 1, "{}");
  await assert.rejects(
    verifyWebhook(signed, "{}", secret, { now: Number.NaN }),
    (error) => error instanceof SignatureError && error.reason === "stale",
  );
});

test("a body that a framework has parsed is a mistake of the program's, and says so", async () => {
  const secret = newSecret();
  const signed = await signWebhook(secret, "msg_1", Math.floor(Date.now() / 1000), "{}");
  for (const body of [{}, undefined, null, [1]] as never[]) {
    await assert.rejects(verifyWebhook(signed, body, secret), /TypeError: the body must be the raw/);
    await assert.rejects(verifyApprovalResponse(signed, body, secret), TypeError);
  }
});

test("a secret that the environment does not have is none", async () => {
  const signed = await signWebhook(newSecret(), "msg_1", Math.floor(Date.now() / 1000), "{}");
  const bare = { "X-Webhook-Signature": await signApprovalResponse("other", "{}") };
  const none = (error: unknown): boolean => error instanceof SignatureError && error.reason === "secret";
  for (const missing of [undefined, [undefined], []] as never[]) {
    await assert.rejects(verifyWebhook(signed, "{}", missing), none);
    await assert.rejects(verifyApprovalResponse(bare, "{}", missing), none);
  }
  await assert.rejects(signApprovalResponse(undefined as never, "{}"), none);
});

const anything = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("v1,", "v1,AAAA v1,", "sha256=", "1767225600"),
);
const headerNames = ["webhook-id", "Webhook-Timestamp", "webhook-signature", "X-Webhook-Signature", "cookie"];
const anyHeaders = fc.dictionary(fc.constantFrom(...headerNames), anything);
const anySecrets = fc.array(
  fc.oneof(
    anything,
    anything.map((text) => `whsec_${text}`),
    fc.constant(newSecret()),
  ),
);

test("whatever is not signed is refused, and with nothing but a SignatureError", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyHeaders,
      fc.uint8Array(),
      anySecrets,
      fc.double(),
      async (headers, body, secrets, now) => {
        for (const verify of [verifyWebhook, verifyApprovalResponse]) {
          await assert.rejects(verify(headers, body, secrets, { now }), SignatureError);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("what is signed is believed, and nothing that differs from it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1 }), fc.nat(), async (body, at) => {
      const [secret, now] = [newSecret(), 1_767_225_600];
      const changed = body.map((byte, place) => (place === at % body.length ? byte ^ 1 : byte));
      const timestamped = await signWebhook(secret, "msg_1", now, body);
      const bare = { "x-webhook-signature": await signApprovalResponse(secret, body) };
      await verifyWebhook(timestamped, body, secret, { now });
      await verifyApprovalResponse(bare, body, secret, { now });
      await assert.rejects(verifyWebhook(timestamped, changed, secret, { now }), SignatureError);
      await assert.rejects(verifyApprovalResponse(bare, changed, secret, { now }), SignatureError);
      await assert.rejects(verifyApprovalResponse(bare, body, newSecret(), { now }), SignatureError);
    }),
    { numRuns: 50 },
  );
});
