import type { FastifyRequest } from "fastify";
import type { Agents, DutyVerb } from "../cluster/agents.js";
import type { Route } from "./route.js";
import { AGENT_PARAMS, AGENT_QUERY } from "./schemas.js";

const VERBS: readonly DutyVerb[] = ["drain", "cordon", "resume"];

export function agentRoutes(agents: Agents): readonly Route[] {
  return [
    { method: "GET", url: "/v1/agents", schema: {}, handler: () => agents.list() },
    {
      method: "GET",
      url: "/v1/agents/:name",
      schema: { params: AGENT_PARAMS, querystring: AGENT_QUERY },
      handler: (request) => {
        const { brief } = request.query as { brief: boolean };
        return brief ? agents.get(nameOf(request)) : agents.whole(nameOf(request));
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
