import type { HealthView } from "../../../common/wire.js";
import { HEALTH } from "../schemas/health.js";
import type { Route, RouteOptions } from "../route.js";

export function healthRoutes({ agent, health }: RouteOptions): readonly Route[] {
  return [
    {
      method: "GET",
      url: "/livez",
      operationId: "getLiveness",
      summary: "Tell whether the process answers",
      ...{ tag: "system", scope: "none" },
      schema: { response: { 200: HEALTH } },
      handler: async (): Promise<HealthView> => ({ ok: true, agent, checks: [] }),
    },
    {
      method: "GET",
      url: "/readyz",
      operationId: "getReadiness",
      summary: "Tell whether the agent takes jobs, check by check",
      ...{ tag: "system", scope: "none" },
      schema: { response: { 200: HEALTH, 503: HEALTH } },
      handler: async (_request, reply) => {
        const view = await health();
        return reply.code(view.ok ? 200 : 503).send(view);
      },
    },
  ];
}
