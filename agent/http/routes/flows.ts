import { hasCode } from "../../../common/error.js";
import { HttpError } from "../problem.js";
import type { Route, RouteOptions } from "../route.js";
import { FLOW_PARAMS } from "../schemas/flows.js";

export function flowRoutes({ jobs }: RouteOptions): readonly Route[] {
  return [
    { method: "GET", url: "/v1/flows", schema: {}, handler: () => jobs.flows() },
    {
      method: "GET",
      url: "/v1/flows/:name",
      schema: { params: FLOW_PARAMS },
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
