import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { JobrunnerError } from "../../common/error.js";
import { LIMITS } from "./limits.js";
import { type FieldError, HttpError, PROBLEM_TYPE, statusOf, toProblem } from "./problem.js";

/*
 * Whatever goes wrong leaves as problem+json: what our own code throws, what Fastify refuses before
 * it, and what Node's parser cannot even read as HTTP.
 */

export interface ErrorLog {
  error(fields: object, message: string): void;
}

export function installFailures(app: FastifyInstance, log: ErrorLog): void {
  app.setErrorHandler((error: unknown, request, reply) => {
    const known = toKnown(error);
    if (statusOf(known) === 500) {
      const { id, method } = request;
      log.error({ err: error, requestId: id, method, path: pathOf(request) }, "a request failed");
    }
    return sendProblem(known, request, reply);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(new JobrunnerError("NOT_FOUND", `there is no ${pathOf(request)}`), request, reply),
  );
}

/** Fastify's `schemaErrorFormatter`: every field that is wrong, by name. */
export function toSchemaError(
  errors: readonly {
    readonly keyword: string;
    readonly instancePath: string;
    readonly params: Readonly<Record<string, unknown>>;
    readonly message?: string;
  }[],
  part: string,
): JobrunnerError {
  const fields = errors.slice(0, LIMITS.errors).map(toFieldError);
  const [first] = fields;
  const where = part === "querystring" ? "query" : part;
  const detail = first === undefined ? "is not valid" : `${first.pointer || "it"} ${first.detail}`;
  return new JobrunnerError("USAGE", `${where}: ${detail}`, { cause: fields });
}

function toFieldError(error: Parameters<typeof toSchemaError>[0][number]): FieldError {
  const { keyword, instancePath, params, message = "is not valid" } = error;
  if (keyword === "additionalProperties") {
    return {
      pointer: `${instancePath}/${clean(params["additionalProperty"])}`,
      detail: "is not known",
    };
  }
  if (keyword === "required") {
    return { pointer: `${instancePath}/${clean(params["missingProperty"])}`, detail: "is missing" };
  }
  return { pointer: instancePath, detail: message };
}

/** Answers a request that Node could not parse, on the bare socket. */
export function answerBrokenRequest(error: BrokenRequest, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason, detail] = brokenReason(error.code);
  const known = new HttpError(status, new JobrunnerError("USAGE", detail));
  const body = JSON.stringify(toProblem(known));
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ].join("\r\n");
  // The answer to a HEAD ends with its head, also when nobody could read more of it.
  const { rawPacket } = error;
  const isHead = Buffer.isBuffer(rawPacket) && rawPacket.toString("latin1", 0, 5) === "HEAD ";
  socket.end(`${head}\r\n\r\n${isHead ? "" : body}`);
}

/** As Node tells of it. */
type BrokenRequest = Error & { readonly code?: string | undefined; readonly rawPacket?: unknown };

/** Node's own answer to `Expect: anything but 100-continue` would say nothing. */
export function refuseExpectation(_request: unknown, response: ServerResponse): void {
  const error = new JobrunnerError("USAGE", "no expectation but 100-continue is met", {
    hint: "Leave out Expect.",
  });
  const body = JSON.stringify(toProblem(new HttpError(417, error)));
  const headers = { "content-type": PROBLEM_TYPE, "content-length": Buffer.byteLength(body) };
  response.writeHead(417, { ...headers, connection: "close" }).end(body);
}

function brokenReason(code: string | undefined): readonly [number, string, string] {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return [408, "Request Timeout", "the request did not arrive in time"];
  }
  if (code === "HPE_HEADER_OVERFLOW") {
    return [431, "Request Header Fields Too Large", "the headers are too large"];
  }
  return [400, "Bad Request", "this is not a valid HTTP request"];
}

export function sendProblem(
  error: JobrunnerError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const status = statusOf(error);
  if (status === 429 || status === 503) reply.header("retry-after", "1");
  if (error instanceof HttpError) reply.headers(error.headers);
  const problem = toProblem(error, pathOf(request));
  // As bytes: Fastify adds a charset to texts, which problem+json does not have.
  return reply
    .code(status)
    .type(PROBLEM_TYPE)
    .send(Buffer.from(JSON.stringify(problem)));
}

/** Errors of the server itself by their status; anything else is a defect and says nothing. */
function toKnown(error: unknown): JobrunnerError {
  if (error instanceof JobrunnerError) return error;
  const { statusCode, code } = error as Partial<FastifyError>;
  if (statusCode === 413) {
    return new JobrunnerError("TOO_LARGE", "the body is larger than 1 MiB");
  }
  if (statusCode === 415) {
    const usage = new JobrunnerError("USAGE", "only application/json bodies are taken");
    return new HttpError(415, usage, { accept: "application/json" });
  }
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    const usage = new JobrunnerError("USAGE", `the request is not valid (${code ?? statusCode})`);
    return new HttpError(statusCode, usage);
  }
  return new JobrunnerError("INTERNAL", "the agent failed to answer this; its log says why");
}

/** The path alone: a query may hold anything, and instances are compared by people. */
function pathOf(request: FastifyRequest): string {
  return clean(request.url.split("?")[0]);
}

function clean(value: unknown): string {
  return String(value)
    .slice(0, 200)
    .replaceAll(/\p{Cc}/gu, "?");
}
