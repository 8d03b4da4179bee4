import type { FastifyRequest } from "fastify";
import type { JobsPage } from "../../common/wire/agent-why.js";
import type { Agents, DutyVerb } from "../cluster/agents.js";
import type { Route } from "./route.js";
import { AGENT_PARAMS, AGENT_WHY_QUERY, HERE_QUERY, NO_BODY } from "./schemas.js";

/** Jobs that wait and are looked at when nobody says how many. */
const PAGE_JOBS = 20;
const VERBS: readonly DutyVerb[] = ["drain", "cordon", "resume"];

export function agentRoutes(agents: Agents): readonly Route[] {
  return [
    { method: "GET", url: "/v1/agents", schema: {}, handler: () => agents.list() },
    {
      method: "GET",
      url: "/v1/agents/:name",
      schema: { params: AGENT_PARAMS },
      handler: (request) => agents.get(nameOf(request)),
    },
    {
      method: "GET",
      url: "/v1/agents/:name/why",
      schema: { params: AGENT_PARAMS, querystring: AGENT_WHY_QUERY },
      handler: (request) => {
        const { limit = PAGE_JOBS, ...rest } = request.query as Partial<JobsPage>;
        return agents.jobs(nameOf(request), { limit, ...rest });
      },
    },
    {
      method: "POST",
      url: "/v1/agents/:name/forget",
      schema: { params: AGENT_PARAMS, querystring: HERE_QUERY, body: NO_BODY },
      handler: (request) => {
        const { here } = request.query as { here?: string };
        return agents.forget(nameOf(request), here === undefined ? "everywhere" : "here");
      },
    },
    ...VERBS.map((verb): Route => {
      return {
        method: "POST",
        url: `/v1/agents/:name/${verb}`,
        schema: { params: AGENT_PARAMS },
        handler: async (request, reply) =>
          reply.code(202).send(await agents.tell(nameOf(request), verb)),
      };
    }),
  ];
}

function nameOf(request: FastifyRequest): string {
  return (request.params as { name: string }).name;
}
