import { describe, expect, it, onTestFinished } from "vitest";
import { gone } from "../../agent/events/feed.js";
import { systemClock } from "../../cli/clock.js";
import type { Problem } from "../../common/wire.js";
import type { EventsView } from "../../common/wire/events.js";
import { until } from "../../scripts/lab/until.js";
import { ask } from "./api.js";
import { apisForFile } from "./apis.js";
import { cancel, follow, post, seen, SOON } from "./following.js";

const [api, other] = apisForFile("alpha", "beta");

describe("GET /v1/jobs/:id/events", () => {
  it("tells as a page what the journal says, with a cursor each", async () => {
    const id = await post(api);
    await cancel(api, id);

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
    const id = await post(api);
    await cancel(api, id);
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
    const id = await post(api);
    await using followed = await follow(api, `/v1/jobs/${id.slice(-8)}/events`);
    await seen(followed, "job.posted");
    await cancel(api, id);
    await followed.ended;

    expect(followed.types()).toEqual([
      ...["job.posted", "job.owner", "job.state", "job.finished", "end"],
    ]);
    expect(followed.views().at(-1)).toEqual({ state: "CANCELLED" });
  });

  it("goes on at another agent after any event, without a gap or a double", async () => {
    const id = await post(api);
    await cancel(api, id);
    const all = await follow(api, `/v1/jobs/${id}/events`);
    await all.ended;
    for (const [index, event] of all.events.slice(0, -1).entries()) {
      const rest = await follow(other, `/v1/jobs/${id}/events`, event.id);
      await rest.ended;

      expect(rest.types()).toEqual(all.types().slice(index + 1));
    }
  });

  it("hears of what another agent wrote, without a look of its own", async () => {
    const id = await post(api);
    await using feed = await follow(api, "/v1/events");
    await seen(feed, "cursor");
    // Nothing is due any more: what waits is only woken.
    api.faults.clock = { sleep: (_ms, signal = new AbortController().signal) => gone(signal) };
    onTestFinished(() => void (api.faults.clock = {}));
    await using followed = await follow(api, `/v1/jobs/${id}/events`);
    await seen(followed, "job.posted");
    await cancel(other, id);
    await followed.ended;

    expect(followed.types().at(-1)).toBe("end");
  });

  it("ends when the job is deleted before its end was read", async () => {
    const id = await post(api);
    let look = (): void => undefined;
    const asked = new Promise<void>((resolve) => (look = resolve));
    let waits = false;
    // What is between its two looks: the job's end, and that it is deleted.
    const sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
      waits ||= ms === 1_000;
      return (ms === 1_000 ? asked : Promise.resolve()).then(() => systemClock.sleep(ms, signal));
    };
    api.faults.clock = { sleep };
    onTestFinished(() => void (api.faults.clock = {}));
    await using followed = await follow(api, `/v1/jobs/${id}/events`);
    await until(() => waits, SOON);
    const by = { owner: "other.1", agent: "other", machine: "elsewhere" };
    await api.persistence.cancel(id, by, true);
    await api.persistence.remove(id);
    look();
    await followed.ended;

    expect(followed.types()).toEqual(["job.posted", "end"]);
    expect(followed.views().at(-1)).toEqual({ state: "gone" });
  });

  it("answers 404 for a job that is not there, and 400 for a bad place", async () => {
    const missing = await ask(`${api.url}/v1/jobs/01980000-0000-7000-8000-000000000000/events`, {
      headers: { accept: "text/event-stream" },
    });
    const bad = await ask(`${api.url}/v1/jobs/${await post(api)}/events`, {
      headers: { "last-event-id": "a~b.1" },
    });

    expect([missing.status, bad.status]).toEqual([404, 400]);
    expect((bad.json as Problem).errors?.[0]?.pointer).toBe("/after");
  });
});
