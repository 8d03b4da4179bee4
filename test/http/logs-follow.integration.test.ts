import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { JobrunnerError } from "../../common/error.js";
import type { LogLineView } from "../../common/wire/logs.js";
import { until } from "../../scripts/lab/until.js";
import { BOARD } from "../contracts/samples.js";
import { ask } from "./api.js";
import { apisForFile } from "./apis.js";
import { end, follow, page, post, saidOf, textsOf, write } from "./logging.js";

const [api] = apisForFile("alpha");
const SOON = { withinMs: 5_000 };
beforeAll(async () => {
  await api.persistence.setBoardId(undefined, BOARD);
});
afterEach(() => {
  api.faults.persistence = {};
});

describe("GET /v1/jobs/:id/logs?follow=true", () => {
  it("sends what is there, what comes, and the end", async () => {
    const job = await post(api);
    await write(api, job, 1, "A: 1", "A: 2");
    const followed = follow(api, job);
    await until(() => followed.texts().length === 2, SOON);

    await write(api, job, 2, "A: 3");
    await until(() => followed.texts().length === 3, SOON);
    await end(api, job);
    await followed.done;

    expect(followed.events.map(({ event, id }) => `${event} ${id}`)).toEqual([
      ...["begin 0.0", "line 1.1", "line 1.2", "line 2.1", "end 2.1"],
    ]);
    expect(followed.events.at(-1)?.data).toBe('{"state":"SUCCESS"}');
  });

  it("sends what an earlier owner stores late, also to a reader that came back", async () => {
    const job = await post(api);
    const old = api.logs.book.begin(job, 1);
    old.add(saidOf("A: 1"));
    await old.flush();
    const stop = new AbortController();
    const first = follow(api, job, "", stop.signal);
    await write(api, job, 3, "A: 2");
    await until(() => first.texts().length === 2, SOON);

    old.add(saidOf("A: late"));
    await old.flush();
    await until(() => first.texts().length === 3, SOON);
    const cursor = first.events.at(-2)?.id ?? "";
    stop.abort(new Error("enough"));
    await Promise.allSettled([first.done]);
    const second = follow(api, job, `&cursor=${cursor}`);
    await end(api, job);
    await second.done;

    expect(first.texts()).toEqual(["1", "2", "late"]);
    expect(second.texts()).toEqual(["late"]);
    expect(textsOf(await page(api, job, `?cursor=${cursor}`))).toEqual(["late"]);
  });

  it("begins where it is told, and knows the place before the first line", async () => {
    const job = await post(api);
    await write(api, job, 1, "A: 1", "A: 2", "B: 3");
    const stop = new AbortController();
    const followed = follow(api, job, "&tail=0&atom=A", stop.signal);
    await until(() => followed.events.length === 1, SOON);
    expect(followed.events[0]).toMatchObject({ event: "begin", id: "1.2" });

    await write(api, job, 2, "B: 4", "A: 5");
    await until(() => followed.texts().length === 1, SOON);
    stop.abort(new Error("enough"));

    await expect(followed.done).rejects.toThrow("enough");
    expect(followed.texts()).toEqual(["5"]);
  });

  it("looks once for all who follow a job, and not at all when nobody does", async () => {
    const job = await post(api);
    await write(api, job, 1, "A: 1");
    let looks = 0;
    api.faults.persistence = {
      logs: (id, range) => {
        if (id === job && "after" in range && range.limit > 1) looks += 1;
        return api.persistence.logs(id, range);
      },
    };
    const stops = Array.from({ length: 20 }, () => new AbortController());
    const all = stops.map(({ signal }) => follow(api, job, "", signal));
    await until(() => all.every(({ events }) => events.length === 2), SOON);
    const begun = looks;

    await write(api, job, 2, "A: 2");
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
    const job = await post(api);
    const stop = new AbortController();
    const early = follow(api, job, "", stop.signal);
    await until(() => early.events.length === 1, SOON);
    const text = "x".repeat(3_000);
    for (let round = 1; round <= 3; round += 1) {
      await write(api, job, round, ...Array.from({ length: 80 }, (_, n) => `A: ${n} ${text}`));
    }
    const late = follow(api, job, "", stop.signal);

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
    const job = await post(api);
    await write(api, job, 1, "A: 1");
    const followed = follow(api, job);
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
    await end(api, job);
    await followed.done;

    expect(followed.texts()).toEqual(["1", "2"]);
  });

  it("ends at once for a job that is over, and is gone with it", async () => {
    const job = await post(api);
    await end(api, job);
    await write(api, job, 2, "A: late");
    const followed = follow(api, job);
    await followed.done;
    expect(followed.events.map(({ event }) => event)).toEqual(["begin", "line", "end"]);

    await api.persistence.purge({ ageMs: 1e12, jobs: 0, bytes: 1e12 });
    expect((await ask(`${api.url}/v1/jobs/${job}/logs`)).status).toBe(404);
  });
});
