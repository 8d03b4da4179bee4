import { connect, type Socket } from "node:net";
import os from "node:os";
import pino from "pino";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createHttp, type HttpOptions } from "../../agent/http/server.js";
import { LIMITS } from "../../agent/http/limits.js";
import type { Clock } from "../../common/clock.js";
import { JobrunnerError } from "../../common/error.js";
import type { JobDetailView, JobView, Problem } from "../../common/wire.js";
import type { Persistence } from "../../persistence/persistence.js";
import { until } from "../../scripts/lab/until.js";
import { ask } from "./api.js";
import { apisForFile } from "./apis.js";
import { UNASKED } from "./unasked.js";

const [api] = apisForFile("alpha");
afterEach(() => {
  Object.assign(api.faults, { persistence: {}, board: {}, clock: {}, runners: {} });
});

const SHAPES = { method: "POST", body: { flow: "shapes" } } as const;

const down = (code: "BOARD_DOWN" | "PERSISTENCE_DOWN") => () =>
  Promise.reject(new JobrunnerError(code, "it does not answer", { retryable: true }));

describe("an agent whose board is down", () => {
  it("stores the job, answers 201 and wakes the sweep", async () => {
    api.faults.board = { put: down("BOARD_DOWN") };
    const answer = await ask(`${api.url}/v1/jobs`, SHAPES);

    expect(answer.status).toBe(201);
    const { id } = answer.json as JobView;
    expect((await api.persistence.job(id))?.state).toBe("WAITING");
    expect(api.putFailures()).toBe(1);
    expect(api.log.join("\n")).toContain(id);
  });
});

describe("an agent whose runner dies of another job", () => {
  const died = new JobrunnerError("RUNNER_DIED", "it ended", { retryable: true });

  it("asks the next runner, and the poster notices nothing", async () => {
    api.faults.runners = {
      prepare: () => {
        api.faults.runners = {};
        return Promise.reject(died);
      },
    };

    expect((await ask(`${api.url}/v1/jobs`, SHAPES)).status).toBe(201);
  });

  it("says so when the next one dies too", async () => {
    api.faults.runners = { prepare: () => Promise.reject(died) };

    const answer = await ask(`${api.url}/v1/jobs`, SHAPES);
    expect(answer.status).toBe(503);
    expect((answer.json as Problem).code).toBe("RUNNER_DIED");
  });
});

describe("an agent whose persistence is down", () => {
  it("answers 503, to be asked again", async () => {
    api.faults.persistence = { post: down("PERSISTENCE_DOWN"), jobs: down("PERSISTENCE_DOWN") };
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
    api.faults.persistence = { jobs: () => Promise.reject(new Error("secret in /home/someone")) };
    const answer = await ask(`${api.url}/v1/jobs`);

    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/secret|at /);
    expect(api.log.join("\n")).toContain("secret in /home/someone");
  });
});

describe("too many posts at the same time", () => {
  it("are answered 429 beyond the limit, and none is stored twice or lost", async () => {
    const before = await count();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const post: Persistence["post"] = async (job) => {
      await gate;
      return api.persistence.post(job);
    };
    api.faults.persistence = { post };
    let refused = 0;
    const answers = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const answer = await ask(`${api.url}/v1/jobs`, SHAPES);
        if (answer.status === 429) refused += 1;
        if (refused === 300 - 256) release(); // All others are inside.
        return answer;
      }),
    );

    const busy = answers.filter(({ status }) => status === 429);
    expect(busy).toHaveLength(44);
    expect(busy[0]?.headers["retry-after"]).toBe("1");
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(256);
    expect((await count()) - before).toBe(256);
  }, 30_000);
});

async function count(): Promise<number> {
  return (await api.persistence.jobs({}, 500)).jobs.length;
}

