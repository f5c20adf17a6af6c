/** `@signoff/sdk/agent`: serve reasoners, ask people from within them, go on after a crash. */
export { Agent, type AgentOptions } from "./agent.js";
export * from "./errors.js";
export type { Log } from "./log.js";
export type { PauseOptions } from "./pauses.js";
export type { InputSchema, ReasonerOptions, Work } from "./reasoners.js";
export { Run } from "./run.js";
export type { Listening, ListenOptions } from "./serving.js";
export type { StepName } from "./steps.js";
