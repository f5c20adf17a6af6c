import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Agent, CallFailedError, type Run } from "../src/agent/index.js";
import { numbered } from "../src/agent/steps.js";
import { Plane } from "./agents.js";

let plane: Plane;

before(async () => {
  plane = await Plane.start();
});

after(() => plane?.close());

class OddError extends Error {
  override name = "OddError";
}

/** A node whose process is replaced while its run waits; `done` counts the side effects. */
class Shop {
  readonly name: string;
  readonly done: string[] = [];
  change = "";
  title = "Sell?";

  constructor(name: string) {
    this.name = name;
  }

  #failing(what: string, error: Error): () => never {
    return () => {
      this.done.push(what);
      throw error;
    };
  }

  process(): Agent {
    const agent = plane.agent(this.name);
    agent.reasoner("price", (_ctx, { number }: { number: number }) => {
      this.done.push("price");
      return number * 1.5;
    });
    agent.reasoner("broken", this.#failing("broken", new RangeError("no price")));
    agent.reasoner("sell", (ctx, { number }: { number: number }) => this.#sell(ctx, number));
    return agent;
  }

  async #sell(ctx: Run, number: number): Promise<unknown> {
    ctx.note("selling", { tags: ["shop"] });
    ctx.note("selling", { tags: ["shop"] });
    const order = await ctx.step(
      "reserve",
      (given: { number: number }) => {
        this.done.push("reserve");
        return { number: given.number + 1, at: new Date(0) };
      },
      { number: number + this.change.length },
    );
    const nothing = await ctx.step({ name: "ship", key: "a" }, () => void this.done.push("ship"));
    const price = await ctx.call<number>(`${this.name}.price`, { number: order.number });
    const failures: string[] = [];
    for (const work of [
      () => ctx.step("fail", this.#failing("fail", new TypeError("out of stock"))),
      () => ctx.step("odd", this.#failing("odd", new OddError("odd"))),
      () => ctx.call(`${this.name}.broken`),
    ]) {
      await work().catch((error: Error) => failures.push(`${error.constructor.name}: ${error.message}`));
    }
    const { decision } = await ctx.pause({
      approvalRequestId: `sell-${this.done.length}`,
      title: this.title,
    });
    return { order, nothing, price, failures, decision };
  }
}

const EFFECTS = ["reserve", "ship", "price", "fail", "odd", "broken"];

test("the next process finishes the run and repeats nothing", async (t) => {
  const shop = new Shop("shop");
  const first = await plane.serving(t, shop.process());
  const { executionId } = await plane.client.executeAsync("shop.sell", { input: { number: 1 } });
  const request = await plane.asked(executionId);
  assert.deepEqual(shop.done, EFFECTS);
  await first.close();
  await plane.client.decide(request.id, { decision: "approved" });
  await plane.serving(t, shop.process());
  const done = await plane.finished(executionId);
  assert.deepEqual(shop.done, EFFECTS);
  assert.deepEqual([done.status, done.attempt], ["succeeded", 2], done.error);
  assert.deepEqual(done.result, {
    order: { number: 2, at: "1970-01-01T00:00:00.000Z" },
    nothing: null,
    price: 3,
    failures: [
      "TypeError: out of stock",
      "StepFailedError: step.odd.1 failed: OddError: odd",
      "CallFailedError: shop.broken failed: RangeError: no price",
    ],
    decision: "approved",
  });
  assert.equal((await plane.events(executionId)).filter((type) => type === "note").length, 2);
  assert.equal((await plane.client.listApprovalRequests({ executionId })).items.length, 1);
});

test("a run says which it is, and a later attempt that it is another", async (t) => {
  const agent = () => {
    const made = plane.agent("teller");
    made.reasoner("who", async (ctx) => {
      const told = await ctx.step("before", () => [ctx.attemptId, ctx.attempt]);
      await ctx.pause({ approvalRequestId: "q-1" });
      return [told, ctx.nodeId, ctx.executionId, ctx.attemptId, ctx.attempt, ctx.runId];
    });
    return made;
  };
  const first = await plane.serving(t, agent());
  const { executionId, runId } = await plane.client.executeAsync("teller.who");
  const request = await plane.asked(executionId);
  await first.close();
  await plane.client.decide(request.id, { decision: "approved" });
  await plane.serving(t, agent());
  const { result } = await plane.finished(executionId);
  assert.deepEqual(result, [[executionId, 1], "teller", executionId, `${executionId}~2`, 2, runId]);
});

for (const where of ["step", "question"] as const) {
  test(`a way that differs is named: ${where}`, async (t) => {
    const shop = new Shop(`shop-${where}`);
    const first = await plane.serving(t, shop.process());
    const { executionId } = await plane.client.executeAsync(`${shop.name}.sell`, { input: { number: 1 } });
    const request = await plane.asked(executionId);
    await first.close();
    await plane.client.decide(request.id, { decision: "approved" });
    if (where === "step") shop.change = "!";
    else shop.title = "Sell all?";
    await plane.serving(t, shop.process());
    const done = await plane.finished(executionId);
    assert.equal(done.status, "failed");
    assert.match(done.error ?? "", /^NondeterministicReplayError: nondeterministic_replay/);
    assert.ok(done.error?.includes(where === "step" ? "step.reserve.1" : "pause.1"), done.error);
  });
}

test("a step that somebody else recorded otherwise is named", async (t) => {
  const agent = plane.agent("worker");
  agent.reasoner("work", async (ctx) => {
    const response = await fetch(`${plane.server.url}/api/v1/executions/${ctx.attemptId}/steps/step.one.1`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ kind: "step", name: "one", input_sha256: "0".repeat(64) }),
    });
    assert.equal(response.status, 201);
    return await ctx.step("one", () => 1);
  });
  await plane.serving(t, agent);
  const done = await plane.run("worker.work");
  assert.match(done.error ?? "", /^NondeterministicReplayError: .*step\.one\.1 with another input/);
});

