import { toOpenApi } from "../openapi.js";
import type { Route } from "../route.js";
import { ANY } from "../schemas/schema.js";

/** The document about all routes, itself among them; it is made when somebody asks. */
export function openApiRoute(routes: readonly Route[], version: string): Route {
  const own: Route = {
    method: "GET",
    url: "/v1/openapi.json",
    operationId: "getOpenApi",
    summary: "Describe this API as OpenAPI 3.1",
    ...{ tag: "system", scope: "none" },
    schema: { response: { 200: { type: "object", additionalProperties: ANY } } },
    handler: async () => toOpenApi([...routes, own], version),
  };
  return own;
}
