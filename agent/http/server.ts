import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Server as SecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { JobrunnerError } from "../../common/error.js";
import type { Json } from "../../common/json.js";
import { isLoopback } from "../../common/loopback.js";
import { parseBody } from "./body.js";
import {
  answerBrokenRequest,
  type ErrorLog,
  installFailures,
  refuseExpectation,
  sendProblem,
  toSchemaError,
} from "./failures.js";
import { Access, type AccessOptions } from "./guard/access.js";
import { installGuard } from "./guard/guard.js";
import { Rate } from "./guard/rate.js";
import { LIMITS } from "./limits.js";
import { HttpError } from "./problem.js";
import { coerceQuery } from "./query.js";
import type { RouteOptions } from "./route.js";
import { installRoutes } from "./routes.js";
import type { Schema } from "./schemas/schema.js";
import { SseStreams } from "./sse.js";

export interface HttpOptions
  extends Omit<RouteOptions, "stopping" | "streams" | "mayRead">, AccessOptions {
  readonly log: ErrorLog;
  /** With one only https is spoken. */
  readonly tls?: TlsFiles;
  /** Event streams that one caller may have open. */
  readonly streamsPerCaller?: number;
  /** The clock of expiries and rates, ms since 1970; the machine's by default. */
  readonly now?: () => number;
  /** Time limits other than the usual ones. */
  readonly timeouts?: Timeouts;
}

/** Certificate and private key, PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

type Timeouts = Pick<typeof LIMITS, "headersMs" | "requestMs" | "checkEveryMs">;

export interface HttpServer {
  /**
   * Listens and tells the address, `http://127.0.0.1:7463`; port 0 takes a free one.
   * Throws USAGE for a host beyond loopback without a token, and for a port that is in use.
   */
  listen(at: { readonly host: string; readonly port: number }): Promise<string>;
  /** Tokens and certificate from now on; without a shared token the one before stays in force. */
  replace(access: AccessOptions, tls: TlsFiles | undefined): void;
  /** Answers who waits, lets requests in progress end, closes. */
  close(): Promise<void>;
}

/** The agent's HTTP API. */
export function createHttp(options: HttpOptions): HttpServer {
  const stopping = new AbortController();
  const app = createApp(options.timeouts ?? LIMITS, options.tls);
  const { now = Date.now } = options;
  const access = new Access(options, now);
  let shared = options.token;
  installGuard(app, { access, rate: new Rate(now), agent: options.agent });
  installQueries(app);
  installFailures(app, options.log);
  const { signal } = stopping;
  // There is no token that is good for less.
  const mayRead = (authorization: string | undefined): boolean => access.knows(authorization);
  const { streamsPerCaller: perCaller } = options;
  const streams = new SseStreams({
    ...{ stopping: signal, log: options.log },
    welcome: mayRead,
    callerOf: ({ headers, socket }) =>
      access.nameOf(headers.authorization, socket.remoteAddress ?? ""),
    ...(perCaller === undefined ? {} : { perCaller }),
  });
  installRoutes(app, { ...options, stopping: signal, streams, mayRead });
  return {
    listen: async (at) => {
      if (access.open) refuseStrangers(at.host);
      return listen(app, at);
    },
    replace(tokens, tls) {
      // Neither opens what was closed, nor changes what is spoken: that takes a restart.
      const token = tokens.token ?? shared;
      shared = token;
      if (token !== undefined) access.replace({ token, tokens: tokens.tokens ?? [] });
      streams.recheck();
      if (tls !== undefined && app.server instanceof SecureServer) app.server.setSecureContext(tls);
    },
    async close() {
      stopping.abort();
      await app.close();
    },
  };
}

function createApp(
  { headersMs, requestMs, checkEveryMs }: Timeouts,
  tls: TlsFiles | undefined,
): FastifyInstance {
  const timing = { headersTimeout: headersMs, connectionsCheckingInterval: checkEveryMs };
  const app: FastifyInstance = Fastify({
    logger: false,
    genReqId: requestId,
    bodyLimit: LIMITS.bodyBytes,
    requestTimeout: requestMs,
    connectionTimeout: LIMITS.idleMs,
    keepAliveTimeout: LIMITS.keepAliveMs,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    ...(tls === undefined ? { http: timing } : { https: { ...timing, ...tls } }),
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: true, // Bounded by the limits on a body's size, depth and keys.
      },
    },
    schemaErrorFormatter: toSchemaError,
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket as Socket),
    frameworkErrors: ({ statusCode = 400 }, request, reply) => {
      const detail = statusCode === 414 ? "the path is too long" : "the path is not valid";
      const error = new HttpError(statusCode, new JobrunnerError("USAGE", detail));
      void sendProblem(error, request, reply);
    },
  });
  // What routes say of their answers is for the OpenAPI document; nothing is dropped by it here.
  app.setSerializerCompiler(() => JSON.stringify);
  app.server.maxConnections = LIMITS.connections;
  app.server.on("checkExpectation", refuseExpectation);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, readBody);
  return app;
}

/** The asker's own, when it is short and plain, so that both logs tell of the same request. */
function requestId({ headers }: Pick<IncomingMessage, "headers">): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
}

async function readBody(_request: unknown, body: string | Buffer): Promise<Json> {
  return parseBody(Buffer.from(body));
}

function installQueries(app: FastifyInstance): void {
  app.addHook("preValidation", async (request) => {
    const schema = request.routeOptions.schema?.querystring as Schema | undefined;
    request.query = coerceQuery(request.query, schema);
  });
}

function refuseStrangers(host: string): void {
  if (isLoopback(host)) return;
  throw new JobrunnerError("USAGE", `${host} can be reached from other machines`, {
    hint: "Whoever can post runs code here: set api.token, or listen on 127.0.0.1.",
  });
}

async function listen(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string> {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  try {
    // fastify listens on both addresses of this name. Of others it lists the machine's addresses
    // once it listens, which Android refuses: the agent would die of it.
    if (bare === "localhost") return await app.listen({ host: bare, port });
    await app.ready();
    app.server.listen({ host: bare, port });
    await once(app.server, "listening");
    return urlOf(app.server instanceof SecureServer ? "https" : "http", app.server.address());
  } catch (error) {
    throw toListenError(error, `${host}:${port}`);
  }
}

/** As this machine reaches it: of all addresses, that of the loopback. */
function urlOf(scheme: "http" | "https", address: string | AddressInfo | null): string {
  if (typeof address !== "object" || address === null) throw new Error("it has no address");
  const { address: at, port, family } = address;
  const host = { "0.0.0.0": "127.0.0.1", "::": "::1" }[at] ?? at;
  return `${scheme}://${family === "IPv6" ? `[${host}]` : host}:${String(port)}`;
}

function toListenError(error: unknown, address: string): JobrunnerError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return new JobrunnerError("USAGE", `another program listens on ${address}`, {
      hint: "Stop it, or choose another address: --listen 127.0.0.1:0 takes a free port.",
      cause: error,
    });
  }
  const why = error instanceof Error ? error.message : String(error);
  return new JobrunnerError("USAGE", `cannot listen on ${address}: ${why}`, { cause: error });
}