test("what JSON cannot hold is refused", async (t) => {
  const agent = plane.agent("odd");
  const words: Record<string, RegExp> = {
    argument: /^TypeError: the arguments of s must be something that JSON can hold/,
    result: /^TypeError: the result of s must be something that JSON can hold/,
    answer: /^TypeError: the result of answer must be something that JSON can hold/,
    input: /^TypeError: the input of odd\.answer must be something that JSON can hold/,
    name: /^TypeError: a step's name and key .* not 'a\/b'/,
  };
  agent.reasoner("argument", (ctx) => ctx.step("s", (_: bigint) => 1, 1n));
  agent.reasoner("result", (ctx) => ctx.step("s", () => Number.NaN));
  agent.reasoner("answer", () => "\ud800");
  agent.reasoner("input", (ctx) => ctx.call("odd.answer", { when: () => 1 }));
  agent.reasoner("name", (ctx) => ctx.step("a/b", () => 1));
  await plane.serving(t, agent);
  for (const [name, word] of Object.entries(words)) {
    const done = await plane.run(`odd.${name}`);
    assert.equal(done.status, "failed");
    assert.match(done.error ?? "", word);
  }
});

test("equal calls side by side are two runs, and keep their places", async (t) => {
  const agent = plane.agent("twins");
  let runs = 0;
  agent.reasoner("count", () => {
    runs += 1;
    return runs;
  });
  agent.reasoner("both", async (ctx) => {
    const calls = [1, 1, 2].map((number) => ctx.call<number>("twins.count", { number }));
    const counted = await Promise.all(calls);
    await ctx.pause({ approvalRequestId: "go" });
    return counted;
  });
  const first = await plane.serving(t, agent);
  const { executionId } = await plane.client.executeAsync("twins.both");
  const request = await plane.asked(executionId);
  assert.equal(runs, 3);
  const keys = (await plane.client.listSteps(executionId)).items.map(({ key }) => key);
  const numbers = keys.map((key) => key.split(".").at(-1)).sort();
  assert.deepEqual(numbers, ["1", "1", "2"]);
  await first.close();
  await plane.client.decide(request.id, { decision: "approved" });
  const next = plane.agent("twins");
  let counted: unknown;
  next.reasoner("both", async (ctx) => {
    const calls = [1, 1, 2].map((number) => ctx.call<number>("twins.count", { number }));
    counted = await Promise.all(calls);
    return (await ctx.pause({ approvalRequestId: "go" })).decision;
  });
  await plane.serving(t, next);
  assert.equal((await plane.finished(executionId)).result, "approved");
  assert.equal(runs, 3);
  assert.deepEqual([...(counted as number[])].sort(), [1, 2, 3]);
});

