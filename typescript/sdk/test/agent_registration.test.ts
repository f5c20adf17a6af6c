import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";
import { digestOf, InHand, pages } from "../src/agent/in_hand.js";
import { Agent } from "../src/agent/index.js";
import { type Clock, newSecret, signWebhook, systemClock } from "../src/index.js";
import { Lines, until } from "./agents.js";
import { problem, type Reply, refused, type Sent } from "./fake_fetch.js";

/** No wait takes longer than the next turn. */
const hasty: Clock = {
  ...systemClock,
  sleep: (_ms, signal) =>
    new Promise((resolve, reject) =>
      setImmediate(() => (signal?.aborted ? reject(signal.reason) : resolve())),
    ),
};

const secret = newSecret();

function answer(value: unknown, status = 200): Reply {
  return () => Response.json(value, { status });
}

const registered = answer({ node_id: "n", webhook_secret: secret, heartbeat_seconds: 1 });
const beaten = answer({ resync: false });

/** An agent and a server that answers as it is told, path by path. */
function served(t: TestContext, replies: Record<"register" | "heartbeat", Reply[]>) {
  const sent: Array<{ what: string; body: Record<string, unknown> }> = [];
  const log = new Lines();
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const what = url.split("/").at(-1) ?? "";
    sent.push({ what, body: JSON.parse(String(init.body ?? "{}")) });
    const list = replies[what as keyof typeof replies] ?? [
      answer({ node_id: "n", status: "x", execution_id: "e" }),
    ];
    const reply = list.length > 1 ? list.shift() : list[0];
    return await (reply as Reply)({ url: new URL(url), init } as Sent);
  };
  const agent = new Agent("n", {
    publicUrl: "http://agent.test",
    version: "1.2.3",
    fetch,
    clock: hasty,
    log,
    shutdownSeconds: 0,
  });
  t.after(() => agent.close());
  return { agent, sent, log };
}

test("it says who it is, beats, and says when it leaves", async (t) => {
  const { agent, sent } = served(t, { register: [registered], heartbeat: [beaten] });
  const schemas = { inputSchema: { properties: { order_id: {} } }, outputSchema: { type: "object" } };
  agent.reasoner("sell", () => 1, { tags: ["entry"], description: "Sells.", ...schemas });
  agent.start();
  agent.start();
  await agent.registered();
  await until(() => sent.filter(({ what }) => what === "heartbeat").length > 2);
  await agent.close();
  const { instance_id: instance, ...told } = sent[0]?.body ?? {};
  assert.match(String(instance), /^[0-9a-f]{32}$/);
  assert.deepEqual(told, {
    id: "n",
    base_url: "http://agent.test",
    version: "1.2.3",
    reasoners: [
      {
        id: "sell",
        tags: ["entry"],
        description: "Sells.",
        input_schema: schemas.inputSchema,
        output_schema: schemas.outputSchema,
      },
    ],
    features: { signoff: 1 },
  });
  const digest = createHash("sha256").digest("hex");
  assert.deepEqual(sent[1]?.body, {
    instance_id: instance,
    status: "ready",
    in_hand: { count: 0, digest },
  });
  const left = sent.find(({ what }) => what === "shutdown");
  assert.deepEqual(left?.body["instance_id"], instance);
  assert.equal(sent.filter(({ what }) => what === "register").length, 1);
});

test("it waits for a server that is not there yet, and one that refuses is said", async (t) => {
  const register = [
    refused,
    refused,
    problem(401, "unauthorized"),
    problem(503, "shutting_down"),
    registered,
  ];
  const { agent, sent, log } = served(t, { register, heartbeat: [beaten] });
  agent.start();
  await agent.registered();
  assert.equal(sent.filter(({ what }) => what === "register").length, 5);
  const words = log.lines.map((line) => line.slice(0, line.indexOf(":") >>> 0));
  assert.deepEqual(words, [
    "n cannot register yet, and tries on",
    "n cannot register",
    "n cannot register yet, and tries on",
    "n and the server hear each other again",
    "n is registered",
  ]);
});

test("a server that forgot is told again", async (t) => {
  const heartbeat = [beaten, problem(404, "not_found"), beaten];
  const { agent, sent } = served(t, { register: [registered], heartbeat });
  agent.start();
  await until(() => sent.filter(({ what }) => what === "register").length === 2);
  await until(() => sent.at(-1)?.what === "heartbeat");
});

test("nothing ends the heartbeats", async (t) => {
  const odd: Reply = () => {
    throw new RangeError("nobody expects this");
  };
  const heartbeat = [refused, answer({ no: "receipt" }), odd, problem(500, "internal_error"), beaten];
  const { agent, sent } = served(t, { register: [registered], heartbeat });
  agent.start();
  await until(() => sent.filter(({ what }) => what === "heartbeat").length > 6);
});

test("the list of what is in hand is sent when the server asks", async (t) => {
  const { agent, sent } = served(t, { register: [registered], heartbeat: [answer({ resync: true })] });
  agent.reasoner("work", (ctx) => new Promise((_, reject) => ctx.signal.addEventListener("abort", reject)));
  agent.start();
  await agent.registered();
  for (const id of ["exec_2", "exec_1"]) {
    const headers = await signWebhook(secret, id, Math.floor(Date.now() / 1000), "{}");
    const init = { method: "POST", body: "{}", headers: { ...headers, "X-Execution-ID": id } };
    assert.equal((await agent.handle(new Request("http://agent.test/reasoners/work", init))).status, 202);
  }
  const listed = await until(() =>
    sent
      .map(({ body }) => body["in_hand"] as Record<string, unknown> | undefined)
      .find((it) => it?.["count"] === 2),
  );
  const digest = createHash("sha256").update("exec_1\nexec_2\n").digest("hex");
  assert.deepEqual(listed, { count: 2, digest, executions: ["exec_1", "exec_2"], page: 1, pages: 1 });
});

test("long lists come in pages", () => {
  const ids = Array.from({ length: 2001 }, (_, at) => `exec_${at}`);
  assert.deepEqual(
    pages(ids).map(({ length }) => length),
    [1000, 1000, 1],
  );
  assert.deepEqual(pages([]), [[]]);
});

test("the digest is of the sorted ids, each with a line feed", async () => {
  const digest = createHash("sha256").update("exec_1\nexec_2\n").digest("hex");
  assert.equal(await digestOf(["exec_1", "exec_2"]), digest);
  const inHand = new InHand({ clock: systemClock, log: new Lines(), suspendAfter: Number.POSITIVE_INFINITY });
  assert.deepEqual([inHand.ids(), inHand.has("exec_1"), inHand.cancel("exec_1")], [[], false, false]);
});
