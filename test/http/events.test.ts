import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient } from "../../cli/api/client.js";
import type { JobView, Problem } from "../../common/wire.js";
import type { EventsView, EventView } from "../../common/wire/events.js";
import type { StreamEvent } from "../../common/text/event-parser.js";
import { until } from "../../scripts/lab/until.js";
import { type Api, ask, START_MS, startApi } from "./api.js";

let api: Api;
let other: Api;
const dir = mkdtempSync(join(tmpdir(), "jobrunner-events-"));
const SOON = { withinMs: 10_000 };

beforeAll(async () => {
  api = await startApi(dir);
  other = await startApi(dir, "beta");
  const members = [api, other].map(({ url }, index) => {
    return { name: index === 0 ? "alpha" : "beta", url, state: "known" } as const;
  });
  api.members = members;
  other.members = members;
}, START_MS);
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

async function post(flow = "shapes", at = api): Promise<string> {
  const answer = await ask(`${at.url}/v1/jobs`, { method: "POST", body: { flow } });
  return (answer.json as JobView).id;
}

interface Followed extends AsyncDisposable {
  readonly events: readonly StreamEvent[];
  readonly ended: Promise<void>;
  types(): readonly string[];
  views(): readonly EventView[];
}

async function follow(path: string, { at = api, since }: { at?: Api; since?: string } = {}) {
  const stop = new AbortController();
  const client = await createClient({ via: at.url, env: {}, say: () => undefined });
  const options = { lastEventId: since, signal: stop.signal };
  const stream = await client.events(path, options);
  const events: StreamEvent[] = [];
  const ended = (async () => {
    try {
      for await (const event of stream) events.push(event);
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  })();
  const followed: Followed = {
    events,
    ended,
    types: () => events.map(({ event }) => event),
    views: () => events.map(({ data }) => JSON.parse(data) as EventView),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
  return followed;
}

const seen = (followed: Followed, type: string) =>
  until(() => followed.types().includes(type), { ...SOON, what: type });

describe("GET /v1/jobs/:id/events", () => {
  it("tells as a page what the journal says, with a cursor each", async () => {
    const id = await post();
    await ask(`${api.url}/v1/jobs/${id}/cancel`, { method: "POST", body: {} });

    const answer = await ask(`${api.url}/v1/jobs/${id}/events`);
    const { items, ended, nextCursor } = answer.json as EventsView;

    expect(items.map(({ type, cursor }) => [type, cursor])).toEqual([
      ["job.posted", "0.0"],
      ["job.owner", "1.0"],
      ["job.state", "1.1"],
      ["job.finished", "1.2"],
    ]);
    expect(items[2]).toMatchObject({ from: "WAITING", to: "CANCELLED", agent: "alpha", job: id });
    expect({ ended, nextCursor }).toEqual({ ended: true, nextCursor: "1.2" });
  });

  it("pages: each event once, and says where the end is", async () => {
    const id = await post();
    await ask(`${api.url}/v1/jobs/${id}/cancel`, { method: "POST", body: {} });
    const types: string[] = [];
    let [after, over] = ["", false];
    while (!over) {
      const query = after === "" ? "?limit=2" : `?limit=2&after=${after}`;
      const page = (await ask(`${api.url}/v1/jobs/${id}/events${query}`)).json as EventsView;
      types.push(...page.items.map(({ type }) => type));
      [after, over] = [page.nextCursor, page.ended === true];
    }

    expect(types).toEqual(["job.posted", "job.owner", "job.state", "job.finished"]);
  });

  it("streams what is there and what comes, and ends with the job", async () => {
    const id = await post();
    await using followed = await follow(`/v1/jobs/${id.slice(-8)}/events`);
    await seen(followed, "job.posted");
    await ask(`${api.url}/v1/jobs/${id}/cancel`, { method: "POST", body: {} });
    await followed.ended;

    expect(followed.types()).toEqual([
      ...["job.posted", "job.owner", "job.state", "job.finished", "end"],
    ]);
    expect(followed.views().at(-1)).toEqual({ state: "CANCELLED" });
  });

  it("goes on at another agent after any event, without a gap or a double", async () => {
    const id = await post();
    await ask(`${api.url}/v1/jobs/${id}/cancel`, { method: "POST", body: {} });
    const all = await follow(`/v1/jobs/${id}/events`);
    await all.ended;
    for (const [index, event] of all.events.slice(0, -1).entries()) {
      const rest = await follow(`/v1/jobs/${id}/events`, { at: other, since: event.id });
      await rest.ended;

      expect(rest.types()).toEqual(all.types().slice(index + 1));
    }
  });

  it("hears of what another agent wrote without waiting for its next look", async () => {
    const id = await post();
    await using followed = await follow(`/v1/jobs/${id}/events`);
    await seen(followed, "job.posted");
    const began = performance.now();
    await ask(`${other.url}/v1/jobs/${id}/cancel`, { method: "POST", body: {} });
    await followed.ended;

    expect(performance.now() - began).toBeLessThan(900);
  });

  it("answers 404 for a job that is not there, and 400 for a bad place", async () => {
    const missing = await ask(`${api.url}/v1/jobs/01980000-0000-7000-8000-000000000000/events`, {
      headers: { accept: "text/event-stream" },
    });
    const bad = await ask(`${api.url}/v1/jobs/${await post()}/events`, {
      headers: { "last-event-id": "a~b.1" },
    });

    expect([missing.status, bad.status]).toEqual([404, 400]);
    expect((bad.json as Problem).errors?.[0]?.pointer).toBe("/after");
  });
});

describe("GET /v1/events", () => {
  it("tells of all agents, each event once", async () => {
    await using followed = await follow("/v1/events");
    await seen(followed, "cursor");
    const [here, there] = [await post(), await post("shapes", other)];
    await until(
      () => followed.views().filter(({ type }) => type === "job.posted").length === 2,
      SOON,
    );

    const posted = followed.views().filter(({ type }) => type === "job.posted");
    expect(new Set(posted.map(({ job, agent }) => `${job} ${agent}`))).toEqual(
      new Set([`${here} alpha`, `${there} beta`]),
    );
  });

  it("goes on at another agent with what happened meanwhile on both", async () => {
    const first = await follow("/v1/events");
    await post();
    await post("shapes", other);
    const two = () => first.types().filter((type) => type === "job.posted").length === 2;
    await until(two, SOON);
    await first[Symbol.asyncDispose]();
    const missed = [await post("shapes", other), await post(), await post("shapes", other)];
    await using second = await follow("/v1/events", {
      at: other,
      since: first.events.at(-1)?.id ?? "",
    });
    await seen(second, "cursor");

    expect(second.views().flatMap(({ type, job }) => (type === "job.posted" ? [job] : []))).toEqual(
      missed,
    );
    expect(second.types()).not.toContain("reset");
  });

  it(
    "asks the others for what a reader missed before anybody followed here",
    async () => {
      const gamma = await startApi(dir, "gamma");
      gamma.members = [...api.members, { name: "gamma", url: gamma.url, state: "known" }];
      try {
        const page = await ask(`${api.url}/v1/events?scope=self&limit=1`);
        const since = (page.json as EventsView).nextCursor;
        const missed = [await post(), await post()];
        await using followed = await follow("/v1/events?types=job.posted", { at: gamma, since });
        await seen(followed, "cursor");

        const ofAlpha = followed.views().filter(({ agent }) => agent === "alpha");
        expect(ofAlpha.map(({ job }) => job)).toEqual(missed);
      } finally {
        await gamma[Symbol.asyncDispose]();
      }
    },
    START_MS,
  );

  it("wants only what it is asked for", async () => {
    const id = await post();
    await using followed = await follow(`/v1/events?job=${id.slice(-10)}&types=job.*`);
    await seen(followed, "cursor");
    await post();
    await ask(`${other.url}/v1/jobs/${id}/cancel`, { method: "POST", body: {} });
    await seen(followed, "job.finished");

    expect(followed.types()).toEqual(["cursor", "job.state", "job.finished"]);
  });

  it("says reset for an agent that is gone", async () => {
    const since = "gone~0a1b2c.5";
    await using followed = await follow("/v1/events", { since });
    await seen(followed, "cursor");

    expect(followed.events[0]).toMatchObject({ event: "reset" });
    expect(followed.views()[0]).toMatchObject({ agent: "gone" });
  });

  it("tells as a page what the asked agent remembers of itself", async () => {
    const id = await post();
    const page = (after: string) =>
      ask(`${api.url}/v1/events?scope=self${after}`, { headers: { accept: "application/json" } });
    const newest = (await page("&limit=1")).json as EventsView;
    const reset = (await page("&after=alpha~nobody.1")).json as EventsView;

    expect(newest.items).toMatchObject([{ type: "job.posted", job: id }]);
    expect((await page(`&after=${newest.nextCursor}`)).json).toMatchObject({ items: [] });
    expect(reset.items.length).toBeGreaterThan(0);
  });

  it("chooses on a page as in a stream, and goes on behind what was not wanted", async () => {
    const [one, two] = [await post(), await post()];
    await ask(`${api.url}/v1/jobs/${one}/cancel`, { method: "POST", body: {} });
    const page = async (query: string) => {
      const path = `/v1/events?scope=self&types=job.posted,job.finished${query}`;
      return (await ask(api.url + path)).json as EventsView;
    };
    const of = ({ items }: EventsView) => items.map(({ type, job }) => [type, job]);
    const all = [
      ["job.posted", one],
      ["job.posted", two],
      ["job.finished", one],
    ];

    expect(of(await page("&limit=3"))).toEqual(all);
    expect(of(await page(`&job=${one}`))).toEqual([all[0], all[2]]);
    const [before] = (await page("&limit=4")).items;
    const first = await page(`&limit=2&after=${before?.cursor}`);
    expect(of(first)).toEqual(all.slice(0, 2));
    const rest = await page(`&limit=2&after=${first.nextCursor}`);
    expect(of(rest)).toEqual(all.slice(2));
    expect(of(await page(`&after=${rest.nextCursor}`))).toEqual([]);
  });

  it.each(["types=job.stat", "types=nothing", "after=x", "scope=all"])(
    "refuses %s",
    async (query) => {
      const answer = await ask(`${api.url}/v1/events?${query}`);

      expect(answer.status).toBe(400);
    },
  );

  it("drops a reader that does not read, and keeps the others from nothing", async () => {
    await using followed = await follow("/v1/events?types=flow.error");
    await seen(followed, "cursor");
    const before = api.events.followers;
    const stuck = connect(Number(new URL(api.url).port), "127.0.0.1", () => {
      stuck.write("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    });
    stuck.pause();
    stuck.on("error", () => undefined); // It is dropped.
    await until(() => api.events.followers === before + 1, SOON);
    let told = 0;
    const isDropped = async (): Promise<boolean> => {
      // More than what lies between the two takes, in pieces that the other reads.
      for (let n = 0; n < 50; n += 1) {
        api.events.tell({ type: "flow.error", reason: `${told} ${"x".repeat(4_000)}` });
        told += 1;
      }
      await until(() => followed.events.length > told, SOON);
      return api.events.followers === before;
    };
    await until(isDropped, { withinMs: 30_000 });
    stuck.destroy();

    const numbers = followed.views().flatMap(({ reason }) => reason?.split(" ")[0] ?? []);
    expect(numbers).toEqual(Array.from({ length: told }, (_, n) => String(n)));
  }, 40_000);

  it("tells of an agent that does not answer", async () => {
    const silent = { name: "silent", url: "http://127.0.0.1:9", state: "known" } as const;
    api.members = [...api.members, silent];
    try {
      await using followed = await follow("/v1/events");
      await seen(followed, "agent.unreachable");

      expect(followed.views().find(({ type }) => type === "agent.unreachable")).toMatchObject({
        ...{ agent: "silent", observer: "alpha" },
      });
    } finally {
      api.members = api.members.filter((member) => member !== silent);
    }
  });
});
