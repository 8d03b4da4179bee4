import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../cli/clock.js";
import type { EventsView } from "../../common/wire/events.js";
import { until } from "../../scripts/lab/until.js";
import { ask, START_MS, startApi } from "./api.js";
import { apisForFile } from "./apis.js";
import { cancel, follow, post, seen, SOON } from "./following.js";

const [api, other] = apisForFile("alpha", "beta");

describe("GET /v1/events", () => {
  it("tells of all agents, each event once", async () => {
    await using followed = await follow(api, "/v1/events");
    await seen(followed, "cursor");
    const [here, there] = [await post(api), await post(other)];
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
    const first = await follow(api, "/v1/events");
    await post(api);
    await post(other);
    const two = () => first.types().filter((type) => type === "job.posted").length === 2;
    await until(two, SOON);
    await first[Symbol.asyncDispose]();
    const missed = [await post(other), await post(api), await post(other)];
    await using second = await follow(other, "/v1/events", first.events.at(-1)?.id);
    await seen(second, "cursor");

    expect(second.views().flatMap(({ type, job }) => (type === "job.posted" ? [job] : []))).toEqual(
      missed,
    );
    expect(second.types()).not.toContain("reset");
  });

  it(
    "asks the others for what a reader missed before anybody followed here",
    async () => {
      const gamma = await startApi(api.dir, "gamma");
      gamma.members = [...api.members, { name: "gamma", url: gamma.url, state: "known" }];
      try {
        const page = await ask(`${api.url}/v1/events?scope=self&limit=1`);
        const since = (page.json as EventsView).nextCursor;
        const missed = [await post(api), await post(api)];
        await using followed = await follow(gamma, "/v1/events?types=job.posted", since);
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
    const id = await post(api);
    await using followed = await follow(api, `/v1/events?job=${id.slice(-10)}&types=job.*`);
    await seen(followed, "cursor");
    await post(api);
    await cancel(other, id);
    await seen(followed, "job.finished");

    expect(followed.types()).toEqual(["cursor", "job.state", "job.finished"]);
  });

  it("says reset for an agent that is gone", async () => {
    const since = "gone~0a1b2c.5";
    await using followed = await follow(api, "/v1/events", since);
    await seen(followed, "cursor");

    expect(followed.events[0]).toMatchObject({ event: "reset" });
    expect(followed.views()[0]).toMatchObject({ agent: "gone" });
  });

  it("tells as a page what the asked agent remembers of itself", async () => {
    const id = await post(api);
    const page = (after: string) =>
      ask(`${api.url}/v1/events?scope=self${after}`, { headers: { accept: "application/json" } });
    const newest = (await page("&limit=1")).json as EventsView;
    const reset = (await page("&after=alpha~nobody.1")).json as EventsView;

    expect(newest.items).toMatchObject([{ type: "job.posted", job: id }]);
    expect((await page(`&after=${newest.nextCursor}`)).json).toMatchObject({ items: [] });
    expect(reset.items.length).toBeGreaterThan(0);
  });

  it("chooses on a page as in a stream, and goes on behind what was not wanted", async () => {
    const [one, two] = [await post(api), await post(api)];
    await cancel(api, one);
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
    await using followed = await follow(api, "/v1/events?types=flow.error");
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

  it(
    "forgets who has left, and says so of one that is gone without a word",
    async () => {
      const soon = (ms: number, signal?: AbortSignal) =>
        systemClock.sleep(Math.min(ms, 50), signal);
      api.faults.clock = { sleep: soon };
      onTestFinished(() => void (api.faults.clock = {}));
      const { members } = api;
      const names = ["leaving", "lost"] as const;
      const [leaving, lost] = [
        await startApi(api.dir, names[0]),
        await startApi(api.dir, names[1]),
      ];
      await using _lost = lost;
      const known = [leaving, lost].map(({ url }, n) => ({ name: names[n] ?? "", url }));
      api.members = [...members, ...known.map((each) => ({ ...each, state: "known" as const }))];
      await using followed = await follow(api, "/v1/events");
      const place = async (): Promise<string> => {
        const { length } = followed.events;
        await post(api);
        await until(() => followed.events.length > length, SOON);
        return followed.events.at(-1)?.id ?? "";
      };
      const holds = (cursor: string, count: number): boolean =>
        names.filter((name) => cursor.includes(`${name}~`)).length === count;
      await until(async () => holds(await place(), 2), SOON);

      await leaving[Symbol.asyncDispose]();
      await seen(followed, "agent.left");
      const isTold = ({ event, id }: (typeof followed.events)[number]): boolean =>
        event === "cursor" && holds(id, 1) && !id.includes("leaving~");
      api.members = members.concat({ name: "lost", url: lost.url, state: "known" });
      await until(() => followed.events.some(isTold), SOON);
      api.members = members;
      await until(async () => holds(await place(), 0), SOON);

      const resets = followed.events.filter(({ event }) => event === "reset");
      expect(resets.map(({ data }) => JSON.parse(data) as unknown)).toEqual([
        { agent: "lost", reason: "it is in the list of agents no more" },
      ]);
    },
    START_MS,
  );

  it("tells of an agent that does not answer", async () => {
    const silent = { name: "silent", url: "http://127.0.0.1:9", state: "known" } as const;
    api.members = [...api.members, silent];
    try {
      await using followed = await follow(api, "/v1/events");
      await seen(followed, "agent.unreachable");

      expect(followed.views().find(({ type }) => type === "agent.unreachable")).toMatchObject({
        ...{ agent: "silent", observer: "alpha" },
      });
    } finally {
      api.members = api.members.filter((member) => member !== silent);
    }
  });
});

describe("what people do to jobs", () => {
  it("is told to who follows any agent", async () => {
    await using followed = await follow(other, "/v1/events?types=job.*,jobs.*");
    await seen(followed, "cursor");
    const [id, gone] = [await post(api), await post(api)];
    const say = (method: string, path: string, body?: unknown) =>
      ask(`${api.url}${path}`, { method, ...(body === undefined ? {} : { body }) });

    await say("POST", `/v1/jobs/${id}/reprioritise`, { priority: 9 });
    await cancel(api, id);
    await cancel(api, gone);
    await say("DELETE", `/v1/jobs/${id}`);
    await say("POST", "/v1/jobs:gc", { olderThan: "0s", states: ["CANCELLED"] });
    await seen(followed, "jobs.removed");

    const told = followed.views().filter(({ type }) => /reprior|deleted|removed/.test(type));
    expect(told).toMatchObject([
      { type: "job.reprioritised", agent: "alpha", job: id, flow: "shapes", priority: 9 },
      { type: "job.deleted", agent: "alpha", job: id, flow: "shapes" },
      { type: "jobs.removed", agent: "alpha", count: expect.any(Number) },
    ]);
  });
});
