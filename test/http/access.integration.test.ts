import { createHash } from "node:crypto";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import type { Events } from "../../agent/events/events.js";
import type { SseStream } from "../../agent/http/sse.js";
import type { HttpServer } from "../../agent/http/server.js";
import type { AccessToken, Scope } from "../../common/access.js";
import type { Problem } from "../../common/wire.js";
import { until } from "../../scripts/lab/until.js";
import { type Answer, ask } from "./api.js";
import { outwardAddress, serve } from "./serve.js";

const CLUSTER = "correct-horse-battery";
const SOON = { withinMs: 5_000 };
const ID = "01980000-0000-7000-8000-000000000000";

const tokens: readonly AccessToken[] = [
  named("reader", "read"),
  named("poster", "post"),
  named("operator", "operate"),
  { ...named("late", "admin"), expiresAt: new Date(Date.now() - 1).toISOString() },
];

interface Opened {
  readonly status: number;
  readonly after: string | undefined;
  readonly problem: unknown;
  readonly closed: Promise<unknown>;
  leave(): void;
}

function named(id: string, scope: Scope): AccessToken {
  return { id, scope, hash: createHash("sha256").update(secretOf(id)).digest("hex") };
}

function secretOf(id: string): string {
  return `jr_${id}_0123456789`;
}

let server: HttpServer | undefined;
afterEach(() => server?.close());

async function start(host = "127.0.0.1"): Promise<string> {
  const at = Date.now();
  server = serve({ token: CLUSTER, tokens, now: () => at }); // No time goes by: nothing is slow.
  return server.listen({ host, port: 0 });
}

function bearer(secret: string): { readonly headers: { readonly authorization: string } } {
  return { headers: { authorization: `Bearer ${secret}` } };
}

describe("tokens of a file", () => {
  it("are good for their scope and those before it", async () => {
    const url = await start();
    const status = async (id: string, method: string, path: string): Promise<boolean> => {
      const answer = await ask(url + path, { ...bearer(secretOf(id)), method });
      return answer.status !== 403;
    };
    const reads = ["GET", "/v1/jobs"] as const;
    const posts = ["POST", "/v1/jobs"] as const;
    const tests = ["GET", "/v1/capabilities:test?clause=has_gpu"] as const;
    const operates = ["POST", `/v1/jobs/${ID}/suspend`] as const;

    const may = async (id: string): Promise<readonly boolean[]> => [
      await status(id, ...reads),
      await status(id, ...posts),
      await status(id, ...tests),
      await status(id, ...operates),
    ];

    expect(await may("reader")).toEqual([true, false, false, false]);
    expect(await may("poster")).toEqual([true, true, true, false]);
    expect(await may("operator")).toEqual([true, true, true, true]);
  });

  it("are told what they are good for, and what would do", async () => {
    const url = await start();
    const answer = await ask(`${url}/v1/jobs`, { ...bearer(secretOf("reader")), method: "POST" });

    expect(answer.status).toBe(403);
    expect(answer.json).toMatchObject({
      code: "FORBIDDEN",
      detail: "this token is good for read, not for post",
      hint: expect.stringContaining("--scope post"),
    });
  });

  it("are refused alike when missing, wrong, empty or expired", async () => {
    const url = await start();
    const answers: Answer[] = [
      await ask(`${url}/v1/jobs`),
      await ask(`${url}/v1/jobs`, bearer("wrong")),
      await ask(`${url}/v1/jobs`, { headers: { authorization: "" } }),
      await ask(`${url}/v1/jobs`, { headers: { authorization: "Bearer" } }),
      await ask(`${url}/v1/jobs`, { headers: { authorization: `Basic ${CLUSTER}` } }),
      await ask(`${url}/v1/jobs`, bearer(secretOf("late"))),
    ];

    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(401));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.headers["www-authenticate"]).toBe("Bearer");
    expect((answers[0]?.json as Problem).hint).toContain("JOBRUNNER_TOKEN");
  });

  it("are replaced while the server runs; that never opens it", async () => {
    const url = await start();
    const reader = bearer(secretOf("reader"));
    server?.replace({ token: CLUSTER, tokens: [] }, undefined);
    const revoked = await ask(`${url}/v1/jobs`, reader);
    server?.replace({ tokens: [named("reader", "read")] }, undefined);
    server?.replace({}, undefined);

    expect(revoked.status).toBe(401);
    expect((await ask(`${url}/v1/jobs`)).status).toBe(401);
    expect((await ask(`${url}/v1/jobs`, bearer(CLUSTER))).status).toBe(200);
  });

  it("are revoked at once although the shared one stays until a restart", async () => {
    const url = await start();
    const reader = bearer(secretOf("reader"));
    const before = await ask(`${url}/v1/jobs`, reader);

    server?.replace({ tokens: [] }, undefined);

    expect(before.status).toBe(200);
    expect((await ask(`${url}/v1/jobs`, reader)).status).toBe(401);
    expect((await ask(`${url}/v1/jobs`, bearer(CLUSTER))).status).toBe(200);
  });
});

