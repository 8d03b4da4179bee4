import { hasCode } from "../../../common/error.js";
import { testEverywhere, testHere } from "../../cluster/capability.js";
import { HttpError } from "../problem.js";
import type { Route, RouteOptions } from "../route.js";
import {
  CAPABILITIES,
  CAPABILITY_TEST,
  METRICS,
  STATUS,
  TEST_QUERY,
} from "../schemas/agents/system.js";

/** Prometheus' text format. */
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

interface TestQuery {
  readonly clause: string;
  readonly here?: string;
  readonly agent?: string;
}

export function systemRoutes({ system, agents }: RouteOptions): readonly Route[] {
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
      url: "/v1/capabilities::test",
      operationId: "testCapability",
      summary: "Tell whether something that jobs may ask of a machine is so, agent by agent",
      // As a posted job does, it runs authors' code with arguments of the caller's choice.
      ...{ tag: "agents", scope: "post" },
      schema: { querystring: TEST_QUERY, response: { 200: CAPABILITY_TEST } },
      handler: (request) => {
        const { clause: text, here, agent: only } = request.query as TestQuery;
        return asQuery(
          here === undefined
            ? testEverywhere(agents, system, { text, only })
            : testHere(system, text),
        );
      },
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

/** What is wrong with a query is the request's fault, not that of what it holds. */
async function asQuery<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw hasCode(error, "BAD_PARAMETERS") ? new HttpError(400, error) : error;
  }
}
