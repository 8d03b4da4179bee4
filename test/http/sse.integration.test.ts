import { connect, type Socket } from "node:net";
import Fastify from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { type SseOptions, type SseStream, SseStreams } from "../../agent/http/sse.js";
import { type Client, createClient } from "../../cli/api/client.js";
import { resumedEvents } from "../../cli/api/resumed-events.js";
import { EventParser, type StreamEvent } from "../../common/text/event-parser.js";
import { until } from "../../scripts/lab/until.js";
import { tempDir } from "../support/temp.js";
import { ask } from "./api.js";

interface Server extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly streams: SseStreams;
  readonly errors: readonly object[];
}

type Feed = (stream: SseStream, lastEventId: string | undefined) => Promise<void>;

const HEARTBEAT_MS = 20;
const SOON = { withinMs: 5_000 };
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A server that streams what `feed` sends at /events. */
async function serve(
  feed: Feed,
  limits: Pick<SseOptions, "limit" | "heartbeatMs" | "welcome"> = {},
): Promise<Server> {
  const stopping = new AbortController();
  const errors: object[] = [];
  const log = { error: (fields: object) => void errors.push(fields) };
  const heartbeatMs = HEARTBEAT_MS;
  const streams = new SseStreams({ stopping: stopping.signal, log, heartbeatMs, ...limits });
  const app = Fastify({ forceCloseConnections: "idle" });
  app.addHook("onRequest", async (_request, reply) => {
    reply.header("cache-control", "no-store");
  });
  app.get("/events", (request, reply) =>
    streams.serve(request, reply, (stream) => {
      const last = request.headers["last-event-id"];
      return feed(stream, typeof last === "string" ? last : undefined);
    }),
  );
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    ...{ url, port: Number(new URL(url).port), streams, errors },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await app.close();
    },
  };
}

