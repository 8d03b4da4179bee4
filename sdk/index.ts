/*
 * What authors of flows import from "jobrunner". Whatever is not here may change.
 */
export { z } from "zod";
export type { Verdict } from "../capabilities/capability.js";
export {
  batteryAbove,
  diskFree,
  hasGpu,
  hasProgram,
  hasTag,
  isArm64,
  isX86_64,
  memoryFree,
  nodeVersion,
  notOnAgent,
  onAgent,
  onMains,
  osIs,
  portIsFree,
} from "../capabilities/clauses.js";
export type { Failure } from "../common/failure.js";
export type { Clause } from "../common/job.js";
export type { Json, Store } from "../common/json.js";
export type { Attempt } from "../engine/bodies.js";
export type { Decision } from "../engine/journal.js";
export type { FactTable } from "../facts/fact.js";
export { no, unknown, yes } from "./capabilities/answers.js";
export {
  type CapabilityDefinition,
  type CapabilityOptions,
  defineCapability,
} from "./capabilities/define-capability.js";
export type { Context, RunOptions, Undo } from "./context.js";
export { defineFlow, type FlowDefinition, type Migration } from "./define-flow.js";
export type { FlowNode, LinkNode, RetryNode, TaskNode } from "./node.js";
export { graph, linear, link, task, unordered } from "./plain.js";
export type { Ref } from "./ref.js";
export {
  alwaysRevert,
  alwaysRevertAll,
  type BackoffOptions,
  defineRetry,
  type Duration,
  forEach,
  parameterizedForEach,
  type Retry,
  type RetryOptions,
  times,
} from "./retry.js";
export type { GraphScope, Scope } from "./scope.js";
export { defineTask, type SharedTask } from "./task.js";
