import type { Route, RouteOptions } from "../route.js";
import { CAPABILITIES, METRICS, STATUS } from "../schemas/agents/system.js";

/** Prometheus' text format. */
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export function systemRoutes({ system }: RouteOptions): readonly Route[] {
  return [
    {
      method: "GET",
      url: "/v1/status",
      operationId: "getStatus",
      summary: "Tell what this agent is and does, and how many jobs are open",
      ...{ tag: "system", scope: "read" },
      schema: { response: { 200: STATUS } },
      handler: () => system.status(),
    },
    {
      method: "GET",
      url: "/v1/capabilities",
      operationId: "listCapabilities",
      summary: "List what jobs may ask of this agent's machine",
      ...{ tag: "agents", scope: "read" },
      schema: { response: { 200: CAPABILITIES } },
      handler: async () => system.capabilities(),
    },
    {
      method: "GET",
      url: "/metrics",
      operationId: "getMetrics",
      summary: "Tell Prometheus what was counted and measured",
      ...{ tag: "system", scope: "read" },
      schema: { response: { 200: METRICS } },
      handler: async (_request, reply) => reply.type(METRICS_TYPE).send(await system.metrics()),
    },
  ];
}
