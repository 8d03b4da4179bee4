import { type IncomingMessage, request } from "node:http";
import { AGENT_HEADER } from "../../common/agent-header.js";
import { JobrunnerError } from "../../common/error.js";

/** One request to one agent. */
export interface Exchange {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly body?: string;
  readonly key?: string | undefined;
  readonly token?: string | undefined;
  /** Name of the only agent that may obey. */
  readonly only?: string | undefined;
  /** Time for the whole answer, ms. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Of an event stream: where to go on after. */
  readonly lastEventId?: string | undefined;
}

export interface Answer {
  readonly status: number;
  /** Name of the agent that answers. */
  readonly agent?: string;
  readonly body: unknown;
  /** The posting had been made before, with the same key. */
  readonly replayed: boolean;
}

/** The reason of UNREACHABLE when a connection was refused. */
export const NOBODY_LISTENS = "nothing listens there";

const EVENT_STREAM = "text/event-stream";

/** Largest answer, bytes: a whole job with the results of all its atoms. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Asks and reads the answer as JSON, whatever its status. Throws UNREACHABLE when nobody answers,
 * not in time, or not like an agent; the signal's reason when that aborts.
 */
export async function exchange(options: Exchange): Promise<Answer> {
  return inTime(options, async (signal) => readAnswer(await send(options, signal)));
}

/** The same, but that a stream of events is given as soon as it begins. */
export async function openStream(options: Exchange): Promise<Answer | IncomingMessage> {
  return inTime(options, async (signal) => {
    const incoming = await send({ ...options, accept: EVENT_STREAM }, signal);
    const isStream = incoming.headers["content-type"]?.startsWith(EVENT_STREAM) ?? false;
    return incoming.statusCode === 200 && isStream ? incoming : readAnswer(incoming);
  });
}

async function inTime<T>(options: Exchange, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), options.timeoutMs);
  const signals = options.signal === undefined ? [] : [options.signal];
  try {
    return await act(AbortSignal.any([limit.signal, ...signals]));
  } catch (error) {
    options.signal?.throwIfAborted();
    const why = limit.signal.aborted
      ? `no answer in ${options.timeoutMs / 1000} s`
      : reasonOf(error);
    throw new JobrunnerError("UNREACHABLE", why, { cause: error, retryable: true });
  } finally {
    clearTimeout(timer);
  }
}

function send(
  options: Exchange & { readonly accept?: string },
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { method, url, body, key, token, only, lastEventId } = options;
  const { accept = "application/json" } = options;
  const headers = {
    accept,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(key === undefined ? {} : { "idempotency-key": key }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(only === undefined ? {} : { [AGENT_HEADER]: only }),
    ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
  };
  return new Promise((resolve, reject) => {
    // No keep-alive: an idle socket would hold the process after its work is done.
    const outgoing = request(url, { method, headers, signal, agent: false }, resolve);
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  const agent = agentOf(incoming);
  return {
    ...(agent === undefined ? {} : { agent }),
    status: incoming.statusCode ?? 0,
    body: parse(Buffer.concat(chunks).toString("utf8")),
    replayed: incoming.headers["idempotency-replayed"] === "true",
  };
}

/** Name of the agent that gives this answer. */
export function agentOf({ headers }: IncomingMessage): string | undefined {
  const agent = headers[AGENT_HEADER];
  return typeof agent === "string" ? agent : undefined;
}

function parse(text: string): unknown {
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
  return typeof code === "string" && !error.message.includes(code)
    ? `${error.message} (${code})`
    : error.message;
}
