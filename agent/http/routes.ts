import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import { parseDuration } from "../../common/text/duration.js";
import { hasCode, JobrunnerError } from "../../common/error.js";
import type { CancelRequest, HealthView, PostRequest } from "../../common/wire.js";
import type { ListQuery } from "../jobs/listing.js";
import type { Agents } from "../cluster/agents.js";
import { whyEverywhere } from "../cluster/why.js";
import type { Jobs } from "../jobs.js";
import { LIMITS } from "./limits.js";
import { agentRoutes } from "./agent-routes.js";
import { HttpError } from "./problem.js";
import type { Route } from "./route.js";
import { answerPosting, keyOf } from "./routes/answer-posting.js";
import { verbRoutes } from "./routes/verbs.js";
import {
  CANCEL_JOB,
  FLOW_PARAMS,
  JOB_PARAMS,
  JOB_QUERY,
  LIST_QUERY,
  NO_BODY,
  NO_QUERY,
  POST_FLOW_JOB,
  POST_HEADERS,
  POST_JOB,
  WHY_QUERY,
} from "./schemas.js";

export interface RouteOptions {
  readonly jobs: Jobs;
  readonly agents: Agents;
  /** Name of the agent that answers. */
  readonly agent: string;
  health(): Promise<HealthView>;
  /** Aborts when the server stops: long polls answer what they know. */
  readonly stopping: AbortSignal;
}

const METHODS: readonly HTTPMethods[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

export function installRoutes(app: FastifyInstance, options: RouteOptions): void {
  const routes = [
    ...postRoutes(options),
    ...jobRoutes(options),
    ...askRoutes(options),
    ...verbRoutes(options),
    ...agentRoutes(options.agents),
    ...otherRoutes(options),
  ];
  for (const route of routes) {
    app.route({ ...route, schema: { querystring: NO_QUERY, ...route.schema } });
  }
  for (const url of new Set(routes.map((route) => route.url))) {
    refuseOtherMethods(app, url, routes);
  }
}

function postRoutes({ jobs }: RouteOptions): readonly Route[] {
  let inFlight = 0;
  const post = async (request: FastifyRequest, reply: FastifyReply, body: PostRequest) => {
    if (inFlight >= LIMITS.postsInFlight) throw busy();
    inFlight += 1;
    try {
      return await answerPosting(reply, jobs.post(body, keyOf(request)));
    } catch (error) {
      throw hasCode(error, "CONFLICT") ? new HttpError(422, error) : error;
    } finally {
      inFlight -= 1;
    }
  };
  // The casts of bodies and queries in this file follow the schema check of their route.
  return [
    {
      method: "POST",
      url: "/v1/jobs",
      schema: { body: POST_JOB, headers: POST_HEADERS },
      handler: (request, reply) => post(request, reply, request.body as PostRequest),
    },
    {
      method: "POST",
      url: "/v1/flows/:name/jobs",
      schema: { body: POST_FLOW_JOB, headers: POST_HEADERS, params: FLOW_PARAMS },
      handler: async (request, reply) => {
        const { name: flow } = request.params as { name: string };
        const body = request.body as Omit<PostRequest, "flow">;
        return named(post(request, reply, { ...body, flow }));
      },
    },
    {
      method: "POST",
      url: "/v1/jobs::check",
      schema: { body: POST_JOB },
      handler: (request) => jobs.check(request.body as PostRequest),
    },
  ];
}

function jobRoutes(options: RouteOptions): readonly Route[] {
  const { jobs } = options;
  return [
    {
      method: "GET",
      url: "/v1/jobs",
      schema: { querystring: LIST_QUERY },
      handler: async (request, reply) => {
        const query = request.query as ListQuery;
        const page = await jobs.list(query);
        if (page.nextCursor !== undefined) {
          reply.header("link", `<${nextUrl(query, page.nextCursor)}>; rel="next"`);
        }
        return page;
      },
    },
    {
      method: "GET",
      url: "/v1/jobs/:id",
      schema: { params: JOB_PARAMS, querystring: JOB_QUERY },
      handler: (request, reply) => {
        const { id } = request.params as { id: string };
        const { wait } = request.query as { wait?: string };
        if (wait === undefined) return jobs.detail(id);
        const gone = new AbortController();
        reply.raw.once("close", () => gone.abort());
        const signal = AbortSignal.any([gone.signal, options.stopping]);
        return jobs.awaitEnd(id, { ms: waitMs(wait), signal });
      },
    },
    {
      method: "GET",
      url: "/v1/jobs/:id/why",
      schema: { params: JOB_PARAMS, querystring: WHY_QUERY },
      handler: (request) => {
        const { id } = request.params as { id: string };
        const { here } = request.query as { here?: string };
        return here === undefined ? whyEverywhere(options.agents, jobs, id) : jobs.why(id);
      },
    },
  ];
}

/** Done at once: 200; to be obeyed by an owner: 202. */
function askRoutes({ jobs }: RouteOptions): readonly Route[] {
  return (["cancel", "suspend", "resume"] as const).map((verb) => ({
    method: "POST",
    url: `/v1/jobs/:id/${verb}`,
    schema: { params: JOB_PARAMS, body: verb === "cancel" ? CANCEL_JOB : NO_BODY },
    handler: async (request, reply) => {
      const { id } = request.params as { id: string };
      const { revert = true } = (request.body ?? {}) as CancelRequest;
      const { done, view } = await jobs.ask(id, { verb, revert });
      return reply.code(done ? 200 : 202).send(view);
    },
  }));
}

function otherRoutes({ jobs, agent, health }: RouteOptions): readonly Route[] {
  return [
    { method: "GET", url: "/v1/flows", schema: {}, handler: () => jobs.flows() },
    {
      method: "GET",
      url: "/v1/flows/:name",
      schema: { params: FLOW_PARAMS },
      handler: (request) => named(jobs.flow((request.params as { name: string }).name)),
    },
    {
      method: "GET",
      url: "/livez",
      schema: {},
      handler: async (): Promise<HealthView> => ({ ok: true, agent, checks: [] }),
    },
    {
      method: "GET",
      url: "/readyz",
      schema: {},
      handler: async (_request, reply) => {
        const view = await health();
        return reply.code(view.ok ? 200 : 503).send(view);
      },
    },
  ];
}

/** A flow that is named in the path and not there is a missing resource. */
async function named<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw hasCode(error, "UNKNOWN_FLOW") ? new HttpError(404, error) : error;
  }
}