test("a run may do many things at once", async (t) => {
  const warnings: string[] = [];
  const warned = ({ name }: Error): void => void warnings.push(name);
  process.on("warning", warned);
  t.after(() => process.off("warning", warned));
  const agent = plane.agent("wide");
  const numbers = Array.from({ length: 30 }, (_, number) => number);
  agent.reasoner("double", (_ctx, { number }: { number: number }) => 2 * number);
  agent.reasoner("all", async (ctx) => {
    const calls = numbers.map((number) => ctx.call<number>("wide.double", { number }));
    const asked = numbers.map((number) => ctx.pause({ approvalRequestId: `q-${number}` }));
    const doubled = await Promise.all(calls);
    return [doubled, (await Promise.all(asked)).filter(({ approved }) => approved).length];
  });
  await plane.serving(t, agent);
  const { executionId } = await plane.client.executeAsync("wide.all");
  for (const number of numbers) {
    await plane.client.decide((await plane.asked(executionId, `q-${number}`)).id, { decision: "approved" });
  }
  const doubled = numbers.map((number) => 2 * number);
  assert.deepEqual((await plane.finished(executionId)).result, [doubled, 30]);
  assert.deepEqual(warnings, []);
});

test("a called run that fails says how, and the error carries it", async (t) => {
  const agent = plane.agent("caller");
  let thrown: unknown;
  agent.reasoner("fail", () => {
    throw new OddError("never");
  });
  agent.reasoner("call", async (ctx) => {
    await ctx.call("caller.fail", {}).catch((error: unknown) => {
      thrown = error;
    });
    return "went on";
  });
  await plane.serving(t, agent);
  assert.equal((await plane.run("caller.call")).result, "went on");
  assert.ok(thrown instanceof CallFailedError, String(thrown));
  assert.deepEqual([thrown.target, thrown.execution?.status], ["caller.fail", "failed"]);
});

test("one name is one reasoner, and a name fits into a path", () => {
  const agent = plane.agent("names");
  agent.reasoner("sell", () => 1);
  assert.throws(() => agent.reasoner("sell", () => 2), /names has a reasoner sell already/);
  assert.throws(() => agent.reasoner("a/b", () => 2), TypeError);
});

test("a key that is too long ends in its digest, as in the other languages", async (t) => {
  const short = `call.${"x".repeat(210)}.4dbfb3247f1b43fd3c41a6841d479f3e97eb66fe73b1ce46b8455104aebaaccc`;
  assert.equal(await numbered(`call.${"x".repeat(300)}.0123456789abcdef`, 2), `${short}.2`);
  assert.equal(await numbered("x".repeat(280), 1), `${"x".repeat(280)}.1`);
  const agent = plane.agent("long-keys");
  const long = "n".repeat(150);
  agent.reasoner("work", (ctx) => ctx.step({ name: long, key: long }, () => 1));
  await plane.serving(t, agent);
  assert.equal((await plane.run("long-keys.work")).result, 1);
});
