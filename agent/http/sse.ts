import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { JobrunnerError } from "../../common/error.js";
import type { ErrorLog } from "./failures.js";
import { LIMITS } from "./limits.js";

/*
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). A stream
 * takes what it is given as fast as its reader reads: whoever has more than that waits for
 * `drained`, or has the reader dropped. A dropped reader comes back with the last id it saw.
 */

export interface SseEvent {
  /** Where to go on after it; no line breaks. */
  readonly id?: string;
  /** Its type; `message` without one. */
  readonly event?: string;
  readonly data: object;
}

export interface SseStream {
  /** Aborts when the reader is gone or too slow, and when the server stops. */
  readonly signal: AbortSignal;
  /** Drops the reader when it left too much unread; writes nothing after the signal. */
  send(event: SseEvent): void;
  /** The same for whole events that are written already, once for many readers. */
  write(text: string | Buffer): void;
  /** Resolves when the reader has taken what was sent, or the signal aborts. */
  drained(): Promise<void>;
}

export interface SseOptions {
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
  readonly log: ErrorLog;
  /** Whether who asked may still read: asked again at each heartbeat. */
  readonly welcome?: (authorization: string | undefined) => boolean;
  /** Between two signs of life of a quiet stream, other than the usual. */
  readonly heartbeatMs?: number;
  /** Streams at a time, other than the usual. */
  readonly limit?: number;
  /** The same of one caller. */
  readonly perCaller?: number;
  /** Who asks, as far as that is known. */
  readonly callerOf?: (request: FastifyRequest) => string;
}

/** The streams of one server. */
export class SseStreams {
  readonly #options: SseOptions;
  readonly #open = new Set<OpenStream>();
  /** How many each caller has; who has none is not in it. */
  readonly #byCaller = new Map<string, number>();

  constructor(options: SseOptions) {
    this.#options = options;
    options.stopping.addEventListener("abort", () => {
      for (const stream of this.#open) stream.stop();
    });
  }

  get open(): number {
    return this.#open.size;
  }

  /** Cuts those off whose reader may not read any more. */
  recheck(): void {
    for (const stream of this.#open) stream.recheck();
  }

  /**
   * Answers with what `feed` sends, and ends the answer when that is done. Throws BUSY while there
   * are too many streams, of all or of this caller; once it has begun, what `feed` throws is logged
   * and cuts the stream off.
   */
  async serve(
    request: FastifyRequest,
    reply: FastifyReply,
    feed: (stream: SseStream) => Promise<void>,
  ): Promise<void> {
    const { log, callerOf = (asking) => asking.ip } = this.#options;
    const caller = callerOf(request);
    this.#admit(caller);
    const { authorization } = request.headers;
    const { welcome = () => true } = this.#options;
    const stream = new OpenStream(reply, this.#options, () => welcome(authorization));
    this.#open.add(stream);
    this.#count(caller, 1);
    try {
      // A HEAD asks for the headers alone.
      if (request.method !== "HEAD") await feed(stream);
      stream.end();
    } catch (error) {
      if (!stream.signal.aborted) {
        log.error({ err: error, path: request.url.split("?")[0] }, "a stream failed");
      }
      stream.cut();
    } finally {
      this.#open.delete(stream);
      this.#count(caller, -1);
    }
  }

  #admit(caller: string): void {
    const { limit = LIMITS.streams, perCaller = LIMITS.streamsPerCaller } = this.#options;
    if (this.#open.size >= limit) throw busy(limit);
    if ((this.#byCaller.get(caller) ?? 0) >= perCaller) throw greedy(perCaller);
  }

  #count(caller: string, more: 1 | -1): void {
    const count = (this.#byCaller.get(caller) ?? 0) + more;
    if (count > 0) this.#byCaller.set(caller, count);
    else this.#byCaller.delete(caller);
  }
}

class OpenStream implements SseStream {
  readonly signal: AbortSignal;
  readonly #raw: ServerResponse;
  readonly #gone = new AbortController();
  readonly #welcome: () => boolean;
  readonly #stopping: AbortSignal;
  #unreadAtBeat = false;

  constructor(
    reply: FastifyReply,
    { stopping, heartbeatMs = LIMITS.heartbeatMs }: SseOptions,
    welcome: () => boolean,
  ) {
    this.#welcome = welcome;
    this.#stopping = stopping;
    reply.hijack();
    this.signal = this.#gone.signal;
    this.#raw = reply.raw;
    const heart = setInterval(() => this.#beat(), heartbeatMs);
    this.#raw.once("close", () => {
      clearInterval(heart);
      this.#gone.abort();
    });
    this.#raw.on("drain", () => (this.#unreadAtBeat = false));
    this.#raw.writeHead(200, {
      ...(reply.getHeaders() as OutgoingHttpHeaders), // What hooks of all routes have set.
      "content-type": "text/event-stream",
      "x-accel-buffering": "no", // Proxies would hold events back until a buffer is full.
    });
    this.#raw.flushHeaders();
    if (stopping.aborted) this.stop();
  }

  send(event: SseEvent): void {
    this.write(textOf(event));
  }

  write(text: string | Buffer): void {
    if (this.signal.aborted) return;
    // What was unread before counts: one event may be larger than the limit.
    if (this.#raw.writableLength > LIMITS.streamUnreadBytes) this.#drop();
    else this.#raw.write(text);
  }

  async drained(): Promise<void> {
    const { signal } = this;
    if (!this.#raw.writableNeedDrain || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#raw.off("drain", done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#raw.once("drain", done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  /** A connection that is kept for another request would hold up a server that stops. */
  end(): void {
    const { socket } = this.#raw;
    this.#gone.abort();
    this.#raw.end(() => {
      if (this.#stopping.aborted) socket?.destroySoon();
    });
  }

  /** After what was sent, but without the end that tells a reader that this was all. */
  cut(): void {
    this.#gone.abort();
    this.#raw.socket?.destroySoon();
  }

  /** Who comes back is told why. */
  recheck(): void {
    if (!this.#welcome()) this.#drop();
  }

  #drop(): void {
    this.#gone.abort();
    this.#raw.destroy();
  }

  /** Who has not read yet what was sent would hold the server up. */
  stop(): void {
    if (this.#raw.writableLength > 0) this.#drop();
    else this.#gone.abort();
  }

  /** A reader that took nothing between two beats is as good as gone. */
  #beat(): void {
    if (!this.#welcome()) this.#drop();
    else if (!this.#raw.writableNeedDrain) {
      if (!this.#raw.writableEnded) this.#raw.write(":\n\n");
    } else if (this.#unreadAtBeat) this.#drop();
    else this.#unreadAtBeat = true;
  }
}

function textOf({ id, event, data }: SseEvent): string {
  const head = [
    ...(id === undefined ? [] : [`id: ${id}\n`]),
    ...(event === undefined ? [] : [`event: ${event}\n`]),
  ];
  // JSON has no line breaks of its own.
  return `${head.join("")}data: ${JSON.stringify(data)}\n\n`;
}

function busy(limit: number): JobrunnerError {
  return new JobrunnerError("BUSY", `this agent serves ${limit} streams already`, {
    hint: "Follow through another agent: --via any.",
    retryable: true,
  });
}

function greedy(limit: number): JobrunnerError {
  return new JobrunnerError("BUSY", `you have ${limit} streams of this agent open already`, {
    hint: "Close some, follow all with one (GET /v1/events), or raise api.streamsPerCaller.",
    retryable: true,
  });
}
