import type { CapabilityTestView, CapabilityView } from "../../common/wire/system.js";
import { IMPOSSIBLE } from "./why-views.js";

/* Answers about capabilities as agents give them. */

export const PORT: CapabilityView = {
  name: "port_is_free",
  summary: "Nothing on the machine listens on the TCP port.",
  usage: "port",
  needs: [],
  cost: "cheap",
  exclusive: true,
  cacheMs: 1_000,
};

export const CAPABILITIES: readonly CapabilityView[] = [
  {
    ...{ name: "is_x86_64", summary: "The processor is an x86-64.", usage: "" },
    ...{ needs: ["arch"], cost: "cheap", exclusive: false },
  },
  {
    ...{ name: "load_below", summary: "The machine is not busier than that", usage: "load" },
    ...{ needs: ["load"], cost: "cheap", exclusive: false, cacheMs: 5_000 },
    file: "/home/anna/jobrunner/flows/load-below.ts",
  },
  PORT,
];

const MEMORY = "memory_free(8GiB)";

/** What `why` says of the same agents, of one thing alone. */
export const TESTED: CapabilityTestView = {
  clause: MEMORY,
  possible: false,
  agents: IMPOSSIBLE.agents.map((agent) => ({
    ...agent,
    requirements: agent.requirements.filter(({ what }) => what === MEMORY),
  })),
};
