import type { Manifest } from "../../runner/runner.js";
import type { Tell } from "./told.js";

/** Tells which flows the agent can run, and which files it could not load. */
export function tellFlows(tell: Tell, { flows, problems }: Manifest): void {
  for (const { name: flow, version, file } of flows) {
    tell({ type: "flow.loaded", flow, version, file });
  }
  for (const { file, message } of problems) {
    tell({ type: "flow.error", file, reason: message });
  }
}