describe("waiting for a job", () => {
  /** Counts the looks for the end of a job; pauses between two of them end by a signal only. */
  function watchLooks(): () => number {
    let looks = 0;
    const startable: Persistence["startable"] = (ids) => {
      looks += 1;
      return api.persistence.startable(ids);
    };
    const sleep: Clock["sleep"] = (_ms, signal) =>
      new Promise((resolve) => signal?.addEventListener("abort", () => resolve()));
    api.faults.persistence = { startable };
    api.faults.clock = { sleep };
    return () => looks;
  }

  it("ends when this agent says that it is done with it", async () => {
    const looks = watchLooks();
    const { id } = (await ask(`${api.url}/v1/jobs`, SHAPES)).json as JobView;
    const waiting = ask(`${api.url}/v1/jobs/${id}?wait=60s`);
    await until(() => looks() === 1, { withinMs: 5000 });
    await api.persistence.cancel(id, { owner: "o.1", agent: "alpha", machine: "m" }, true);
    api.jobs.wake(id);

    expect(((await waiting).json as JobDetailView).state).toBe("CANCELLED");
    expect(looks()).toBe(2);
  });

  it("is over when the asker has gone", async () => {
    const looks = watchLooks();
    const { id } = (await ask(`${api.url}/v1/jobs`, SHAPES)).json as JobView;
    const socket = await open(api.url);
    socket.write(`GET /v1/jobs/${id}?wait=60s HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await until(() => looks() === 1, { withinMs: 5000 });
    socket.destroy();
    await until(() => looks() === 2, { withinMs: 5000 }); // The last look, after the signal.
    api.jobs.wake(id);
    await ask(`${api.url}/livez`);

    expect(looks()).toBe(2);
  });

  it("does not hold up the server's end, and answers what is known", async () => {
    const looks = watchLooks();
    const { id } = (await ask(`${api.url}/v1/jobs`, SHAPES)).json as JobView;
    const { jobs, health } = { jobs: api.jobs, health: async () => api.health };
    const server = createHttp({
      ...{ ...UNASKED, jobs, health },
      log: pino({ level: "silent" }),
    });
    const url = await server.listen({ host: "127.0.0.1", port: 0 });
    const waiting = ask(`${url}/v1/jobs/${id}?wait=60s`);
    await until(() => looks() === 1, { withinMs: 5000 });
    await server.close();

    expect(((await waiting).json as JobDetailView).state).toBe("WAITING");
  });
});

/** A server without anything behind it. */
const http = (timeouts?: HttpOptions["timeouts"]) =>
  createHttp({
    jobs: {} as never,
    ...UNASKED,
    log: pino({ level: "silent" }),
    health: () => Promise.reject(new Error("not asked here")),
    ...(timeouts === undefined ? {} : { timeouts }),
  });

describe("listening", () => {
  it.each(["0.0.0.0", "::", "192.168.1.4", "example.org"])("is refused on %s", async (host) => {
    await expect(http().listen({ host, port: 0 })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("listens where the system hides the machine's addresses, as Android does", async () => {
    const hidden = vi.spyOn(os, "networkInterfaces").mockImplementation(() => {
      throw new Error("uv_interface_addresses returned Unknown system error 13");
    });
    onTestFinished(() => hidden.mockRestore());
    const server = createHttp({
      ...{ ...UNASKED, jobs: {} as never, token: "a-token-of-this-test" },
      ...{ log: pino({ level: "silent" }), health: async () => api.health },
    });
    onTestFinished(() => server.close());

    const url = await server.listen({ host: "0.0.0.0", port: 0 });

    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
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
    const server = http();
    const url = await server.listen({ host: "127.0.0.1", port: 0 });
    const kept = await open(url);
    const sockets = await openMany(url, LIMITS.connections - 1);
    const refused = await open(url);
    await new Promise((resolve) => refused.once("close", resolve));
    const answer = once(kept, "data");
    kept.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");

    expect(String(await answer)).toMatch(/^HTTP\/1\.1 200 /);
    for (const socket of [kept, ...sockets]) socket.destroy();
    await server.close();
  });
});

function open(url: string): Promise<Socket> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => resolve(socket));
    socket.on("error", reject);
  });
}

/** Few at a time: the queue of those that are not accepted yet is short. */
async function openMany(url: string, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const length = Math.min(100, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length }, () => open(url)))));
  }
  return sockets;
}

function once(socket: Socket, event: "data"): Promise<Buffer> {
  return new Promise((resolve) => socket.once(event, resolve));
}
