import { AGENT_HEADER } from "../../common/agent-header.js";
import { JobrunnerError } from "../../common/error.js";

/** Asks other agents about themselves. */
export interface Peer {
  /**
   * Rejects with UNREACHABLE when nobody answers in time, or another agent than the one that is
   * meant: that one has not obeyed.
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

export function createPeer(token: string | undefined): Peer {
  return { ask: (request) => ask(request, token) };
}

async function ask<T>(request: PeerRequest, token: string | undefined): Promise<PeerAnswer<T>> {
  const { method, url, path, only, limitMs } = request;
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(only === undefined ? {} : { [AGENT_HEADER]: only }),
  };
  const { host } = new URL(url);
  const signal = AbortSignal.timeout(limitMs);
  try {
    const answer = await fetch(url + path, { method, headers, signal, redirect: "error" });
    const agent = answer.headers.get(AGENT_HEADER) ?? undefined;
    const wrong = mistakeOf(answer, { agent, only });
    if (wrong === undefined && agent !== undefined)
      return { agent, said: (await answer.json()) as T };
    await answer.body?.cancel();
    throw new JobrunnerError(
      answer.status === 401 ? "UNAUTHORISED" : "UNREACHABLE",
      `${host}: ${wrong ?? NO_AGENT}`,
    );
  } catch (error) {
    if (error instanceof JobrunnerError) throw error;
    const why = signal.aborted ? `no answer in ${String(limitMs)} ms` : causeOf(error);
    throw new JobrunnerError("UNREACHABLE", `${host}: ${why}`, { cause: error, retryable: true });
  }
}

const NO_AGENT = "something else than an agent answers there";

function mistakeOf(
  { ok, status }: Response,
  { agent, only }: { readonly agent: string | undefined; readonly only: string | undefined },
): string | undefined {
  if (agent === undefined) return NO_AGENT;
  if (only !== undefined && agent !== only) return `that address belongs to ${agent}`;
  return ok ? undefined : `answered ${String(status)}`;
}

/** fetch says "fetch failed" and keeps the reason below. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}
