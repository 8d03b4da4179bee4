import type { IncomingHttpHeaders } from "node:http";
import { type AnySchemaObject, Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { toOpenApi } from "../../agent/http/openapi.js";
import type { RouteOptions } from "../../agent/http/route.js";
import { allRoutes } from "../../agent/http/routes.js";

/*
 * Every answer that a test gets is compared with the OpenAPI document: the status is one that is
 * announced, the body fits its schema, and there is nothing in it that the schema does not name.
 */

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, ResponseObject>>;
}

interface ResponseObject {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly responses: Readonly<Record<string, ResponseObject>> };
}

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

/** Their handlers are not called: it takes nothing to make the table. */
export const ROUTES = allRoutes({ version: "1.2.3" } as RouteOptions);
export const DOCUMENT = toOpenApi(ROUTES, "1.2.3") as unknown as Document;

const PROBLEM = "application/problem+json";
/** Said before anybody looks which operation is meant, or of methods that there are not. */
const UNROUTED = [400, 404, 405, 408, 414, 421, 429, 431];

export const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
addFormats.default(ajv);
ajv.addVocabulary(["openapi", "info", "servers", "tags", "paths", "components"]);
ajv.addSchema(closed(DOCUMENT) as AnySchemaObject, "openapi");

/** Throws, with what is wrong, for an answer that the document does not announce. */
export function expectDocumented(method: string, url: string, got: Got): void {
  const { pathname } = new URL(url);
  const place = `${method} ${pathname} answered ${got.status}`;
  const found = findOperation(method === "HEAD" ? "GET" : method, pathname);
  const pointer = found === undefined ? undefined : pointerOf(found, got);
  if (pointer === undefined) {
    const isPlain = method === "OPTIONS" && got.status === 204;
    if (isPlain || UNROUTED.includes(got.status)) return expectProblem(got, place);
    throw new Error(`${place}, which its operation does not announce: ${got.text.slice(0, 500)}`);
  }
  if (method === "HEAD" || got.status === 204) return;
  check(pointer, got, place);
}

function expectProblem({ status, json, headers }: Got, place: string): void {
  if (status === 204 || headers["content-length"] === "0" || json === undefined) return;
  validate("openapi#/components/schemas/Problem", json, place);
}

interface Found {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

function findOperation(method: string, pathname: string): Found | undefined {
  const name = method.toLowerCase();
  // Fixed paths before those with parameters, as the router does.
  const paths = Object.keys(DOCUMENT.paths).sort(
    (a, b) => a.split("{").length - b.split("{").length,
  );
  const path = paths.find((each) => matches(each, pathname));
  const operation = path === undefined ? undefined : DOCUMENT.paths[path]?.[name];
  return path === undefined || operation === undefined
    ? undefined
    : { path, method: name, operation };
}

function matches(path: string, pathname: string): boolean {
  const pattern = path.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&").replaceAll(/\{\w+\}/g, "[^/]+");
  return new RegExp(`^${pattern}$`).test(pathname);
}

/** Where the schema of such an answer is; undefined when none is announced. */
function pointerOf(
  { path, method, operation }: Found,
  { status, headers }: Got,
): string | undefined {
  const response = operation.responses[String(status)];
  if (response === undefined) return undefined;
  if (response.$ref !== undefined) return "openapi#/components/schemas/Problem";
  const type = String(headers["content-type"]).split(";")[0] ?? "";
  const steps = ["paths", path, method, "responses", String(status), "content", type, "schema"];
  return `openapi#/${steps.map(escape).join("/")}`;
}

function escape(step: string): string {
  return encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1"));
}

function check(pointer: string, { text, json, headers }: Got, place: string): void {
  const type = String(headers["content-type"]).split(";")[0];
  if (pointer.endsWith("/Problem") && type !== PROBLEM) {
    throw new Error(`${place} as ${String(type)} instead of ${PROBLEM}`);
  }
  validate(pointer, type === PROBLEM || type === "application/json" ? json : text, place);
}

function validate(pointer: string, value: unknown, place: string): void {
  const valid = ajv.getSchema(pointer);
  if (valid === undefined) throw new Error(`${place}: there is no schema at ${pointer}`);
  if (valid(value) === true) return;
  throw new Error(`${place}, not as documented: ${ajv.errorsText(valid.errors)}`);
}

/** Answers may grow in later versions; in this one they are what the document says. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, closed(each)]));
  const isShape = copy["type"] === "object" && typeof copy["properties"] === "object";
  return isShape && copy["additionalProperties"] === undefined
    ? { ...copy, additionalProperties: false }
    : copy;
}
