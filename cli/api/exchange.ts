import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { AGENT_HEADER } from "../../common/agent-header.js";
import { JobrunnerError } from "../../common/error.js";

/** One request to one agent. */
export interface Exchange {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly body?: string;
  readonly key?: string | undefined;
  readonly token?: string | undefined;
  /** Authority of the agents' certificates, PEM; by default those that Node knows. */
  readonly ca?: string | undefined;
  /** Name of the only agent that may obey. */
  readonly only?: string | undefined;
  /** Asks for a stream of events, behind the last id that was read. */
  readonly stream?: { readonly lastEventId?: string | undefined } | undefined;
  /** Time for the whole answer, ms; of a stream, for it to begin. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  /** Name of the agent that answers. */
  readonly agent?: string;
  readonly body: unknown;
  /** Instead of a body, when a stream was asked for and given. */
  readonly events?: IncomingMessage;
  /** The posting had been made before, with the same key. */
  readonly replayed: boolean;
}

const EVENT_STREAM = "text/event-stream";

/** The reason of UNREACHABLE when a connection was refused. */
export const NOBODY_LISTENS = "nothing listens there";

/** Largest answer, bytes: a whole job with the results of all its atoms. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Asks and reads the answer as JSON, whatever its status. Throws UNREACHABLE when nobody answers,
 * not in time, or not like an agent; the signal's reason when that aborts.
 */
export async function exchange(options: Exchange): Promise<Answer> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), options.timeoutMs);
  const signals = options.signal === undefined ? [] : [options.signal];
  try {
    const incoming = await send(options, AbortSignal.any([limit.signal, ...signals]));
    return await read(incoming, options.stream !== undefined);
  } catch (error) {
    options.signal?.throwIfAborted();
    const late = limit.signal.aborted;
    const why = late ? `no answer in ${options.timeoutMs / 1000} s` : reasonOf(error);
    throw new JobrunnerError("UNREACHABLE", why, { cause: error, retryable: true });
  } finally {
    clearTimeout(timer);
  }
}

function send(options: Exchange, signal: AbortSignal): Promise<IncomingMessage> {
  const { method, url, body, key, token, ca, only, stream } = options;
  const request = url.startsWith("https:") ? secureRequest : plainRequest;
  const trust = ca === undefined ? {} : { ca };
  const { lastEventId } = stream ?? {};
  const headers = {
    accept: stream === undefined ? "application/json" : EVENT_STREAM,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(key === undefined ? {} : { "idempotency-key": key }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(only === undefined ? {} : { [AGENT_HEADER]: only }),
    ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
  };
  return new Promise((resolve, reject) => {
    // No keep-alive: an idle socket would hold the process after its work is done.
    const outgoing = request(url, { method, headers, signal, agent: false, ...trust }, resolve);
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function read(incoming: IncomingMessage, mayStream: boolean): Promise<Answer> {
  const { statusCode: status = 0, headers } = incoming;
  const agent = headers[AGENT_HEADER];
  const head = {
    ...(typeof agent === "string" ? { agent } : {}),
    ...{ status, replayed: headers["idempotency-replayed"] === "true" },
  };
  const isStream = headers["content-type"]?.startsWith(EVENT_STREAM) ?? false;
  if (mayStream && status === 200 && isStream) return { ...head, body: null, events: incoming };
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return { ...head, body: parse(Buffer.concat(chunks).toString("utf8")) };
}

function parse(text: string): unknown {
  if (text === "") return undefined; // Of a 204: it has nothing to say.
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error("something else than an agent listens there", { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  if (code === "ECONNREFUSED") return NOBODY_LISTENS;
  if (code === "ECONNRESET") return "the connection broke";
  if (typeof code === "string" && /CERT|SIGNATURE|ALTNAME/.test(code)) {
    return `its certificate is not trusted: ${error.message} (JOBRUNNER_CA_FILE names its authority)`;
  }
  return typeof code === "string" && !error.message.includes(code)
    ? `${error.message} (${code})`
    : error.message;
}
