import { JobrunnerError } from "../../common/error.js";

/** Asks other agents about themselves. */
export interface Peer {
  /** Rejects with UNREACHABLE, or with what the agent answered. */
  get<T>(url: string, path: string, limitMs: number): Promise<T>;
  post<T>(url: string, path: string, limitMs: number): Promise<T>;
}

export function createPeer(token: string | undefined): Peer {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ask = async <T>(method: "GET" | "POST", url: string, limitMs: number): Promise<T> => {
    const signal = AbortSignal.timeout(limitMs);
    const answer = await fetch(url, { method, headers, signal, redirect: "error" }).catch(
      (error: unknown) => {
        const why = signal.aborted ? `no answer in ${String(limitMs)} ms` : causeOf(error);
        throw new JobrunnerError("UNREACHABLE", `${new URL(url).host}: ${why}`, {
          ...{ cause: error, retryable: true },
        });
      },
    );
    if (answer.ok) return (await answer.json()) as T;
    await answer.body?.cancel();
    throw new JobrunnerError(
      answer.status === 401 ? "UNAUTHORISED" : "UNREACHABLE",
      `${new URL(url).host}: answered ${String(answer.status)}`,
    );
  };
  return {
    get: (url, path, limitMs) => ask("GET", url + path, limitMs),
    post: (url, path, limitMs) => ask("POST", url + path, limitMs),
  };
}

/** fetch says "fetch failed" and keeps the reason below. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}
