import type { IncomingHttpHeaders } from "node:http";
import { type AnySchemaObject, Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/*
 * Answers are compared with the OpenAPI document: the status is one that is announced, the body
 * fits its schema, and there is nothing in it that the schema does not name.
 */

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, ResponseObject>>;
}

interface ResponseObject {
  readonly $ref?: string;
  readonly content?: Content;
}

type Content = Readonly<Record<string, { readonly schema: object }>>;

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly schema: object;
}

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly responses: Readonly<Record<string, ResponseObject>>;
    readonly schemas: Readonly<Record<string, object>>;
  };
}

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

const PROBLEM = "application/problem+json";
/** Of what is no operation. */
const UNROUTED = [400, 401, 403, 404, 405, 408, 413, 414, 415, 417, 421, 429, 431];

/** A document, ready to compare answers with. */
export class Documented {
  readonly ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
  readonly #document: ApiDocument;

  constructor(document: ApiDocument) {
    this.#document = document;
    addFormats.default(this.ajv);
    this.ajv.addVocabulary(["openapi", "info", "servers", "tags", "paths", "components"]);
    this.ajv.addSchema(closed(document) as AnySchemaObject, "openapi");
  }

  /** Throws, with what is wrong, for an answer that the document does not announce. */
  expect(method: string, url: string, got: Got): void {
    const { pathname } = new URL(url);
    const place = `${method} ${pathname} answered ${got.status}`;
    const found = this.#find(method === "HEAD" ? "GET" : method, pathname);
    const pointer = found === undefined ? undefined : pointerOf(found, got);
    if (pointer === undefined) {
      const isPlain = method === "OPTIONS" && got.status === 204;
      const unrouted = found === undefined && UNROUTED.includes(got.status);
      if (isPlain || unrouted) return this.#expectProblem(got, place);
      throw new Error(`${place}, which its operation does not announce: ${got.text.slice(0, 500)}`);
    }
    if (method === "HEAD" || got.status === 204) return;
    this.#check(pointer, got, place);
  }

  #expectProblem({ status, json, headers }: Got, place: string): void {
    if (status === 204 || headers["content-length"] === "0" || json === undefined) return;
    this.#validate("openapi#/components/schemas/Problem", json, place);
  }

  #find(method: string, pathname: string): Found | undefined {
    const name = method.toLowerCase();
    // Fixed paths before those with parameters, as the router does.
    const paths = Object.keys(this.#document.paths).sort(
      (a, b) => a.split("{").length - b.split("{").length,
    );
    const path = paths.find((each) => matches(each, pathname));
    const operation = path === undefined ? undefined : this.#document.paths[path]?.[name];
    return path === undefined || operation === undefined
      ? undefined
      : { path, method: name, operation };
  }

  #check(pointer: string, { text, json, headers }: Got, place: string): void {
    const type = String(headers["content-type"]).split(";")[0];
    if (pointer.endsWith("/Problem") && type !== PROBLEM) {
      throw new Error(`${place} as ${String(type)} instead of ${PROBLEM}`);
    }
    const value = type === PROBLEM || type === "application/json" ? json : text;
    this.#validate(pointer, value, place);
  }

  #validate(pointer: string, value: unknown, place: string): void {
    const valid = this.ajv.getSchema(pointer);
    if (valid === undefined) throw new Error(`${place}: there is no schema at ${pointer}`);
    if (valid(value) === true) return;
    throw new Error(`${place}, not as documented: ${this.ajv.errorsText(valid.errors)}`);
  }
}

interface Found {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
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
