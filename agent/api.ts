import type { AgentView, HealthView } from "../common/wire.js";
import type { SnapshotView } from "../common/wire/facts.js";
import { createAgents, type DutyVerb } from "./cluster/agents.js";
import { createPeer } from "./cluster/peer.js";
import type { Events } from "./events/events.js";
import { createHttp, type HttpServer } from "./http/server.js";
import { createJobs, type Jobs } from "./jobs.js";
import type { JobsOptions } from "./jobs/options.js";
import type { JobLogs } from "./logs/job-logs.js";
import type { WhyHere } from "./matching/why.js";
import type { JobControl } from "./owner/job-control.js";
import type { AgentParts } from "./parts.js";

/** What of the agent its API asks and tells. */
export interface ApiParts extends AgentParts {
  readonly abilities: JobsOptions["capabilities"];
  readonly progress: JobsOptions["progress"];
  readonly events: Events;
  readonly logs: JobLogs;
  running(): ReadonlyMap<string, JobControl>;
  view(): Promise<AgentView>;
  health(): Promise<HealthView>;
  readonly why: WhyHere;
  snapshot(): Promise<SnapshotView>;
  obey(verb: DutyVerb): void;
  /** A posted job did not reach the board. */
  putFailed(): void;
}

export interface Api {
  readonly jobs: Jobs;
  readonly http: HttpServer;
}

/** Puts together what answers others: about jobs, about agents, over HTTP. */
export function createApi(parts: ApiParts): Api {
  const { config, identity, membership, events, logs, why, clock, log, version } = parts;
  const { agent, machine } = identity;
  const jobs = createJobs({
    ...{ ...parts, capabilities: parts.abilities, tell: events.tell },
    why: (needs) => why.job(needs),
    onPutFailed: () => parts.putFailed(),
    requested: (job, request) => parts.running().get(job)?.request(request),
  });
  const agents = createAgents({
    ...{ membership, peer: createPeer(config.token), name: agent, machine, clock },
    ...{ self: () => parts.view(), jobs: why.jobs, snapshot: () => parts.snapshot() },
    obey: (verb) => parts.obey(verb),
  });
  const { token } = config;
  const http = createHttp({
    ...{ jobs, logs, agents, events, agent, version, log },
    health: () => parts.health(),
    ...(token === undefined ? {} : { token }),
  });
  return { jobs, http };
}
