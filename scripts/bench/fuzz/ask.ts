import { type Agent, type IncomingMessage, request } from "node:http";
import type { Got } from "../../lab/documented.js";
import type { Draft } from "./draft.js";

/** A request as it goes out. */
export interface Outgoing {
  readonly method: string;
  /** Path and query, escaped. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

export interface Answer extends Got {
  /** The reader went before its end. */
  readonly cut: boolean;
  readonly tookMs: number;
}

export interface AskOptions {
  readonly url: string;
  readonly agent: Agent;
  /** The reader goes after this, whatever has come by then, ms. */
  readonly leaveMs?: number;
}

/** How long a stream is read, ms. */
const STREAM_MS = 300;
/** A request that waits for nothing is answered within this, ms. */
export const ANSWER_MS = 20_000;

export function outgoingOf(draft: Draft): Outgoing {
  const { method, path, query, headers, body, operation } = draft;
  const place = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(path[name] ?? ""),
  );
  const pairs = query.map((pair) => pair.map(encodeURIComponent).join("="));
  const bytes = body === undefined || "bytes" in body ? body?.bytes : jsonOf(body.json);
  return {
    ...{ method, headers, body: bytes },
    target: pairs.length === 0 ? place : `${place}?${pairs.join("&")}`,
  };
}

function jsonOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value ?? null));
}

/** Undefined when the reader went before the answer began; rejects when the other side broke off. */
export function ask(outgoing: Outgoing, options: AskOptions): Promise<Answer | undefined> {
  const { method, target, body } = outgoing;
  const { url, agent, leaveMs } = options;
  const { hostname, port } = new URL(url);
  const length = body === undefined ? {} : { "content-length": String(body.length) };
  const headers = { ...outgoing.headers, ...length };
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, method, path: target, headers, agent });
    let left = false;
    const leave = (): void => {
      left = true;
      call.destroy();
      resolve(undefined);
    };
    const timer = setTimeout(leave, leaveMs ?? ANSWER_MS);
    call.on("error", (error) => {
      clearTimeout(timer);
      if (!left) reject(error);
    });
    call.on("response", (incoming) => {
      const stop = leaveMs === undefined && isStream(incoming) ? STREAM_MS : undefined;
      void read(incoming, stop).then(({ text, cut }) => {
        clearTimeout(timer);
        const { statusCode: status = 0, headers: got } = incoming;
        const tookMs = performance.now() - began;
        resolve({ status, headers: got, text, json: parse(incoming, text, cut), cut, tookMs });
      });
    });
    call.end(body);
  });
}

function isStream({ headers }: IncomingMessage): boolean {
  return headers["content-type"]?.startsWith("text/event-stream") ?? false;
}

function read(
  incoming: IncomingMessage,
  stopMs: number | undefined,
): Promise<{ readonly text: string; readonly cut: boolean }> {
  return new Promise((resolve) => {
    let text = "";
    const timer = stopMs === undefined ? undefined : setTimeout(() => incoming.destroy(), stopMs);
    incoming.setEncoding("utf8");
    incoming.on("data", (part: string) => (text += part));
    incoming.on("error", () => undefined); // The close tells.
    incoming.on("close", () => {
      clearTimeout(timer);
      resolve({ text, cut: !incoming.complete });
    });
  });
}

/** Undefined for what is no JSON. */
function parse({ headers }: IncomingMessage, text: string, cut: boolean): unknown {
  const isJson = /^application\/(?:problem\+)?json/.test(headers["content-type"] ?? "");
  return isJson && !cut && text !== "" ? (JSON.parse(text) as unknown) : undefined;
}