function waitMs(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return Math.min(ms, LIMITS.waitMs);
  throw new JobrunnerError("USAGE", "query: /wait is not a duration", {
    hint: "Write it as 30s or 500ms; the longest is 60s.",
    cause: [{ pointer: "/wait", detail: "is not a duration" }],
  });
}

function nextUrl(query: ListQuery, cursor: string): string {
  const next = new URLSearchParams();
  for (const [key, value] of Object.entries({ ...query, cursor })) next.set(key, String(value));
  return `/v1/jobs?${next.toString()}`;
}

function busy(): JobrunnerError {
  return new JobrunnerError("BUSY", "too many posts at the same time", {
    hint: "Send it again in a second, with the same Idempotency-Key.",
    retryable: true,
  });
}

/** 405 with the methods that are allowed, before any body is read; OPTIONS is told them too. */
function refuseOtherMethods(app: FastifyInstance, url: string, routes: readonly Route[]): void {
  const own = routes.filter((route) => route.url === url).map((route) => route.method);
  const allow = [...own, ...(own.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
  app.route({
    method: METHODS.filter((method) => !own.includes(method as Route["method"])),
    url,
    exposeHeadRoute: false,
    onRequest: async (request, reply) => {
      if (request.method === "OPTIONS") return reply.code(204).header("allow", allow).send();
      const error = new JobrunnerError("USAGE", `${request.method} is not allowed here`, {
        hint: `Allowed: ${allow}.`,
      });
      throw new HttpError(405, error, { allow });
    },
    handler: (_request, reply) => reply.code(204).send(),
  });
}
