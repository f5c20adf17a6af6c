import assert from "node:assert/strict";
import { test } from "node:test";
import { AGENT_ROUTES, AgentOperations } from "../src/agent/operations.js";
import { agentSide } from "./contract.js";

test("there is one method per operation that is for agents alone, in the contract's order", () => {
  const methods = Object.getOwnPropertyNames(AgentOperations.prototype).filter(
    (name) => name !== "constructor",
  );
  assert.equal(agentSide.length, 8);
  assert.deepEqual(
    methods,
    agentSide.map(({ id }) => id),
  );
});

test("each is sent to the contract's path", () => {
  const routes = Object.entries(AGENT_ROUTES).map(([id, { method, path }]) => ({ id, method, path }));
  assert.deepEqual(
    routes,
    agentSide.map(({ id, method, path }) => ({ id, method, path })),
  );
});
