import type { FastifyReply, FastifyRequest } from "fastify";
import type { HealthView } from "../../../common/wire.js";
import type { Route, RouteOptions } from "../route.js";
import { HEALTH, HEALTH_QUERY } from "../schemas/agents/health.js";

export function healthRoutes({ system, health, mayRead }: RouteOptions): readonly Route[] {
  return [
    {
      method: "GET",
      url: "/livez",
      operationId: "getLiveness",
      summary: "Tell whether the process answers in time",
      ...{ tag: "system", scope: "none" },
      schema: { querystring: HEALTH_QUERY, response: { 200: HEALTH, 503: HEALTH } },
      handler: async (request, reply) => answer(request, reply, system.liveness()),
    },
    {
      method: "GET",
      url: "/readyz",
      operationId: "getReadiness",
      summary: "Tell whether the agent takes jobs; check by check to those who may read",
      ...{ tag: "system", scope: "none" },
      schema: { querystring: HEALTH_QUERY, response: { 200: HEALTH, 503: HEALTH } },
      handler: async (request, reply) => {
        const view = await health();
        const known = mayRead(request.headers.authorization);
        return answer(request, reply, known ? view : { ...view, checks: [] });
      },
    },
  ];
}

function answer(request: FastifyRequest, reply: FastifyReply, view: HealthView): FastifyReply {
  const { verbose } = request.query as { verbose?: string };
  reply.code(view.ok ? 200 : 503);
  if (verbose === undefined) return reply.send(view);
  const lines = view.checks.map(
    ({ name, ok, detail }) => `${ok ? "ok  " : "FAIL"}  ${name.padEnd(12)}  ${detail}\n`,
  );
  const text = lines.length === 0 ? `${view.ok ? "ok" : "FAIL"}\n` : lines.join("");
  return reply.type("text/plain").send(text);
}