/** A reader that reads nothing but the first bytes, if at all. */
function stuckReader({ port }: Server): Promise<Socket> {
  const socket = connect(port, "127.0.0.1", () =>
    socket.write("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  );
  socket.pause();
  socket.on("error", () => undefined); // It is dropped.
  sockets.push(socket);
  return new Promise((resolve) => socket.once("connect", () => resolve(socket)));
}

/** Resolves when the stream is over. */
function gone({ signal }: SseStream): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

async function clientOf(...servers: readonly { url: string }[]): Promise<Client> {
  const via = servers.map(({ url }) => url).join(",");
  return createClient({ via, env: { XDG_STATE_HOME: tempDir() }, say: () => undefined });
}

async function collect(events: AsyncIterable<StreamEvent>): Promise<readonly StreamEvent[]> {
  const all: StreamEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const BIG = { text: "x".repeat(64 * 1024) };

describe("a stream of events", () => {
  it("has the headers of every answer, and events as the standard has them", async () => {
    await using server = await serve(async (stream) => {
      stream.send({ id: "1", event: "line", data: { text: "a\nb\u2028é" } });
      stream.send({ data: {} });
    });

    const { status, headers, text } = await ask(`${server.url}/events`);

    expect([status, headers["content-type"], headers["cache-control"]]).toEqual([
      ...[200, "text/event-stream", "no-store"],
    ]);
    expect(text).toBe('id: 1\nevent: line\ndata: {"text":"a\\nb\u2028é"}\n\n' + "data: {}\n\n");
  });

  it("shows signs of life while there is nothing to tell", async () => {
    await using server = await serve((stream) =>
      Promise.race([gone(stream), new Promise<void>((resolve) => setTimeout(resolve, 200))]),
    );

    expect((await ask(`${server.url}/events`)).text).toMatch(/^(:\n\n){2,}$/);
  });

  it("ends when the server stops", async () => {
    const server = await serve(gone);
    const answer = ask(`${server.url}/events`);
    await until(() => server.streams.open === 1, SOON);

    await server[Symbol.asyncDispose]();

    expect((await answer).status).toBe(200);
    expect(server.streams.open).toBe(0);
  });

  it("holds the server up for no reader that would use its connection again", async () => {
    const server = await serve(gone);
    const answer = await fetch(`${server.url}/events`);
    await until(() => server.streams.open === 1, SOON);

    const begunAt = performance.now();
    await server[Symbol.asyncDispose]();

    expect(performance.now() - begunAt).toBeLessThan(500);
    await answer.text();
  });

  it("holds the server up for nobody who does not read", async () => {
    const server = await serve(async (stream) => {
      for (let n = 0; n < 3; n += 1) stream.send({ data: BIG });
      await gone(stream);
    });
    await stuckReader(server);
    await until(() => server.streams.open === 1, SOON);

    await server[Symbol.asyncDispose]();

    expect(server.streams.open).toBe(0);
  });

  it("drops a reader that leaves too much unread", async () => {
    let sent = 0;
    await using server = await serve(async (stream) => {
      for (; !stream.signal.aborted; sent += 1) {
        stream.send({ data: BIG });
        await new Promise(setImmediate);
      }
    });
    await stuckReader(server);

    await until(() => sent > 0 && server.streams.open === 0, SOON);
    expect(server.errors).toEqual([]);
  });

  it("drops a reader that takes nothing between two heartbeats", async () => {
    await using server = await serve(async (stream) => {
      while (!stream.signal.aborted) {
        stream.send({ data: BIG });
        await stream.drained();
      }
    });
    await stuckReader(server);
    await until(() => server.streams.open === 1, SOON);

    await until(() => server.streams.open === 0, SOON);
    expect(server.errors).toEqual([]);
  });

  it("goes at the pace of its reader when the sender waits for it", async () => {
    const events = 200;
    const send: Feed = async (stream) => {
      for (let n = 1; n <= events; n += 1) {
        stream.send({ id: String(n), data: BIG });
        await stream.drained();
      }
    };
    await using server = await serve(send, { heartbeatMs: 10_000 });

    const got = await collect(await (await clientOf(server)).events("/events"));

    expect(got.map(({ id }) => Number(id))).toEqual(
      Array.from({ length: events }, (_, n) => n + 1),
    );
  });

  it("is cut off and logged when its sender fails", async () => {
    await using server = await serve(async (stream) => {
      stream.send({ data: {} });
      await stream.drained();
      throw new Error("no more");
    });

    const events = await (await clientOf(server)).events("/events");

    await expect(collect(events)).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(server.errors).toMatchObject([{ err: new Error("no more"), path: "/events" }]);
  });

  it("answers a HEAD with headers alone", async () => {
    await using server = await serve(() => Promise.reject(new Error("not to be asked")));

    const { status, headers, text } = await ask(`${server.url}/events`, { method: "HEAD" });

    expect([status, headers["content-type"], text]).toEqual([200, "text/event-stream", ""]);
    expect(server.errors).toEqual([]);
  });

  it("is refused while there are too many", async () => {
    await using server = await serve(gone, { limit: 2 });
    for (const open of [1, 2]) {
      await stuckReader(server);
      await until(() => server.streams.open === open, SOON);
    }

    const { status, text } = await ask(`${server.url}/events`);

    expect([status, text]).toEqual([500, expect.stringContaining("2 streams already")]);
  });
});

describe("the reader of a stream", () => {
  it("puts events together from any pieces", () => {
    const text = ': hi\nid: 7\nevent: line\ndata: {"a":\r\ndata: 1}\nnew: x\n\n\ndata\n\ndata: cut';
    const whole = [
      { id: "7", event: "line", data: '{"a":\n1}' },
      { id: "7", event: "message", data: "" },
    ];

    for (const size of [1, 2, 3, 7, 1000]) {
      const parser = new EventParser();
      const pieces = text.match(new RegExp(`.{1,${size}}`, "gs")) ?? [];
      expect(pieces.flatMap((piece) => parser.push(piece))).toEqual(whole);
    }
  });

  it("goes on at another agent after the last event it saw", async () => {
    const tenEach: Feed = async (stream, last = "0") => {
      const first = Number(last) + 1;
      for (let n = first; n < first + 10; n += 1) stream.send({ id: String(n), data: { n } });
      await stream.drained();
      if (first < 30) throw new Error("this agent dies");
      stream.send({ event: "end", data: {} });
    };
    await using one = await serve(tenEach);
    await using two = await serve(tenEach);
    const client = await clientOf(one, two);

    const got = await collect(resumedEvents("/events", { client, say: () => undefined }));

    expect(got.map(({ id, event }) => (event === "end" ? event : id))).toEqual([
      ...Array.from({ length: 40 }, (_, n) => String(n + 1)),
      "end",
    ]);
  });

  it("ends with the reason of its signal", async () => {
    await using server = await serve(gone);
    const stop = new AbortController();
    const client = await clientOf(server);
    const { signal } = stop;
    const reading = collect(resumedEvents("/events", { client, signal, say: () => undefined }));
    await until(() => server.streams.open === 1, SOON);

    stop.abort(new Error("enough"));

    await expect(reading).rejects.toThrow("enough");
    await until(() => server.streams.open === 0, SOON);
  });
});

describe("a stream whose reader's token is taken away", () => {
  it.each(["at a heartbeat", "at once when tokens are replaced"])("is cut off %s", async (when) => {
    let known = true;
    const heartbeatMs = when === "at a heartbeat" ? HEARTBEAT_MS : 60_000;
    const feed: Feed = async ({ signal }) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
    await using server = await serve(feed, {
      heartbeatMs,
      welcome: (authorization) => authorization === "Bearer reader" && known,
    });
    const headers = { authorization: "Bearer reader" };
    const reading = fetch(`${server.url}/events`, { headers }).then((answer) => answer.text());
    await until(() => server.streams.open === 1, SOON);

    known = false;
    if (when !== "at a heartbeat") server.streams.recheck();

    await expect(reading).rejects.toThrow();
    await until(() => server.streams.open === 0, SOON);
  });
});
