import type { FastifyRequest } from "fastify";
import type { JobsPage } from "../../../common/wire/agent-why.js";
import type { Agents, DutyVerb } from "../../cluster/agents.js";
import { LIMITS } from "../limits.js";
import type { Route, RouteOptions } from "../route.js";
import { AGENT_JOBS, AGENT_WHY_QUERY } from "../schemas/agent-why.js";
import {
  AGENT,
  AGENT_PARAMS,
  AGENT_QUERY,
  AGENTS,
  FORGET_QUERY,
  FORGOTTEN,
} from "../schemas/agents.js";
import { NO_BODY } from "../schemas/schema.js";

const VERBS: readonly (readonly [DutyVerb, string])[] = [
  ["drain", "Take no more jobs, and hand over those that run at their next step"],
  ["cordon", "Take no more jobs; those that run go on"],
  ["resume", "Take jobs again"],
];

export function agentRoutes({ agents }: RouteOptions): readonly Route[] {
  return [
    {
      method: "GET",
      url: "/v1/agents",
      operationId: "listAgents",
      summary: "List the agents of the cluster",
      ...{ tag: "agents", scope: "read" },
      schema: { response: { 200: AGENTS } },
      handler: () => agents.list(),
    },
    {
      method: "GET",
      url: "/v1/agents/:name",
      operationId: "getAgent",
      summary: "Show one agent",
      ...{ tag: "agents", scope: "read" },
      schema: { params: AGENT_PARAMS, querystring: AGENT_QUERY, response: { 200: AGENT } },
      handler: (request) => {
        const { brief } = request.query as { brief?: string };
        return brief === undefined ? agents.whole(nameOf(request)) : agents.get(nameOf(request));
      },
    },
    whyRoute(agents),
    forgetRoute(agents),
    ...VERBS.map(([verb, summary]): Route => {
      return {
        method: "POST",
        url: `/v1/agents/:name/${verb}`,
        operationId: `${verb}Agent`,
        summary,
        ...{ tag: "agents", scope: "operate" },
        schema: { params: AGENT_PARAMS, response: { 202: AGENT } },
        handler: async (request, reply) =>
          reply.code(202).send(await agents.tell(nameOf(request), verb)),
      };
    }),
  ];
}

function whyRoute(agents: Agents): Route {
  return {
    method: "GET",
    url: "/v1/agents/:name/why",
    operationId: "whyAgent",
    summary: "Tell which of the jobs that wait an agent does not take, and why",
    ...{ tag: "agents", scope: "read" },
    schema: {
      ...{ params: AGENT_PARAMS, querystring: AGENT_WHY_QUERY },
      response: { 200: AGENT_JOBS },
    },
    handler: (request) => {
      const { limit = LIMITS.whyJobs, ...rest } = request.query as Partial<JobsPage>;
      return agents.jobs(nameOf(request), { limit, ...rest });
    },
  };
}

function forgetRoute(agents: Agents): Route {
  return {
    method: "POST",
    url: "/v1/agents/:name/forget",
    operationId: "forgetAgent",
    summary: "No longer list an agent that is gone, or has another name now",
    ...{ tag: "agents", scope: "operate" },
    schema: {
      ...{ params: AGENT_PARAMS, querystring: FORGET_QUERY, body: NO_BODY },
      response: { 200: FORGOTTEN },
    },
    handler: (request) => {
      const { here } = request.query as { here?: string };
      return agents.forget(nameOf(request), here === undefined ? "everywhere" : "here");
    },
  };
}

function nameOf(request: FastifyRequest): string {
  return (request.params as { name: string }).name;
}
