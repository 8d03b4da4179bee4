import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "../../cli/api/client.js";
import type { StreamEvent } from "../../cli/api/event-stream.js";
import { resumedEvents } from "../../cli/api/resumed-events.js";
import { JobrunnerError } from "../../common/error.js";
import type { Said } from "../../common/log.js";
import type { JobView, Problem } from "../../common/wire.js";
import type { LogLineView, LogsView } from "../../common/wire/logs.js";
import { until } from "../../scripts/lab/until.js";
import { appended, appendOf, BOARD, ENDED, owned } from "../contracts/samples.js";
import { type Api, ask, START_MS, startApi } from "./api.js";

let api: Api;
const dir = mkdtempSync(join(tmpdir(), "jobrunner-http-"));
const SOON = { withinMs: 5_000 };

beforeAll(async () => {
  api = await startApi(dir);
  await api.persistence.setBoardId(undefined, BOARD);
}, START_MS);
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});
afterEach(() => {
  api.faults.persistence = {};
});

async function post(): Promise<string> {
  const answer = await ask(`${api.url}/v1/jobs`, { method: "POST", body: { flow: "shapes" } });
  return (answer.json as JobView).id;
}

/** Writes lines as an owner of this agent does; `atom: text` each. */
async function write(job: string, token: number, ...lines: readonly string[]): Promise<void> {
  const log = api.logs.book.begin(job, token);
  for (const line of lines) log.add(saidOf(line));
  await log.flush();
}

function saidOf(line: string): Said {
  const [atom = "", text = ""] = line.split(": ");
  return { atom, phase: "execute", stream: "log", text };
}

