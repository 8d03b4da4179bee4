import { EventEmitter } from "node:events";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import Consul from "consul";
import type { ConsulAddress } from "./address.js";
import { refusedBy, type Refusal, unanswered } from "./failure.js";

/** Consul closes connections above 200 for each address; other programs want some too. */
const SOCKETS_MAX = 40;
/** Of those, so many stay open while nothing is asked. */
const IDLE_SOCKETS_MAX = 4;
/** A request without a time-out of its own may take so long, milliseconds. */
const TIMEOUT_MS = 5_000;

export interface Request {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** Statuses besides 2xx that the caller understands; any other is thrown. */
  readonly expect?: readonly number[];
}

export interface Answer<T> {
  readonly status: number;
  /** Undefined when Consul sent none, as with 404. */
  readonly body: T | undefined;
  /** X-Consul-Index: the place in history of what was read; 0 when the answer has none. */
  readonly index: number;
  /** What Consul said to a status that is not 2xx. */
  readonly refusal: Refusal | undefined;
}

/** What the npm package's methods take besides their own options. */
export interface Common {
  readonly ctx: EventEmitter;
  readonly timeout: number;
  readonly token?: string;
  readonly dc?: string;
}

/** A request that the package cannot make, by its own transport: agent, headers, time-out. */
export interface ByHand {
  readonly path: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The transport below the package's methods; its types leave it out. */
interface Transport {
  _put(options: unknown, done: Done): Promise<unknown>;
}
type Done = (
  request: { readonly err?: unknown; readonly res: HttpAnswer },
  next: (error: unknown, value?: unknown, more?: unknown) => void,
) => void;

interface HttpAnswer {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

/**
 * The npm package `consul`, wrapped so that every request has a time-out of its own and ends with
 * an AbortSignal, and so that answers carry their status and index. The package says `undefined`
 * or throws where a status is meant, knows no AbortSignal, has no default time-out, and gives the
 * index away only to those who hand in an event emitter with a field of a certain name.
 */
export class ConsulClient implements Disposable {
  readonly where: string;
  readonly #api: Consul;
  readonly #common: { readonly token?: string; readonly dc?: string };
  readonly #timeoutMs: number;

  constructor(address: ConsulAddress, timeoutMs = TIMEOUT_MS) {
    const { host, port, secure, token, datacenter, ca } = address;
    this.where = `${secure ? "https" : "http"}://${host}:${port}`;
    this.#timeoutMs = timeoutMs;
    this.#common = { ...(token ? { token } : {}), ...(datacenter ? { dc: datacenter } : {}) };
    const pool = { keepAlive: true, maxSockets: SOCKETS_MAX, maxFreeSockets: IDLE_SOCKETS_MAX };
    const agent = secure ? new HttpsAgent({ ...pool, ...(ca ? { ca } : {}) }) : new HttpAgent(pool);
    const name = host.includes(":") ? `[${host}]` : host;
    this.#api = new Consul({ host: name, port, secure, agent });
  }

  /** Closes the connections. */
  [Symbol.dispose](): void {
    this.#api.destroy();
  }

  /**
   * One request. Rejects with BOARD_DOWN when there is no answer in time, with the signal's reason
   * when it aborts, and as `refusedBy` says for a status that is not expected.
   */
  async ask<T>(
    work: (api: Consul, common: Common) => Promise<unknown>,
    request: Request = {},
  ): Promise<Answer<T>> {
    const { signal, timeoutMs = this.#timeoutMs, expect = [] } = request;
    signal?.throwIfAborted();
    const ctx = Object.assign(new EventEmitter(), { includeResponse: true });
    const cancel = (): void => void ctx.emit("cancel");
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      const answer = await work(this.#api, { ctx, timeout: timeoutMs, ...this.#common });
      const [response, body] = answer as [HttpAnswer, T | undefined];
      return this.#answer(response, body, expect);
    } catch (error) {
      signal?.throwIfAborted();
      const response = responseOf(error);
      if (response === undefined) throw unanswered(this.where, error);
      return this.#answer<T>(response, undefined, expect);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** A PUT that the package has no method for, or whose method drops a field. */
  put<T>({ path, params, query, body }: ByHand, request: Request = {}): Promise<Answer<T>> {
    const options = { path, type: "json", ...(body === undefined ? {} : { body }) };
    return this.ask<T>((api, { ctx, timeout, token, dc }) => {
      const headers = token === undefined ? {} : { "x-consul-token": token };
      const asked = { ...query, ...(dc === undefined ? {} : { dc }) };
      const transport = api as unknown as Transport;
      const full = { ...options, params: { ...params }, query: asked, headers, ctx, timeout };
      return transport._put(full, ({ err, res }, next) => {
        if (err === undefined) next(false, undefined, [res, res.body]);
        else next(false, err);
      });
    }, request);
  }

  #answer<T>(response: HttpAnswer, body: T | undefined, expect: readonly number[]): Answer<T> {
    const status = response.statusCode ?? 0;
    const index = Number(response.headers?.["x-consul-index"] ?? 0);
    if (status >= 200 && status < 300) return { status, body, index, refusal: undefined };
    const refusal = { status, text: textOf(response.body) };
    if (!expect.includes(status)) throw refusedBy(this.where, refusal);
    return { status, body: body ?? (response.body as T | undefined), index, refusal };
  }
}

function responseOf(error: unknown): HttpAnswer | undefined {
  if (typeof error !== "object" || error === null || !("response" in error)) return undefined;
  const response = error.response as HttpAnswer | undefined;
  return response?.statusCode === undefined ? undefined : response;
}

function textOf(body: unknown): string {
  const text = Buffer.isBuffer(body) ? body.toString() : body;
  return typeof text === "string" ? text.trim().slice(0, 500) : "";
}
