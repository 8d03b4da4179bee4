import { describe, expect, it } from "vitest";
import { JobrunnerError } from "../../common/error.js";
import type { JobView, Problem } from "../../common/wire.js";
import type {
  ScheduleDetailView,
  ScheduleRequest,
  SchedulesView,
} from "../../common/wire/schedules.js";
import { type Answer, ask } from "./api.js";
import { apisForFile } from "./apis.js";

/* Every answer is compared with the OpenAPI document by `ask`. */

const [api] = apisForFile("alpha");

describe("POST /v1/schedules", () => {
  it("makes a schedule and says when it is due first; the same again is the same one", async () => {
    const request = requestOf("nightly", {
      ...{ cron: "0 3 * * *", tz: "Europe/Amsterdam", catchUp: "all" },
      job: {
        flow: "shapes",
        params: { port: 81 },
        name: "night",
        priority: 7,
        require: ["has_gpu"],
      },
    });

    const first = await add(request);
    const again = await add(request);

    expect([first.status, again.status]).toEqual([201, 200]);
    expect(first.headers.location).toBe("/v1/schedules/nightly");
    const view = first.json as ScheduleDetailView;
    expect(view).toMatchObject({ ...request, flow: "shapes", paused: false, madeVia: "alpha" });
    expect(new Date(view.dueAt ?? "").getUTCMinutes()).toBe(0);
    expect(Date.parse(view.dueAt ?? "")).toBeGreaterThan(Date.now());
    expect(again.json).toEqual(view);
  });

  it("takes UTC and one job for what was missed when nothing else is said", async () => {
    const { json } = await add(requestOf("plain"));

    expect(json).toMatchObject({ tz: "UTC", catchUp: "one", job: { flow: "shapes" } });
  });

  it("refuses another one of the same name", async () => {
    await add(requestOf("mine"));

    const other = await add(requestOf("mine", { cron: "@hourly" }));

    expect(other.status).toBe(409);
    expect(other.json).toMatchObject({
      ...{ code: "CONFLICT", detail: "there is another schedule mine" },
      hint: expect.stringContaining("jobrunner schedule show mine") as string,
    });
  });

  it.each([
    ["a pattern of six fields", { cron: "0 0 3 * * *" }, 400, "/cron", "not a cron pattern"],
    ["a day that never comes", { cron: "0 0 30 2 *" }, 400, "/cron", "never comes due"],
    ["a zone that is none", { tz: "Europe/Amsterdm" }, 400, "/tz", "no time zone"],
    ["a name with capitals", { name: "Nightly" }, 400, "/name", ""],
    ["another policy", { catchUp: "some" }, 400, "/catchUp", ""],
    ["a time for the job", { job: { flow: "shapes", runAt: "2027-01-01T00:00:00Z" } }, 400, "", ""],
    ["parameters that do not fit", { job: { flow: "shapes", params: { port: 0 } } }, 422, "", ""],
    ["an unknown flow", { job: { flow: "shape" } }, 422, "", 'there is no flow "shape"'],
    ["an unknown capability", { job: { flow: "shapes", require: ["x y"] } }, 422, "", ""],
    ["an unknown field", { every: "5m" }, 400, "/every", ""],
  ])("refuses %s, and says where", async (_, wrong, ...expected) => {
    const [status, pointer, text] = expected;
    const refused = await add({ ...requestOf("wrong"), ...wrong } as ScheduleRequest);

    expect(refused.status).toBe(status);
    const problem = refused.json as Problem;
    if (pointer !== "") expect(problem.errors?.map((each) => each.pointer)).toContain(pointer);
    expect(problem.detail).toContain(text);
    expect((await ask(`${api.url}/v1/schedules/wrong`)).status).toBe(404);
  });

  it("answers 503 when persistence is away", async () => {
    const down = new JobrunnerError("PERSISTENCE_DOWN", "it is away", { retryable: true });
    api.faults.persistence = { now: () => Promise.reject(down) };
    try {
      expect((await add(requestOf("away"))).status).toBe(503);
    } finally {
      api.faults.persistence = {};
    }
  });
});

