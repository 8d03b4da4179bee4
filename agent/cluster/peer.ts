import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { JobrunnerError } from "../../common/error.js";

/** Asks other agents about themselves. */
export interface Peer {
  /** Rejects with UNREACHABLE, or with what the agent answered. */
  get<T>(url: string, path: string, limitMs: number): Promise<T>;
  post<T>(url: string, path: string, limitMs: number): Promise<T>;
}

export interface PeerOptions {
  /** What all agents of the cluster share. */
  readonly token?: string;
  /** Authority of their certificates, PEM; by default those that Node knows. */
  readonly ca?: string;
}

/** Largest answer of another agent, bytes. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

export function createPeer({ token, ca }: PeerOptions): Peer {
  const headers = {
    accept: "application/json",
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const ask = async <T>(method: "GET" | "POST", url: string, limitMs: number): Promise<T> => {
    const signal = AbortSignal.timeout(limitMs);
    const { host } = new URL(url);
    const options = { method, headers, signal, ...(ca === undefined ? {} : { ca }) };
    const { status, text } = await send(url, options).catch((error: unknown) => {
      const why = signal.aborted ? `no answer in ${limitMs} ms` : String(reasonOf(error));
      throw new JobrunnerError("UNREACHABLE", `${host}: ${why}`, { cause: error, retryable: true });
    });
    if (status >= 200 && status < 300) return JSON.parse(text) as T;
    const code = status === 401 ? "UNAUTHORISED" : "UNREACHABLE";
    throw new JobrunnerError(code, `${host}: answered ${status}`);
  };
  return {
    get: (url, path, limitMs) => ask("GET", url + path, limitMs),
    post: (url, path, limitMs) => ask("POST", url + path, limitMs),
  };
}

interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly ca?: string;
}

/** Redirects are not followed: the token is for this agent. */
function send(
  url: string,
  options: Sent,
): Promise<{ readonly status: number; readonly text: string }> {
  const request = url.startsWith("https:") ? secureRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ...options, agent: false }, (incoming) => {
      read(incoming).then((text) => resolve({ status: incoming.statusCode ?? 0, text }), reject);
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

async function read(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function reasonOf(error: unknown): unknown {
  return error instanceof Error ? error.message : error;
}
