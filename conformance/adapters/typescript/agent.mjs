// An agent of the TypeScript SDK under test. See ../../ADAPTERS.md, Agents.
import { appendFileSync } from "node:fs";
import { ApiError, PauseTimeoutError, WaitTimeoutError } from "@signoff/sdk";
import { Agent, CallFailedError, NondeterministicReplayError, StepFailedError } from "@signoff/sdk/agent";

const settings = JSON.parse(process.env.CONFORMANCE_SETTINGS ?? "{}");

/** Append a line to the log, whole. */
function write(line) {
  appendFileSync(process.env.CONFORMANCE_LOG, `${JSON.stringify(line)}\n`);
}

/** A setting in ms as seconds; undefined when it is absent. */
function seconds(ms) {
  return ms === undefined ? undefined : ms / 1000;
}

/** A step of a script fails as it is told. */
class StepError extends Error {
  name = "StepError";
}

const KINDS = [
  [StepError, "step_failed"],
  [StepFailedError, "step_failed"],
  [CallFailedError, "call_failed"],
  [NondeterministicReplayError, "nondeterministic_replay"],
  [PauseTimeoutError, "deadline"],
  [WaitTimeoutError, "deadline"],
];

/** An error as the suite wants it. */
function told(error) {
  const known = KINDS.find(([type]) => error instanceof type);
  if (known !== undefined) return { kind: known[1], message: error.message };
  if (error instanceof ApiError) return { kind: "refused", code: error.code, message: error.message };
  return { kind: "internal", message: String(error) };
}

/** The end of a wait, with the five booleans as the SDK has them. */
function outcome(result) {
  if (result === undefined) return null;
  const { decision, approved, rejected, changesRequested, expired, withdrawn } = result;
  const { feedback, response, reviewer, eventHead, id, approvalRequestId } = result;
  return {
    decision,
    approved,
    rejected,
    changes_requested: changesRequested,
    expired,
    withdrawn,
    feedback,
    response,
    reviewer,
    event_head: eventHead,
    id,
    approval_request_id: approvalRequestId,
  };
}

/** Work that does not come back before the run is stopped. */
function brokenOff(signal) {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new StepError("it was broken off")));
  });
}

const VERBS = {
  step: (run, attempt, one) => {
    const named = one.key === undefined ? one.name : { name: one.name, key: one.key };
    const work = () => {
      write({ did: one.name, attempt });
      if (one.error !== undefined) throw new (one.built_in ? RangeError : StepError)(one.error);
      if (one.linger) return brokenOff(run.signal);
      return one.value;
    };
    return run.step(named, work, ...(one.args ?? []));
  },
  pause: async (run, _, one) => {
    const { id, title, description, payload, url, expires_in_hours: expiresInHours } = one;
    const asked = {
      approvalRequestId: id,
      title,
      description,
      payload,
      approvalRequestUrl: url,
      expiresInHours,
    };
    return outcome(await run.pause(asked, { timeout: one.timeout_ms }));
  },
  resume: async (run, _, one) => outcome(await run.waitForResume(one.id, { timeout: one.timeout_ms })),
  call: (run, _, one) => run.call(one.target, one.input),
  note: (run, _, one) => {
    run.note(one.message, { tags: one.tags });
    return null;
  },
  work: (_, attempt, one) => {
    write({ did: one.name, attempt });
    return null;
  },
  value: (_, __, one) => one.value,
  fail: (_, __, one) => {
    throw new Error(one.message);
  },
  linger: (run) =>
    new Promise((_, reject) => run.signal.addEventListener("abort", () => reject(run.signal.reason))),
  together: (run, attempt, one) => Promise.all(one.do.map((each) => perform(run, attempt, each))),
};

/** Do one verb; with `catch`, what goes wrong is its result. */
async function perform(run, attempt, one) {
  try {
    return await VERBS[one.verb](run, attempt, one);
  } catch (error) {
    if (!one.catch) throw error;
    return { error: told(error) };
  }
}

const agent = new Agent("conformance", {
  version: "0.1.0",
  shutdownSeconds: seconds(settings.shutdown_ms),
  suspendAfterSeconds: seconds(settings.suspend_after_ms),
  maxRunning: settings.max_running,
});

// Does what is listed, one after the other; the log says that `attempt` did it.
agent.reasoner("script", async (run, { do: list, attempt }) => {
  const results = [];
  for (const one of list) results.push(await perform(run, attempt, one));
  return results;
});

write({
  hello: {
    protocol: 1,
    name: "signoff-typescript",
    language: "typescript",
    version: "0.1.0",
    abilities: { suspend: true, max_running: true },
  },
});
await agent.listen();
