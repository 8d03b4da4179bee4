import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { AGENT_HEADER } from "../../common/agent-header.js";
import { JobrunnerError } from "../../common/error.js";

/** Asks other agents about themselves. */
export interface Peer {
  /**
   * Rejects with UNREACHABLE when nobody answers in time, or another agent than the one that is
   * meant: that one has not obeyed. With CONFLICT when it refuses, in its own words.
   */
  ask<T>(request: PeerRequest): Promise<PeerAnswer<T>>;
}

export interface PeerRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly path: string;
  /** Name of the only agent that may answer; undefined: whoever is there. */
  readonly only: string | undefined;
  readonly limitMs: number;
}

export interface PeerAnswer<T> {
  /** Name of the agent that answered. */
  readonly agent: string;
  readonly said: T;
}

export interface PeerOptions {
  /** What all agents of the cluster share. */
  readonly token?: string | undefined;
  /** Authority of their certificates, PEM; by default those that Node knows. */
  readonly ca?: string | undefined;
  /** Agents of this cluster speak https: whoever registers another address gets no token. */
  readonly secure?: boolean;
}

/** Largest answer of another agent, bytes. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/** What is told of a refusal, characters. */
const DETAIL_MAX = 200;

/** `options` as they are at each request: secrets change while agents run. */
export function createPeer(options: () => PeerOptions): Peer {
  return { ask: (request) => ask(request, options()) };
}

async function ask<T>(request: PeerRequest, options: PeerOptions): Promise<PeerAnswer<T>> {
  const { token, ca, secure = ca !== undefined } = options;
  const { method, url, path, only, limitMs } = request;
  const headers = {
    accept: "application/json",
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(only === undefined ? {} : { [AGENT_HEADER]: only }),
  };
  const { host, protocol } = new URL(url);
  if (secure && token !== undefined && protocol !== "https:") {
    throw new JobrunnerError("UNREACHABLE", `${host}: ${NO_HTTPS}`);
  }
  const signal = AbortSignal.timeout(limitMs);
  try {
    const trust = ca === undefined ? {} : { ca };
    const answer = await send(url + path, { method, headers, signal, ...trust });
    const { agent, status } = answer;
    const wrong = mistakeOf(answer, request);
    if (wrong === undefined && agent !== undefined)
      return { agent, said: JSON.parse(answer.text) as T };
    throw (
      refusalOf(answer) ??
      new JobrunnerError(
        status === 401 ? "UNAUTHORISED" : "UNREACHABLE",
        `${host}: ${wrong ?? NO_AGENT}`,
      )
    );
  } catch (error) {
    if (error instanceof JobrunnerError) throw error;
    const why = signal.aborted ? `no answer in ${String(limitMs)} ms` : reasonOf(error);
    throw new JobrunnerError("UNREACHABLE", `${host}: ${why}`, { cause: error, retryable: true });
  }
}

const NO_HTTPS =
  "its address is not https, and with api.tls or api.ca the token goes over that only";
const OLD_VERSION = "its version cannot be asked this";
const NO_AGENT = "something else than an agent answers there";

interface Answer {
  readonly status: number;
  /** Who says that it answers. */
  readonly agent: string | undefined;
  readonly text: string;
}

function mistakeOf(
  { status, agent, text }: Answer,
  { only, path }: PeerRequest,
): string | undefined {
  if (agent === undefined) return NO_AGENT;
  if (only !== undefined && agent !== only) return `that address belongs to ${agent}`;
  if (status >= 200 && status < 300) return undefined;
  const { detail } = problemOf(text);
  // What an agent says of a path that it does not have.
  if (status === 404 && detail === `there is no ${path.replace(/\?.*/s, "")}`) return OLD_VERSION;
  return `answered ${String(status)}${detail === undefined ? "" : `: ${detail}`}`;
}

/** What the agent that was meant may not do: another one would not say so. */
function refusalOf({ status, agent, text }: Answer): JobrunnerError | undefined {
  const { detail, hint } = problemOf(text);
  if (status !== 409 || agent === undefined || detail === undefined) return undefined;
  return new JobrunnerError("CONFLICT", detail, hint === undefined ? {} : { hint });
}

/** Of a problem, what is wrong and what to do. */
function problemOf(text: string): { readonly detail?: string; readonly hint?: string } {
  try {
    const { detail, hint } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return {
      ...(typeof detail === "string" ? { detail: detail.slice(0, DETAIL_MAX) } : {}),
      ...(typeof hint === "string" ? { hint: hint.slice(0, DETAIL_MAX) } : {}),
    };
  } catch {
    return {};
  }
}

interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly ca?: string | undefined;
}

/** Redirects are not followed: the token is for this agent. */
function send(url: string, options: Sent): Promise<Answer> {
  const request = url.startsWith("https:") ? secureRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ...options, agent: false }, (incoming) => {
      const { statusCode: status = 0, headers } = incoming;
      const said = headers[AGENT_HEADER];
      const agent = typeof said === "string" ? said : undefined;
      read(incoming).then((text) => resolve({ status, agent, text }), reject);
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

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
