import { JobrunnerError } from "../../common/error.js";
import { EventParser, type StreamEvent } from "../../common/text/event-parser.js";

/** Agents send a sign of life every 15 s; one that is silent for so long is gone, ms. */
const SILENT_MS = 45_000;
/** Time until a stream begins, ms. */
const BEGIN_MS = 3_000;

/** Asks other agents about themselves. */
export interface Peer {
  /** Rejects with UNREACHABLE, or with what the agent answered. */
  get<T>(url: string, path: string, limitMs: number): Promise<T>;
  post<T>(url: string, path: string, limitMs: number): Promise<T>;
  /** The events of a stream; they end with it. Rejects, also later, as `get` does. */
  stream(url: string, path: string, signal: AbortSignal): Promise<AsyncIterable<StreamEvent>>;
}

export function createPeer(token: string | undefined): Peer {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const send = async (url: string, init: RequestInit, signal: AbortSignal): Promise<Response> => {
    const answer = await fetch(url, { ...init, signal, redirect: "error" }).catch(
      (error: unknown) => {
        throw unreachable(url, signal.aborted ? causeOf(signal.reason) : causeOf(error), error);
      },
    );
    if (answer.ok) return answer;
    await answer.body?.cancel();
    if (answer.status !== 401) throw unreachable(url, `answered ${String(answer.status)}`);
    throw new JobrunnerError("UNAUTHORISED", `${new URL(url).host}: answered 401`);
  };
  const ask = async <T>(method: "GET" | "POST", url: string, limitMs: number): Promise<T> => {
    using limit = within(limitMs);
    const answer = await send(url, { method, headers }, limit.signal);
    return (await answer.json()) as T;
  };
  return {
    get: (url, path, limitMs) => ask("GET", url + path, limitMs),
    post: (url, path, limitMs) => ask("POST", url + path, limitMs),
    async stream(url, path, signal) {
      const silent = within(BEGIN_MS);
      const either = AbortSignal.any([signal, silent.signal]);
      const accept = { ...headers, accept: "text/event-stream" };
      try {
        const answer = await send(url + path, { headers: accept }, either);
        return read(url, answer, silent);
      } catch (error) {
        silent[Symbol.dispose]();
        throw error;
      }
    },
  };
}

/** Leaving the loop in any way closes the connection. */
async function* read(
  url: string,
  { body }: Response,
  silent: Limit,
): AsyncGenerator<StreamEvent, void, undefined> {
  const parser = new EventParser();
  const decoder = new TextDecoder();
  using _ended = silent;
  try {
    for await (const bytes of (body ?? []) as AsyncIterable<Uint8Array>) {
      silent.again(SILENT_MS);
      yield* parser.push(decoder.decode(bytes, { stream: true }));
    }
  } catch (error) {
    throw unreachable(url, silent.signal.aborted ? causeOf(silent.signal.reason) : causeOf(error), error);
  }
}

interface Limit extends Disposable {
  readonly signal: AbortSignal;
  /** It begins anew, with this length. */
  again(ms: number): void;
}

/** Aborts after so long, unless it is disposed of. */
function within(limitMs: number): Limit {
  const controller = new AbortController();
  const start = (ms: number): NodeJS.Timeout =>
    setTimeout(() => controller.abort(new Error(`no answer in ${String(ms)} ms`)), ms);
  let timer = start(limitMs);
  return {
    signal: controller.signal,
    again(ms) {
      clearTimeout(timer);
      timer = start(ms);
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

function unreachable(url: string, why: string, cause?: unknown): JobrunnerError {
  return new JobrunnerError("UNREACHABLE", `${new URL(url).host}: ${why}`, {
    ...{ cause, retryable: true },
  });
}

/** fetch says "fetch failed" and keeps the reason below. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}
