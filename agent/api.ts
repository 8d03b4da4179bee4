import type { Evaluator } from "../capabilities/evaluate.js";
import type { AgentView, HealthView } from "../common/wire.js";
import { createAgents, type DutyVerb } from "./cluster/agents.js";
import { createPeer } from "./cluster/peer.js";
import { snapshotOf } from "./cluster/snapshot.js";
import { type Checked, keptCheck } from "./health.js";
import type { Events } from "./events/events.js";
import { Hooks } from "./hooks/hooks.js";
import type { BoardInUse, RouteOptions } from "./http/route.js";
import { createHttp, type HttpServer } from "./http/server.js";
import { createJobs, type Jobs } from "./jobs.js";
import type { PostAnswer } from "./jobs/posting.js";
import type { JobsOptions } from "./jobs/options.js";
import type { WhyHere } from "./matching/why.js";
import type { Metrics } from "./metrics/metrics.js";
import type { JobControl } from "./owner/job-control.js";
import { createSchedules } from "./schedules/schedules.js";
import { Scheduler } from "./schedules/scheduler.js";
import { createSystem } from "./metrics/system.js";
import type { AgentParts } from "./parts.js";

/** What of the agent its API asks and tells. */
export interface ApiParts extends AgentParts {
  readonly abilities: JobsOptions["capabilities"] & Pick<Evaluator, "busy">;
  readonly progress: JobsOptions["progress"];
  readonly metrics: Metrics;
  /** The board agreed on. */
  readonly sweep: BoardInUse;
  readonly events: Events;
  /** What jobs have written. */
  readonly logs: RouteOptions["logs"];
  running(): ReadonlyMap<string, JobControl>;
  view(): Promise<AgentView>;
  health(checked: Checked): Promise<HealthView>;
  readonly why: WhyHere;
  /** The one in force; what `config` says was at the start. */
  token(): string | undefined;
  obey(verb: DutyVerb): void;
  /** A posted job did not reach the board. */
  putFailed(): void;
}

export interface Api extends AsyncDisposable {
  readonly jobs: Jobs;
  readonly scheduler: Scheduler;
  readonly hooks: Hooks;
  readonly http: HttpServer;
}

/** Puts together what answers others: about jobs, about agents, over HTTP. */
export function createApi(parts: ApiParts): Api {
  const { config, identity, membership, events, facts, clock, log, version } = parts;
  const hooks: Hooks = new Hooks({
    ...{ ...parts, settings: config.hooks, hooks: parts.persistence.hooks, agent: identity.agent },
    detail: (job) => jobs.detail(job),
  });
  const uncounted = createJobs({
    ...{ ...parts, capabilities: parts.abilities, tell: events.tell, hooks },
    why: (needs) => parts.why.job(needs),
    onPutFailed: () => parts.putFailed(),
    requested: (job, request) => parts.running().get(job)?.request(request),
  });
  const jobs = counted(uncounted, parts.metrics);
  const scheduler = new Scheduler({ ...parts, jobs, random: Math.random });
  const schedules = createSchedules({
    ...{ ...parts, jobs, agent: identity.agent },
    changed: () => scheduler.wake(),
  });
  const agents = createAgents({
    ...{
      membership,
      peer: createPeer(() => ({ ca: config.ca, token: parts.token(), secure: isSecure(config) })),
      name: identity.agent,
      clock,
    },
    ...{ machine: identity.machine, self: () => parts.view(), jobs: parts.why.jobs },
    snapshot: () => snapshotOf(facts, clock),
    obey: (verb) => parts.obey(verb),
  });
  const system = createSystem({ ...parts, agent: identity.agent });
  const checked = keptCheck(parts.persistence, clock);
  const { token, tokens, tls, streamsPerCaller } = config;
  const http = createHttp({
    ...{ jobs, schedules, agents, agent: identity.agent, version, log, system },
    ...{ logs: parts.logs, events, board: parts.sweep, health: () => parts.health(checked) },
    streamsPerCaller,
    ...(token === undefined ? {} : { token }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(tls === undefined ? {} : { tls }),
  });
  return {
    ...{ jobs, scheduler, hooks, http },
    async [Symbol.asyncDispose]() {
      await scheduler.stop();
      await hooks.stop();
      await events[Symbol.asyncDispose](); // First: who follows is told that the agent has left.
      await http.close();
      system[Symbol.dispose]();
    },
  };
}

function isSecure({ tls, ca }: ApiParts["config"]): boolean {
  return tls !== undefined || ca !== undefined;
}

/** The same jobs; those that are posted here are counted. */
function counted(jobs: Jobs, metrics: Metrics): Jobs {
  const count = (answer: PostAnswer): PostAnswer => {
    if (answer.created && "flow" in answer.view) metrics.jobPosted(answer.view.flow);
    return answer;
  };
  const retry: Jobs["verbs"]["retry"] = async (...asked) => count(await jobs.verbs.retry(...asked));
  return {
    ...{ ...jobs, verbs: { ...jobs.verbs, retry } },
    post: async (...asked) => count(await jobs.post(...asked)),
  };
}
