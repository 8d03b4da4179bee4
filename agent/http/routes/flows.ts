import { hasCode } from "../../../common/error.js";
import { HttpError } from "../problem.js";
import type { Route, RouteOptions } from "../route.js";
import { FLOW, FLOW_PARAMS, FLOWS } from "../schemas/flows.js";

export function flowRoutes({ jobs }: RouteOptions): readonly Route[] {
  return [
    {
      method: "GET",
      url: "/v1/flows",
      operationId: "listFlows",
      summary: "List the flows of this agent, and the files that could not be loaded",
      ...{ tag: "flows", scope: "read" },
      schema: { response: { 200: FLOWS } },
      handler: () => jobs.flows(),
    },
    {
      method: "GET",
      url: "/v1/flows/:name",
      operationId: "getFlow",
      summary: "Show one flow with the schema of its parameters",
      ...{ tag: "flows", scope: "read" },
      schema: { params: FLOW_PARAMS, response: { 200: FLOW } },
      handler: (request) => named(jobs.flow((request.params as { name: string }).name)),
    },
  ];
}

/** A flow that is named in the path and not there is a missing resource. */
export async function named<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw hasCode(error, "UNKNOWN_FLOW") ? new HttpError(404, error) : error;
  }
}