describe("open streams", () => {
  /** A feed in which nothing happens; the streams that were opened. */
  async function startFeed(streamsPerCaller: number) {
    const events = {
      follow: async (_what: unknown, { signal }: SseStream): Promise<void> => {
        if (!signal.aborted) await once(signal, "abort");
      },
    };
    server = serve({ token: CLUSTER, tokens, streamsPerCaller, events: events as Events });
    const url = await server.listen({ host: "127.0.0.1", port: 0 });
    const open = async (secret: string): Promise<Opened> => {
      const headers = { ...bearer(secret).headers, accept: "text/event-stream" };
      const asked = get(`${url}/v1/events`, { headers, agent: false });
      const [answer] = (await once(asked, "response")) as [IncomingMessage];
      const { statusCode: status = 0, headers: told } = answer;
      answer.on("error", () => undefined); // It is left.
      const closed = once(asked, "close");
      const problem = status === 200 ? undefined : await json(answer);
      return { status, after: told["retry-after"], problem, closed, leave: () => asked.destroy() };
    };
    return open;
  }

  it("are limited for each token, and those of others are not in the way", async () => {
    const open = await startFeed(2);
    const opened = [await open(secretOf("reader")), await open(secretOf("reader"))];

    const third = await open(secretOf("reader"));
    const others = [await open(secretOf("poster")), await open(CLUSTER), await open(CLUSTER)];

    expect(opened.map(({ status }) => status)).toEqual([200, 200]);
    expect([third.status, third.after]).toEqual([429, "1"]);
    expect(third.problem).toMatchObject({
      code: "BUSY",
      detail: "you have 2 streams of this agent open already",
      hint: expect.stringContaining("api.streamsPerCaller"),
    });
    expect(others.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await open(CLUSTER)).status).toBe(429);
    for (const { leave } of [...opened, ...others]) leave();
  });

  it("are cut off at once when their token is revoked, and those of others are not", async () => {
    const open = await startFeed(2);
    const [reader, cluster] = [await open(secretOf("reader")), await open(CLUSTER)];

    server?.replace({ token: CLUSTER, tokens: [] }, undefined);

    await reader.closed;
    expect(await Promise.race([cluster.closed, Promise.resolve("open")])).toBe("open");
    expect((await open(secretOf("reader"))).status).toBe(401);
    cluster.leave();
  });

  it("count no more once they are closed", async () => {
    const open = await startFeed(1);
    const first = await open(secretOf("reader"));
    expect((await open(secretOf("reader"))).status).toBe(429);

    first.leave();

    const second = await until(async () => {
      const again = await open(secretOf("reader"));
      return again.status === 200 && again;
    }, SOON);
    second.leave();
  });
});

describe("asking too often", () => {
  const address = outwardAddress();

  it.skipIf(address === undefined)(
    "is refused beyond the loopback, each token by itself",
    async () => {
      const { port } = new URL(await start("0.0.0.0"));
      const many = (host: string, id: string): Promise<readonly Answer[]> =>
        Promise.all(
          Array.from({ length: 150 }, () =>
            ask(`http://${host}:${port}/v1/jobs`, bearer(secretOf(id))),
          ),
        );

      const far = await many(address ?? "", "reader");
      const other = await ask(`http://${address}:${port}/v1/jobs`, bearer(CLUSTER));
      const near = await many("127.0.0.1", "reader");

      const busy = far.filter(({ status }) => status === 429);
      expect(busy).toHaveLength(50);
      expect(far.filter(({ status }) => status === 200)).toHaveLength(100);
      expect(busy[0]?.headers["retry-after"]).toBe("1");
      expect(other.status).toBe(200);
      expect(near.filter(({ status }) => status !== 200)).toEqual([]);
    },
  );
});
