import type { HealthView } from "../../../common/wire.js";
import type { Route, RouteOptions } from "../route.js";

export function healthRoutes({ agent, health }: RouteOptions): readonly Route[] {
  return [
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