async function page(job: string, query = ""): Promise<LogsView> {
  const answer = await ask(`${api.url}/v1/jobs/${job}/logs${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.json as LogsView;
}

const textsOf = ({ items }: LogsView): readonly string[] => items.map(({ text }) => text);

/** The job's log as the command line follows it, gathered as it comes. */
function follow(job: string, query = "", signal?: AbortSignal) {
  const events: StreamEvent[] = [];
  const done = (async () => {
    const client = await createClient({ via: api.url, env: {}, say: () => undefined });
    const path = `/v1/jobs/${job}/logs?follow=true${query}`;
    for await (const event of resumedEvents(path, { client, say: () => undefined, signal })) {
      events.push(event);
    }
  })();
  done.catch(() => undefined); // Whoever waits for it is told.
  const texts = (): readonly string[] =>
    events
      .filter(({ event }) => event === "line")
      .map(({ data }) => (JSON.parse(data) as LogLineView).text);
  return { events, texts, done };
}

/** Its owner writes its end. */
async function end(job: string): Promise<void> {
  const owner = await owned(api.persistence, job);
  await appended(api.persistence, appendOf(owner, 1, { changes: ENDED, state: "SUCCESS" }));
}

describe("GET /v1/jobs/:id/logs", () => {
  it("tells every line with who wrote it, when and where", async () => {
    const job = await post();
    await write(job, 1, "A: one", "B: two");

    const { items } = await page(job);

    expect(items).toMatchObject([
      { id: "1.1", token: 1, n: 1, agent: "alpha", atom: "A", phase: "execute", text: "one" },
      { id: "1.2", token: 1, n: 2, agent: "alpha", atom: "B", stream: "log", text: "two" },
    ]);
    expect(Math.abs(Date.parse(items[0]?.at ?? "") - Date.now())).toBeLessThan(60_000);
  });

  it("tells of one atom, of the last lines, and of those since a time", async () => {
    const job = await post();
    await write(job, 1, "A: 1", "B: 2", "A: 3");
    await new Promise((resolve) => setTimeout(resolve, 5));
    const between = new Date().toISOString();
    await write(job, 2, "A: 4", "B: 5");

    expect(textsOf(await page(job, "?atom=A"))).toEqual(["1", "3", "4"]);
    expect(textsOf(await page(job, "?tail=2"))).toEqual(["4", "5"]);
    expect(textsOf(await page(job, "?tail=2&atom=A"))).toEqual(["3", "4"]);
    expect(textsOf(await page(job, "?tail=0"))).toEqual([]);
    expect(textsOf(await page(job, "?tail=99"))).toHaveLength(5);
    expect(textsOf(await page(job, `?since=${between}`))).toEqual(["4", "5"]);
    expect(textsOf(await page(job, `?since=${between}&tail=1`))).toEqual(["5"]);
  });

  it("tells of the lines since a time although older ones were stored behind them", async () => {
    const job = await post();
    const chunk = { job, n: 1, agent: "beta" };
    const at = Date.parse("2026-01-01T00:00:00Z");
    const lines = [60_000, 120_000, 1_000].map((ms) => [{ ...saidOf(`A: ${ms}`), at: at + ms }]);
    await api.persistence.addLogs(
      lines.map((each, index) => ({ ...chunk, token: [1, 3, 2][index] ?? 0, lines: each })),
    );

    const since = new Date(at + 90_000).toISOString();
    expect(textsOf(await page(job, `?since=${since}`))).toEqual(["120000", "1000"]);
    expect(textsOf(await page(job, `?since=${since}&tail=5`))).toEqual(["120000", "1000"]);
  });

  it("goes page by page, within chunks and across ownerships", async () => {
    const job = await post();
    await write(job, 1, "A: 1", "A: 2", "A: 3");
    await write(job, 2, "A: 4", "A: 5");

    const texts: string[] = [];
    const pages: number[] = [];
    for (let query = "?limit=2"; ;) {
      const { items, nextCursor } = await page(job, query);
      texts.push(...items.map(({ text }) => text));
      pages.push(items.length);
      if (nextCursor === undefined) break;
      query = `?limit=2&cursor=${nextCursor}`;
    }

    expect(texts).toEqual(["1", "2", "3", "4", "5"]);
    expect(pages).toEqual([2, 2, 1]);
    const { headers } = await ask(`${api.url}/v1/jobs/${job}/logs?limit=2&atom=A`);
    expect(headers.link).toBe(`</v1/jobs/${job}/logs?atom=A&limit=2&cursor=1.2>; rel="next"`);
  });

  it("reads a log of thousands of chunks from either end", async () => {
    const job = await post();
    const line = { ...saidOf("A: x"), at: 1 };
    const chunks = Array.from({ length: 250 }, (_, index) => {
      return { job, token: 1, n: index + 1, agent: "beta", lines: [{ ...line, at: index }] };
    });
    await api.persistence.addLogs(chunks);

    expect((await page(job)).items).toHaveLength(250);
    expect((await page(job, "?tail=220")).items.map(({ n }) => n)[0]).toBe(31);
  });

  it.each(["cursor=1", "tail=-1", "tail=x", "limit=0", "follow=yes", "since=noon", "more=1"])(
    "refuses %s",
    async (query) => {
      const answer = await ask(`${api.url}/v1/jobs/${await post()}/logs?${query}`);

      expect(answer.status).toBe(400);
      expect((answer.json as Problem).errors?.[0]?.pointer).toBe(`/${query.split("=")[0] ?? ""}`);
    },
  );

  it.each(["", "?follow=true"])("answers 404 for a job that is not there (%s)", async (query) => {
    const id = "00000000-0000-7000-8000-000000000000";
    expect((await ask(`${api.url}/v1/jobs/${id}/logs${query}`)).status).toBe(404);
  });
});

describe("GET /v1/jobs/:id/logs?follow=true", () => {
  it("sends what is there, what comes, and the end", async () => {
    const job = await post();
    await write(job, 1, "A: 1", "A: 2");
    const followed = follow(job);
    await until(() => followed.texts().length === 2, SOON);

    await write(job, 2, "A: 3");
    await until(() => followed.texts().length === 3, SOON);
    await end(job);
    await followed.done;

    expect(followed.events.map(({ event, id }) => `${event} ${id}`)).toEqual([
      ...["begin 0.0", "line 1.1", "line 1.2", "line 2.1", "end 2.1"],
    ]);
    expect(followed.events.at(-1)?.data).toBe('{"state":"SUCCESS"}');
  });

  it("sends what an earlier owner stores late, also to a reader that came back", async () => {
    const job = await post();
    const old = api.logs.book.begin(job, 1);
    old.add(saidOf("A: 1"));
    await old.flush();
    const stop = new AbortController();
    const first = follow(job, "", stop.signal);
    await write(job, 3, "A: 2");
    await until(() => first.texts().length === 2, SOON);

    old.add(saidOf("A: late"));
    await old.flush();
    await until(() => first.texts().length === 3, SOON);
    const cursor = first.events.at(-2)?.id ?? "";
    stop.abort(new Error("enough"));
    await Promise.allSettled([first.done]);
    const second = follow(job, `&cursor=${cursor}`);
    await end(job);
    await second.done;

    expect(first.texts()).toEqual(["1", "2", "late"]);
    expect(second.texts()).toEqual(["late"]);
    expect(textsOf(await page(job, `?cursor=${cursor}`))).toEqual(["late"]);
  });

  it("begins where it is told, and knows the place before the first line", async () => {
    const job = await post();
    await write(job, 1, "A: 1", "A: 2", "B: 3");
    const stop = new AbortController();
    const followed = follow(job, "&tail=0&atom=A", stop.signal);
    await until(() => followed.events.length === 1, SOON);
    expect(followed.events[0]).toMatchObject({ event: "begin", id: "1.2" });

    await write(job, 2, "B: 4", "A: 5");
    await until(() => followed.texts().length === 1, SOON);
    stop.abort(new Error("enough"));

    await expect(followed.done).rejects.toThrow("enough");
    expect(followed.texts()).toEqual(["5"]);
  });

  it("looks once for all who follow a job, and not at all when nobody does", async () => {
    const job = await post();
    await write(job, 1, "A: 1");
    let looks = 0;
    api.faults.persistence = {
      logs: (id, range) => {
        if (id === job && "after" in range && range.limit > 1) looks += 1;
        return api.persistence.logs(id, range);
      },
    };
    const stops = Array.from({ length: 20 }, () => new AbortController());
    const all = stops.map(({ signal }) => follow(job, "", signal));
    await until(() => all.every(({ events }) => events.length === 2), SOON);
    const begun = looks;

    await write(job, 2, "A: 2");
    await until(() => all.every(({ events }) => events.length === 3), SOON);
    expect(looks - begun).toBeLessThan(20);

    for (const stop of stops) stop.abort(new Error("enough"));
    await Promise.allSettled(all.map(({ done }) => done));
    await until(async () => {
      const before = looks;
      await new Promise((resolve) => setTimeout(resolve, 900));
      return looks === before;
    }, SOON);
  });

  it("gives a reader that is far behind every line, in order and once", async () => {
    const job = await post();
    const stop = new AbortController();
    const early = follow(job, "", stop.signal);
    await until(() => early.events.length === 1, SOON);
    const text = "x".repeat(3_000);
    for (let round = 1; round <= 3; round += 1) {
      await write(job, round, ...Array.from({ length: 80 }, (_, n) => `A: ${n} ${text}`));
    }
    const late = follow(job, "", stop.signal);

    for (const { events, texts } of [early, late]) {
      await until(() => texts().length === 240, SOON);
      const lines = events.filter(({ event }) => event === "line");
      const ids = lines.map(({ data }) => {
        const { token, n } = JSON.parse(data) as LogLineView;
        return `${token}.${n}`;
      });
      expect(ids).toEqual(
        [1, 2, 3].flatMap((token) => Array.from({ length: 80 }, (_, n) => `${token}.${n + 1}`)),
      );
    }
    stop.abort(new Error("enough"));
    await Promise.allSettled([early.done, late.done]);
  });

  it("outlives an outage of persistence", async () => {
    const job = await post();
    await write(job, 1, "A: 1");
    const followed = follow(job);
    await until(() => followed.texts().length === 1, SOON);

    let refused = 0;
    const down = (): Promise<never> => {
      refused += 1;
      return Promise.reject(new JobrunnerError("PERSISTENCE_DOWN", "away", { retryable: true }));
    };
    api.faults.persistence = { logs: down, addLogs: down };
    const writing = api.logs.book.begin(job, 2);
    writing.add(saidOf("A: 2"));
    await until(() => refused > 3, SOON);
    api.faults.persistence = {};
    await until(() => followed.texts().length === 2, { withinMs: 8_000 });
    await end(job);
    await followed.done;

    expect(followed.texts()).toEqual(["1", "2"]);
  });

  it("ends at once for a job that is over, and is gone with it", async () => {
    const job = await post();
    await end(job);
    await write(job, 2, "A: late");
    const followed = follow(job);
    await followed.done;
    expect(followed.events.map(({ event }) => event)).toEqual(["begin", "line", "end"]);

    await api.persistence.purge({ ageMs: 1e12, jobs: 0, bytes: 1e12 });
    expect((await ask(`${api.url}/v1/jobs/${job}/logs`)).status).toBe(404);
  });
});
