import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { JobrunnerError } from "../../common/error.js";

/** One request to one agent. */
export interface Exchange {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly body?: string;
  readonly key?: string | undefined;
  readonly token?: string | undefined;
  /** Authority of the agents' certificates, PEM; by default those that Node knows. */
  readonly ca?: string | undefined;
  /** Time for the whole answer, ms. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** The posting had been made before, with the same key. */
  readonly replayed: boolean;
}

/** The reason of UNREACHABLE when a connection was refused. */
export const NOBODY_LISTENS = "nothing listens there";

/** Largest answer, bytes: a whole job with the results of all its atoms. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Asks and reads the answer as JSON, whatever its status. Throws UNREACHABLE when nobody answers,
 * not in time, or not like an agent; the signal's reason when that aborts.
 */
export async function exchange(options: Exchange): Promise<Answer> {
  const limit = AbortSignal.timeout(options.timeoutMs);
  const signals = options.signal === undefined ? [limit] : [limit, options.signal];
  try {
    return await send(options, AbortSignal.any(signals));
  } catch (error) {
    options.signal?.throwIfAborted();
    const why = limit.aborted ? `no answer in ${options.timeoutMs / 1000} s` : reasonOf(error);
    throw new JobrunnerError("UNREACHABLE", why, { cause: error, retryable: true });
  }
}

function send(options: Exchange, signal: AbortSignal): Promise<Answer> {
  const { method, url, body, key, token, ca } = options;
  const request = url.startsWith("https:") ? secureRequest : plainRequest;
  const trust = ca === undefined ? {} : { ca };
  const headers = {
    accept: "application/json",
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(key === undefined ? {} : { "idempotency-key": key }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return new Promise((resolve, reject) => {
    // No keep-alive: an idle socket would hold the process after its work is done.
    const outgoing = request(
      url,
      { method, headers, signal, agent: false, ...trust },
      (incoming) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        incoming.on("error", reject);
        incoming.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX) incoming.destroy(new Error("the answer is too large"));
          else chunks.push(chunk);
        });
        incoming.on("end", () => {
          try {
            resolve({
              status: incoming.statusCode ?? 0,
              body: parse(Buffer.concat(chunks).toString("utf8")),
              replayed: incoming.headers["idempotency-replayed"] === "true",
            });
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
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
  if (typeof code === "string" && /CERT|SIGNATURE|ALTNAME/.test(code)) {
    return `its certificate is not trusted: ${error.message} (JOBRUNNER_CA_FILE names its authority)`;
  }
  return typeof code === "string" && !error.message.includes(code)
    ? `${error.message} (${code})`
    : error.message;
}
