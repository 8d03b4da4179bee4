import type { FastifyInstance } from "fastify";
import { refuseOtherMethods } from "./other-methods.js";
import type { Route, RouteOptions } from "./route.js";
import { agentRoutes } from "./routes/agents.js";
import { askingRoutes } from "./routes/asking.js";
import { boardRoutes } from "./routes/board.js";
import { eventRoutes } from "./routes/events.js";
import { flowRoutes } from "./routes/flows.js";
import { healthRoutes } from "./routes/health.js";
import { jobRoutes } from "./routes/jobs.js";
import { logRoutes } from "./routes/logs.js";
import { openApiRoute } from "./routes/openapi.js";
import { postingRoutes } from "./routes/posting.js";
import { scheduleRoutes } from "./routes/schedules/schedules.js";
import { verbRoutes } from "./routes/verbs.js";
import { systemRoutes } from "./routes/system.js";
import { NO_QUERY } from "./schemas/schema.js";

/** Every part of the API; a new one is a file in routes/ and a line here. */
const PARTS: readonly ((options: RouteOptions) => readonly Route[])[] = [
  postingRoutes,
  jobRoutes,
  askingRoutes,
  verbRoutes,
  scheduleRoutes,
  flowRoutes,
  logRoutes,
  agentRoutes,
  boardRoutes,
  systemRoutes,
  healthRoutes,
  eventRoutes,
];

export function allRoutes(options: RouteOptions): readonly Route[] {
  const routes = PARTS.flatMap((part) => part(options));
  return [...routes, openApiRoute(routes, options.version)];
}

export function installRoutes(app: FastifyInstance, options: RouteOptions): void {
  const routes = allRoutes(options);
  for (const { method, url, handler, scope, schema } of routes) {
    app.route({
      ...{ method, url, handler, config: { scope } },
      schema: { querystring: NO_QUERY, ...schema },
    });
  }
  for (const url of new Set(routes.map((route) => route.url))) {
    refuseOtherMethods(app, url, routes);
  }
}
