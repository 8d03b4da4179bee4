import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterAll, describe, expect, it } from "vitest";
import { createHttp, type HttpOptions } from "../../agent/http/server.js";
import type { JobBoard } from "../../boards/board.js";
import { JobrunnerError } from "../../common/error.js";
import type { JobDetailView, JobView, Problem } from "../../common/wire.js";
import type { Persistence } from "../../persistence/persistence.js";
import { until } from "../../scripts/lab/until.js";
import { type Api, type ApiOptions, ask, startApi } from "./api.js";

const dirs: string[] = [];
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

function start(options: Omit<ApiOptions, "dir"> = {}): Promise<Api> {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-http-"));
  dirs.push(dir);
  return startApi({ dir, ...options });
}

const SHAPES = { method: "POST", body: { flow: "shapes" } } as const;

/** The same object with some methods replaced. */
function changed<T extends object>(object: T, changes: Partial<T>): T {
  return new Proxy(object, {
    get(target, name: keyof T & string) {
      const value: unknown = changes[name] ?? target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const down = (code: "BOARD_DOWN" | "PERSISTENCE_DOWN") => () =>
  Promise.reject(new JobrunnerError(code, "it does not answer", { retryable: true }));

describe("an agent whose board is down", () => {
  it("stores the job, answers 201 and wakes the sweep", async () => {
    const board = (real: JobBoard): JobBoard => changed(real, { put: down("BOARD_DOWN") });
    await using api = await start({ board });
    const answer = await ask(`${api.url}/v1/jobs`, SHAPES);

    expect(answer.status).toBe(201);
    const { id } = answer.json as JobView;
    expect((await api.persistence.job(id))?.state).toBe("WAITING");
    expect(api.putFailures()).toBe(1);
    expect(api.log.join("\n")).toContain(id);
  });
});

describe("an agent whose persistence is down", () => {
  it("answers 503, to be asked again", async () => {
    const persistence = (real: Persistence): Persistence =>
      changed(real, { post: down("PERSISTENCE_DOWN"), jobs: down("PERSISTENCE_DOWN") });
    await using api = await start({ persistence });
    const answers = [await ask(`${api.url}/v1/jobs`, SHAPES), await ask(`${api.url}/v1/jobs`)];

    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect(answer.headers["retry-after"]).toBe("1");
      expect((answer.json as Problem).code).toBe("PERSISTENCE_DOWN");
    }
  });
});

describe("a defect", () => {
  it("is told to the log, not to the asker", async () => {
    const persistence = (real: Persistence): Persistence =>
      changed(real, { jobs: () => Promise.reject(new Error("secret in /home/someone")) });
    await using api = await start({ persistence });
    const answer = await ask(`${api.url}/v1/jobs`);

    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/secret|at /);
    expect(api.log.join("\n")).toContain("secret in /home/someone");
  });
});

describe("too many posts at the same time", () => {
  it("are answered 429 beyond the limit, and none is stored twice or lost", async () => {
    await using api = await start();
    const answers = await Promise.all(
      Array.from({ length: 300 }, () => ask(`${api.url}/v1/jobs`, SHAPES)),
    );

    const created = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status }) => status === 429);
    expect(created.length + refused.length).toBe(300);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers["retry-after"]).toBe("1");
    expect((await api.persistence.jobs({}, 500)).jobs).toHaveLength(created.length);
  });
});

/** An agent that counts how often it looks whether a job is over. */
async function startCounting(): Promise<{ readonly api: Api; readonly looks: () => number }> {
  let looks = 0;
  const persistence = (real: Persistence): Persistence =>
    changed(real, {
      startable: (ids) => {
        looks += 1;
        return real.startable(ids);
      },
    });
  return { api: await start({ persistence }), looks: () => looks };
}

