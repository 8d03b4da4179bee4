import { JobrunnerError } from "../../common/error.js";
import { nearest } from "../../common/text/nearest.js";
import type { FlowsView, FlowView } from "../../common/wire.js";
import type { Runners } from "../runner/runner.js";
import { toFlowView } from "./views.js";

const NAMES_SHOWN = 20;

export async function listFlows(runners: Runners): Promise<FlowsView> {
  const { flows, problems } = await runners.manifest();
  return { items: flows.map(toFlowView).sort((a, b) => (a.name < b.name ? -1 : 1)), problems };
}

/** Throws UNKNOWN_FLOW. */
export async function getFlow(runners: Runners, name: string): Promise<FlowView> {
  const { items } = await listFlows(runners);
  const found = items.find((item) => item.name === name);
  if (found === undefined) throw await unknownFlow(runners, name);
  return found;
}

/** The error that names the flow the asker probably meant, or those there are. */
export async function unknownFlow(runners: Runners, name: string): Promise<JobrunnerError> {
  const names = (await listFlows(runners)).items.map((item) => item.name);
  const meant = nearest(name, names);
  const known = names.slice(0, NAMES_SHOWN).join(", ") || "no flow at all";
  return new JobrunnerError("UNKNOWN_FLOW", `there is no flow "${name}"`, {
    hint: meant === undefined ? `This agent knows: ${known}.` : `Did you mean ${meant}?`,
  });
}
