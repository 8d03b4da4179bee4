import type { Needs } from "../common/job.js";
import type { AgentView, AgentWhyView, HealthView } from "../common/wire.js";
import { createAgents, type DutyVerb } from "./cluster/agents.js";
import { createPeer } from "./cluster/peer.js";
import type { Events } from "./events/events.js";
import { createHttp, type HttpServer } from "./http/server.js";
import { createJobs, type Jobs } from "./jobs.js";
import type { JobsOptions } from "./jobs/options.js";
import type { JobControl } from "./owner/job-control.js";
import type { AgentParts } from "./parts.js";

/** What of the agent its API asks and tells. */
export interface ApiParts extends AgentParts {
  readonly abilities: JobsOptions["capabilities"];
  readonly progress: JobsOptions["progress"];
  readonly events: Events;
  running(): ReadonlyMap<string, JobControl>;
  view(): Promise<AgentView>;
  health(): Promise<HealthView>;
  why(needs: Needs): Promise<AgentWhyView>;
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
  const { config, identity, membership, events, clock, log, version } = parts;
  const jobs = createJobs({
    ...{ ...parts, capabilities: parts.abilities, tell: events.tell },
    onPutFailed: () => parts.putFailed(),
    requested: (job, request) => parts.running().get(job)?.request(request),
  });
  const agents = createAgents({
    ...{ membership, peer: createPeer(config.token), name: identity.agent, clock },
    self: () => parts.view(),
    obey: (verb) => parts.obey(verb),
  });
  const { token } = config;
  const http = createHttp({
    ...{ jobs, agents, events, agent: identity.agent, version, log },
    health: () => parts.health(),
    ...(token === undefined ? {} : { token }),
  });
  return { jobs, http };
}
