import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { JobrunnerError } from "../../common/error.js";
import { eitherSignal } from "../../common/signals/either.js";
import { EventParser, type StreamEvent } from "../../common/text/event-parser.js";
import type { PeerOptions } from "./peer.js";

/** Time until a stream begins, ms. */
const BEGIN_MS = 3_000;
/** Agents send a sign of life every 15 s; one that is silent for so long is gone, ms. */
const SILENT_MS = 45_000;

/** Streams of events of other agents. */
export interface Streams {
  /**
   * They end when that agent ends its answer, and close when nobody reads on. Rejects, also later,
   * with UNREACHABLE or with what the agent answered.
   */
  open(url: string, signal: AbortSignal): AsyncIterable<StreamEvent>;
}

/** `options` as they are when a stream begins. */
export function createStreams(options: () => PeerOptions): Streams {
  return { open: (url, signal) => read(url, options(), signal) };
}

async function* read(
  url: string,
  options: PeerOptions,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent, void, undefined> {
  using silence = startSilence(BEGIN_MS);
  try {
    const either = eitherSignal(signal, silence.signal);
    const incoming = await begin(url, options, either);
    const parser = new EventParser();
    incoming.setEncoding("utf8");
    for await (const text of incoming as AsyncIterable<string>) {
      silence.broken(SILENT_MS);
      yield* parser.push(text);
    }
  } catch (error) {
    if (error instanceof JobrunnerError) throw error;
    const told = silence.signal.aborted ? (silence.signal.reason as unknown) : error;
    const why = told instanceof Error ? told.message : String(told);
    throw new JobrunnerError("UNREACHABLE", `${new URL(url).host}: ${why}`, {
      ...{ cause: error, retryable: true },
    });
  }
}

/** Redirects are not followed: the token is for this agent. */
function begin(
  url: string,
  { token, ca }: PeerOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const headers = {
    accept: "text/event-stream",
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const secure = ca === undefined ? {} : { ca };
  const request = url.startsWith("https:") ? secureRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers, signal, agent: false, ...secure }, (incoming) => {
      const { statusCode = 0 } = incoming;
      if (statusCode === 200) return resolve(incoming);
      incoming.destroy();
      const code = statusCode === 401 ? "UNAUTHORISED" : "UNREACHABLE";
      reject(new JobrunnerError(code, `${new URL(url).host}: answered ${statusCode}`));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

interface Silence extends Disposable {
  readonly signal: AbortSignal;
  /** Something was heard; from now on it may last so long. */
  broken(ms: number): void;
}

/** Aborts when nothing was heard for so long. */
function startSilence(limitMs: number): Silence {
  const controller = new AbortController();
  const start = (ms: number): NodeJS.Timeout =>
    setTimeout(() => controller.abort(new Error(`nothing came for ${ms / 1_000} s`)), ms);
  let timer = start(limitMs);
  return {
    signal: controller.signal,
    broken(ms) {
      clearTimeout(timer);
      timer = start(ms);
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      controller.abort(); // Leaves nothing at the signal of whoever reads.
    },
  };
}