describe("waiting for a job", () => {
  it("ends at once when this agent says that it is done with it", async () => {
    const { api: started, looks } = await startCounting();
    await using api = started;
    const { id } = (await ask(`${api.url}/v1/jobs`, SHAPES)).json as JobView;
    const waiting = ask(`${api.url}/v1/jobs/${id}?wait=30s`);
    // By the fifth look the pause is well above the bound that is checked below.
    await until(() => looks() >= 5, { withinMs: 8000 });
    await api.persistence.cancel(id, { owner: "o.1", agent: "alpha", machine: "m" }, true);
    const told = performance.now();
    api.jobs.wake(id);

    expect(((await waiting).json as JobDetailView).state).toBe("CANCELLED");
    expect(performance.now() - told).toBeLessThan(250);
  });

  it("does not hold up the server's end, and answers what is known", async () => {
    const { api, looks } = await startCounting();
    const { id } = (await ask(`${api.url}/v1/jobs`, SHAPES)).json as JobView;
    const waiting = ask(`${api.url}/v1/jobs/${id}?wait=30s`);
    await until(() => looks() > 0, { withinMs: 5000 });
    const since = performance.now();
    await api[Symbol.asyncDispose]();

    expect((await waiting).status).toBe(200);
    expect(performance.now() - since).toBeLessThan(5000);
  });

  it("looks no more once the asker has gone", async () => {
    const { api: started, looks } = await startCounting();
    await using api = started;
    const { id } = (await ask(`${api.url}/v1/jobs`, SHAPES)).json as JobView;
    const socket = await open(api.url);
    socket.write(`GET /v1/jobs/${id}?wait=30s HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await until(() => looks() > 0, { withinMs: 5000 });
    socket.destroy();
    await until(
      async () => {
        const before = looks();
        api.jobs.wake(id);
        await ask(`${api.url}/livez`);
        return looks() === before;
      },
      { withinMs: 5000 },
    );

    expect(looks()).toBeGreaterThan(0);
  });
});

/** A server without anything behind it. */
const http = (timeouts?: HttpOptions["timeouts"]) =>
  createHttp({
    jobs: {} as never,
    agent: "alpha",
    log: pino({ level: "silent" }),
    health: () => Promise.reject(new Error("not asked here")),
    ...(timeouts === undefined ? {} : { timeouts }),
  });

describe("listening", () => {
  it.each(["0.0.0.0", "::", "192.168.1.4", "example.org"])("is refused on %s", async (host) => {
    await expect(http().listen({ host, port: 0 })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("says which address is in use", async () => {
    const first = http();
    const { port } = new URL(await first.listen({ host: "127.0.0.1", port: 0 }));

    await expect(http().listen({ host: "127.0.0.1", port: Number(port) })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(port),
    });
    await first.close();
  });

  it("works on the loopback address of IPv6", async () => {
    const server = http();
    const url = await server.listen({ host: "[::1]", port: 0 });

    expect((await ask(`${url}/livez`)).status).toBe(200);
    await server.close();
  });
});

const JSON_OF_9 = "Content-Type: application/json\r\nContent-Length: 9";

describe("slow and idle clients", () => {
  it.each([
    ["a body", `POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\n${JSON_OF_9}\r\n\r\n{`],
    ["headers", "GET /livez HTTP/1.1\r\nHost: loc"],
  ])("are told 408 when %s does not come in time", async (_what, start) => {
    const server = http({ headersMs: 200, requestMs: 300, checkEveryMs: 50 });
    const socket = await open(await server.listen({ host: "127.0.0.1", port: 0 }));
    const answer = once(socket, "data");
    socket.write(start);

    expect(String(await answer)).toMatch(/^HTTP\/1\.1 408 [^]*problem\+json[^]*in time/);
    socket.destroy();
    await server.close();
  });

  it("refuses the connection above the limit and still answers those it has", async () => {
    await using api = await start();
    const kept = await open(api.url);
    const sockets = await Promise.all(Array.from({ length: 999 }, () => open(api.url)));
    const refused = await open(api.url);
    await new Promise((resolve) => refused.once("close", resolve));
    const answer = once(kept, "data");
    kept.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");

    expect(String(await answer)).toMatch(/^HTTP\/1\.1 200 /);
    for (const socket of [kept, ...sockets]) socket.destroy();
  });
});

function open(url: string): Promise<Socket> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => resolve(socket));
    socket.on("error", reject);
  });
}

function once(socket: Socket, event: "data"): Promise<Buffer> {
  return new Promise((resolve) => socket.once(event, resolve));
}
