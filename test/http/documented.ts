import { toOpenApi } from "../../agent/http/openapi.js";
import type { RouteOptions } from "../../agent/http/route.js";
import { allRoutes } from "../../agent/http/routes.js";
import { type ApiDocument, Documented, type Got } from "../../scripts/lab/documented.js";

/* Every answer that a test gets is compared with the OpenAPI document. */

/** Their handlers are not called: it takes nothing to make the table. */
export const ROUTES = allRoutes({ version: "1.2.3" } as RouteOptions);
export const DOCUMENT = toOpenApi(ROUTES, "1.2.3") as unknown as ApiDocument;

const documented = new Documented(DOCUMENT);
export const ajv = documented.ajv;

/** Throws, with what is wrong, for an answer that the document does not announce. */
export function expectDocumented(method: string, url: string, got: Got): void {
  documented.expect(method, url, got);
}