describe("GET /v1/schedules", () => {
  it("lists them by name, in pages that link to the next, without what they post", async () => {
    for (const name of ["page-c", "page-a", "page-b"]) await add(requestOf(name));

    const first = await ask(`${api.url}/v1/schedules?limit=2&cursor=page`);
    const { items, nextCursor } = first.json as SchedulesView;
    const next = await ask(`${api.url}${/<(.*)>/.exec(String(first.headers.link))?.[1]}`);

    expect(items.map(({ name }) => name)).toEqual(["page-a", "page-b"]);
    expect(items[0]).not.toHaveProperty("job");
    expect(nextCursor).toBe("page-b");
    expect((next.json as SchedulesView).items[0]).toMatchObject({ name: "page-c" });
  });

  it("tells the fields that are asked for, and refuses others", async () => {
    await add(requestOf("fields"));

    const some = await ask(`${api.url}/v1/schedules?fields=cron&limit=1`);
    const wrong = await ask(`${api.url}/v1/schedules?fields=job`);

    expect(Object.keys((some.json as SchedulesView).items[0] ?? {})).toEqual(["name", "cron"]);
    expect(wrong.status).toBe(400);
  });
});

describe("pause, resume and DELETE", () => {
  it("take the due time away, give another one, and forget the schedule", async () => {
    await add(requestOf("held"));

    const paused = [await verb("held", "pause"), await verb("held", "pause")];
    const resumed = [await verb("held", "resume"), await verb("held", "resume")];
    const removed = await ask(`${api.url}/v1/schedules/held`, { method: "DELETE" });

    expect([...paused, ...resumed].map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(paused[1]?.json).toMatchObject({ paused: true });
    expect(paused[1]?.json).not.toHaveProperty("dueAt");
    expect(resumed[1]?.json).toMatchObject({ paused: false, dueAt: expect.any(String) as string });
    expect(removed.status).toBe(204);
    expect((await ask(`${api.url}/v1/schedules/held`)).status).toBe(404);
  });

  it.each(["pause", "resume", "DELETE"])(
    "answer 404 for one that is not there: %s",
    async (what) => {
      const answer =
        what === "DELETE"
          ? await ask(`${api.url}/v1/schedules/nobody`, { method: what })
          : await verb("nobody", what);

      expect(answer.status).toBe(404);
      expect(answer.json).toMatchObject({ detail: "there is no schedule nobody" });
    },
  );
});

describe("POST /v1/jobs with a delay", () => {
  it("is due so long from now by the database's clock, whatever the poster's says", async () => {
    const before = await api.persistence.now();
    const answer = await post({ flow: "shapes", delay: "90m" });

    const { runAt, state } = answer.json as JobView;
    expect(state).toBe("SCHEDULED");
    expect(Date.parse(runAt ?? "") - before).toBeGreaterThanOrEqual(90 * 60_000);
    expect(Date.parse(runAt ?? "") - before).toBeLessThan(91 * 60_000);
  });

  it("is the same job for the same key, and no other posting", async () => {
    const first = await post({ flow: "shapes", delay: "1h" }, "later");
    const again = await post({ flow: "shapes", delay: "1h" }, "later");
    const other = await post({ flow: "shapes", delay: "2h" }, "later");

    expect([first.status, again.status, other.status]).toEqual([201, 200, 422]);
    expect((again.json as JobView).runAt).toBe((first.json as JobView).runAt);
  });

  it("is refused when it is none, and beside a time", async () => {
    const wrong = await post({ flow: "shapes", delay: "soon" });
    const two = await post({ flow: "shapes", delay: "1h", runAt: "2027-01-01T00:00:00Z" });

    expect([wrong.status, two.status]).toEqual([400, 400]);
    expect(wrong.json).toMatchObject({ errors: [{ pointer: "/delay" }] });
    expect(two.json).toMatchObject({ errors: [{ pointer: "/delay" }] });
  });
});

it("keeps the keys of schedules from anybody else", async () => {
  const { status } = await post({ flow: "shapes" }, "schedule:0190b7a0:1");

  expect(status).toBe(400);
});

function requestOf(name: string, more: Partial<ScheduleRequest> = {}): ScheduleRequest {
  return { name, cron: "0 3 * * *", job: { flow: "shapes" }, ...more };
}

function add(body: ScheduleRequest): Promise<Answer> {
  return ask(`${api.url}/v1/schedules`, { method: "POST", body });
}

function verb(name: string, what: string): Promise<Answer> {
  return ask(`${api.url}/v1/schedules/${name}/${what}`, { method: "POST" });
}

function post(body: object, key?: string): Promise<Answer> {
  const headers = key === undefined ? {} : { "idempotency-key": key };
  return ask(`${api.url}/v1/jobs`, { method: "POST", body, headers });
}
