import type { FastifyRequest } from "fastify";
import type { DutyVerb } from "../../cluster/agents.js";
import type { Route, RouteOptions } from "../route.js";
import { AGENT, AGENT_PARAMS, AGENTS } from "../schemas/agents.js";

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
      schema: { params: AGENT_PARAMS, response: { 200: AGENT } },
      handler: (request) => agents.get(nameOf(request)),
    },
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

function nameOf(request: FastifyRequest): string {
  return (request.params as { name: string }).name;
}
