import type { FastifyRequest } from "fastify";
import type { DutyVerb } from "../../cluster/agents.js";
import type { Route, RouteOptions } from "../route.js";
import { AGENT_PARAMS } from "../schemas/agents.js";

const VERBS: readonly DutyVerb[] = ["drain", "cordon", "resume"];

export function agentRoutes({ agents }: RouteOptions): readonly Route[] {
  return [
    { method: "GET", url: "/v1/agents", schema: {}, handler: () => agents.list() },
    {
      method: "GET",
      url: "/v1/agents/:name",
      schema: { params: AGENT_PARAMS },
      handler: (request) => agents.get(nameOf(request)),
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
