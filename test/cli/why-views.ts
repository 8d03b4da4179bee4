import type { AgentWhyView, JobView, RequirementView, WhyView } from "../../common/wire.js";
import type { AgentJobsView } from "../../common/wire/agent-why.js";
import { HOSTILE, NOW } from "./views.js";

/* Answers to `why` as agents give them. */

const JOB: JobView = {
  id: "0198f397-7c1e-7b02-9d40-5a6f0e1c2b33",
  flow: "encode",
  version: 3,
  name: "encode",
  state: "WAITING",
  priority: 0,
  postedAt: new Date(NOW - 12 * 60_000).toISOString(),
  postedVia: "lenovo-x1",
};

const NEEDS = ["is_x86_64", "has_program(ffmpeg)", "memory_free(8GiB)"];

const YES: readonly RequirementView[] = ["takes jobs", "flow encode v3", ...NEEDS, "free slot"].map(
  (what) => ({ what, verdict: "yes" }),
);

function agent(name: string, but: Readonly<Record<string, Partial<RequirementView>>>) {
  const requirements = YES.map((each) => ({ ...each, ...but[each.what] }));
  const able = requirements.every(({ verdict }) => verdict === "yes");
  return { agent: name, able, requirements } satisfies AgentWhyView;
}

const MEMORY = {
  "memory_free(8GiB)": {
    verdict: "no",
    observed: "6.9 GiB free",
    needed: "8 GiB",
    help: "1.1 GiB more",
  },
} as const;

export const IMPOSSIBLE: WhyView = {
  job: JOB,
  needs: NEEDS,
  possible: false,
  obstacles: [],
  agents: [
    agent("nas-1", MEMORY),
    agent("pixel-7", {
      ...MEMORY,
      "takes jobs": { verdict: "no", observed: "it is leaving" },
      "flow encode v3": {
        verdict: "no",
        observed: "flow encode is version 2 here, not 3",
        needed: "flow encode v3",
      },
      is_x86_64: { verdict: "no", observed: "the processor is arm64", needed: "x64" },
      "has_program(ffmpeg)": { verdict: "unknown", observed: "no answer within 2000 ms" },
    }),
  ],
  closest: { agent: "nas-1", short: 1 },
};

const { closest: _closest, ...WITHOUT } = IMPOSSIBLE;

export const POSSIBLE: WhyView = {
  ...WITHOUT,
  possible: true,
  agents: [agent("nas-1", {})],
};

export const FULL: WhyView = {
  ...POSSIBLE,
  job: { ...JOB, startBy: new Date(NOW + 600_000).toISOString() },
  possible: false,
  obstacles: [{ why: `it waits for a slot of disk: 1 of 1 taken by ${JOB.id}` }],
};

export const SUSPENDED: WhyView = {
  ...POSSIBLE,
  job: { ...JOB, state: "SUSPENDED" },
  possible: false,
  obstacles: [{ why: "it is suspended, parked as POISON: 3 owners in a row died over encode" }],
};

export const OWNED: WhyView = {
  ...{ job: { ...JOB, state: "RUNNING", agent: "nas-1" }, needs: NEEDS, owner: "nas-1" },
  ...{ possible: true, obstacles: [], agents: [] },
};

/** Its owner was killed, and another machine sleeps. */
export const ORPHANED: WhyView = {
  ...{ ...OWNED, leaseMs: 10_000, possible: false },
  trouble:
    "nas-1, which owns it, does not answer (10.0.0.5:7463: connect ECONNREFUSED); its claim ends " +
    "10 s after its last sign of life, then an able agent goes on where it was.",
  agents: [
    silentAgent("nas-1", "10.0.0.5:7463: connect ECONNREFUSED", 4_000),
    silentAgent("old-pc", "no heartbeat, perhaps asleep", 2 * 86_400_000),
    agent("pixel-7", MEMORY),
  ],
  closest: { agent: "pixel-7", short: 1 },
};

/** Of one agent: what keeps it from all jobs, and from those that wait. */
export const REVERSE: AgentJobsView = {
  ...{ agent: "pixel-7", able: false },
  missing: [{ what: "takes jobs", verdict: "no", observed: "it is draining" }],
  items: [
    {
      ...{ job: JOB, able: false },
      missing: [
        { what: "is_x86_64", verdict: "no", observed: "the processor is arm64", needed: "x64" },
        { what: "memory_free(8GiB)", ...MEMORY["memory_free(8GiB)"] },
      ],
    },
    {
      job: { ...JOB, flow: "backup", id: "0198f39e-7c1e-7b02-9d40-5a6f0e1c2b34" },
      able: true,
      missing: [],
    },
  ],
  nextCursor: "older",
};

function silentAgent(name: string, why: string, agoMs: number): AgentWhyView {
  return {
    ...{ agent: name, able: false },
    requirements: [{ what: "answers", verdict: "unknown", observed: why }],
    last: {
      facts: { arch: "x86_64", os: "linux", memory_total: "32 GiB", gpus: "RTX 3060" },
      heardAt: new Date(NOW - agoMs).toISOString(),
    },
  };
}

const EVIL = "\u001b[2Jgone\nnext line\u202e";

export const HOSTILE_WHY: WhyView = {
  job: HOSTILE,
  needs: [EVIL],
  possible: false,
  obstacles: [{ why: EVIL }],
  agents: [
    {
      agent: EVIL,
      able: false,
      requirements: [{ what: EVIL, verdict: "no", observed: EVIL, needed: EVIL, help: EVIL }],
    },
  ],
  closest: { agent: EVIL, short: 1 },
};

export const HOSTILE_REVERSE: AgentJobsView = {
  ...{ agent: EVIL, able: false, missing: [{ what: EVIL, verdict: "no", observed: EVIL }] },
  items: [
    {
      job: HOSTILE,
      able: false,
      missing: [{ what: EVIL, verdict: "no", observed: EVIL, help: EVIL }],
    },
  ],
};
