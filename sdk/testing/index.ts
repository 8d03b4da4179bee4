/*
 * What tests of flows import from "jobrunner/testing": docs/testing-flows.md. It needs no test
 * framework and suits any.
 */
export { everyCrashPoint } from "./every-crash-point.js";
export type { KillAt, Mishap, TestBody, TestCommand, TestOptions } from "./options.js";
export type { TestCall, TestProgress } from "./job/record.js";
export type { FlowResult } from "./result.js";
export { testFlow } from "./test-flow.js";
