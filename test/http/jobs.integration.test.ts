import { describe, expect, it } from "vitest";
import type {
  CheckView,
  FlowsView,
  JobDetailView,
  JobsView,
  JobView,
  Problem,
} from "../../common/wire.js";
import { ask } from "./api.js";
import { apisForFile } from "./apis.js";

const [api] = apisForFile("alpha");

const post = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  ask(`${api.url}/v1/jobs`, { method: "POST", body, headers });

describe("POST /v1/jobs", () => {
  it("stores the job, puts it on the board and says where it is", async () => {
    const answer = await post({ flow: "shapes", params: { port: 81 }, name: "site", priority: 7 });

    const job = answer.json as JobView;
    expect(answer.status).toBe(201);
    expect(answer.headers.location).toBe(`/v1/jobs/${job.id}`);
    expect(job).toMatchObject({
      flow: "shapes",
      version: 3,
      name: "site",
      state: "WAITING",
      priority: 7,
      postedVia: "alpha",
    });
    expect(job.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect((await api.board.exists([job.id])).has(job.id)).toBe(true);
    expect((await api.persistence.job(job.id))?.params).toMatchObject({ port: 81, mode: "static" });
  });

  it("gives the same job for the same key and request, whatever the order of its fields", async () => {
    const headers = { "idempotency-key": "one-key" };
    const first = await post({ flow: "shapes", params: { port: 82, mode: "spa" } }, headers);
    const again = await post({ params: { mode: "spa", port: 82 }, flow: "shapes" }, headers);

    expect(first.status).toBe(201);
    expect(again.status).toBe(200);
    expect(again.headers["idempotency-replayed"]).toBe("true");
    expect((again.json as JobView).id).toBe((first.json as JobView).id);
  });

  it("answers 422 when the key belongs to another request", async () => {
    const headers = { "idempotency-key": "two-uses" };
    await post({ flow: "shapes", params: { port: 83 } }, headers);
    const other = await post({ flow: "shapes", params: { port: 84 } }, headers);

    expect(other.status).toBe(422);
    expect((other.json as Problem).code).toBe("CONFLICT");
  });

  it("answers one job to many posters with one key at the same moment", async () => {
    const headers = { "idempotency-key": "racing" };
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => post({ flow: "shapes" }, headers)),
    );

    expect(new Set(answers.map(({ json }) => (json as JobView).id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  it("keeps a job that is due later off the board until then", async () => {
    const runAt = new Date(Date.now() + 3_600_000).toISOString();
    const answer = await post({ flow: "shapes", runAt });

    const job = answer.json as JobView;
    expect(job).toMatchObject({ state: "SCHEDULED", runAt });
    const { signatures } = await api.board.survey();
    const candidates = await api.board.candidates(signatures, 1000);
    expect(candidates.map(({ id }) => id)).not.toContain(job.id);
  });

  it("adds further capabilities to those of the flow", async () => {
    const answer = await post({ flow: "shapes", require: ["is_x86_64", "port_is_free(8080)"] });

    const { id } = answer.json as JobView;
    const detail = (await ask(`${api.url}/v1/jobs/${id}`)).json as JobDetailView;
    expect(detail.needs).toEqual(["is_x86_64", "port_is_free(8080)"]);
  });

  it("answers 422 for an unknown flow and names the one that was meant", async () => {
    const answer = await post({ flow: "shape" });

    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ code: "UNKNOWN_FLOW", hint: "Did you mean shapes?" });
  });

  it("names every parameter that does not fit", async () => {
    const answer = await post({ flow: "shapes", params: { port: 99999, mode: "x", zz: 1 } });

    const problem = answer.json as Problem;
    expect(answer.status).toBe(422);
    expect(problem.code).toBe("BAD_PARAMETERS");
    expect(problem.errors?.map(({ pointer }) => pointer).sort()).toEqual(["/mode", "/port", "/zz"]);
  });

  it("answers 413 with the limit for parameters over 256 KiB, and stores nothing", async () => {
    const before = await count();
    const answer = await post({ flow: "shapes", params: { extra: { text: "x".repeat(300_000) } } });

    expect(answer.status).toBe(413);
    expect((answer.json as Problem).detail).toContain("262144");
    expect(await count()).toBe(before);
  });
});

describe("POST /v1/flows/:name/jobs", () => {
  it("posts a job of that flow", async () => {
    const answer = await ask(`${api.url}/v1/flows/shapes/jobs`, {
      method: "POST",
      body: { params: { port: 90 } },
    });

    expect(answer.status).toBe(201);
    expect((answer.json as JobView).flow).toBe("shapes");
  });

  it("answers 404 for a flow that is not there", async () => {
    const answer = await ask(`${api.url}/v1/flows/nothing/jobs`, { method: "POST", body: {} });

    expect(answer.status).toBe(404);
    expect((answer.json as Problem).code).toBe("UNKNOWN_FLOW");
  });
});

describe("POST /v1/jobs:check", () => {
  it("tells parameters with defaults, needs and tree, and stores nothing", async () => {
    const before = await count();
    const answer = await ask(`${api.url}/v1/jobs:check`, {
      method: "POST",
      body: { flow: "shapes", require: ["is_arm64"] },
    });

    const view = answer.json as CheckView;
    expect(answer.status).toBe(200);
    expect(view.params).toMatchObject({ port: 8080, title: "untitled" });
    expect(view.needs).toEqual(["is_arm64"]);
    expect(view.tree.children?.map(({ name }) => name)).toEqual(["prepare", "serve"]);
    expect(await count()).toBe(before);
  });
});

describe("GET /v1/jobs", () => {
  it("pages through all jobs, newest first, each once", async () => {
    for (let n = 0; n < 5; n += 1) await post({ flow: "demanding", params: { targetDir: `${n}` } });
    const seen: JobView[] = [];
    let next: string | undefined = `${api.url}/v1/jobs?flow=demanding&limit=2`;
    while (next !== undefined) {
      const page = await ask(next);
      const { items, nextCursor } = page.json as JobsView;
      seen.push(...items);
      next = /<(.*)>; rel="next"/.exec(String(page.headers.link))?.[1];
      expect(next === undefined).toBe(nextCursor === undefined);
      if (next !== undefined) next = api.url + next;
    }

    expect(seen).toHaveLength(5);
    const ids = seen.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
  });

  it("filters by state, scheduled jobs apart from waiting ones", async () => {
    const runAt = new Date(Date.now() + 3_600_000).toISOString();
    await post({ flow: "shapes", runAt });
    const states = async (wanted: string) => {
      const answer = await ask(`${api.url}/v1/jobs?state=${wanted}`);
      return new Set((answer.json as JobsView).items.map(({ state }) => state));
    };

    expect(await states("SCHEDULED")).toEqual(new Set(["SCHEDULED"]));
    expect(await states("WAITING")).toEqual(new Set(["WAITING"]));
    expect(await states("SUCCESS,FAILURE")).toEqual(new Set());
  });

  it("finds jobs by words of their name", async () => {
    const { id } = (await post({ flow: "shapes", name: "Nightly backup" })).json as JobView;
    const found = async (q: string) => {
      const answer = await ask(`${api.url}/v1/jobs?q=${encodeURIComponent(q)}`);
      return (answer.json as JobsView).items.map((job) => job.id);
    };

    expect(await found("backup NIGHTLY")).toEqual([id]);
    expect(await found("backup weekly")).toEqual([]);
    expect(await found("!")).toEqual([]);
  });

  it("lists only jobs posted since a time", async () => {
    const since = encodeURIComponent(new Date(Date.now() + 60_000).toISOString());
    const answer = await ask(`${api.url}/v1/jobs?since=${since}`);

    expect((answer.json as JobsView).items).toEqual([]);
  });
});

describe("GET /v1/jobs/:id", () => {
  it("takes the beginning or the end of an id", async () => {
    const { id } = (await post({ flow: "shapes" })).json as JobView;

    for (const part of [id, id.toUpperCase(), id.slice(-8), id.slice(0, 30)]) {
      const answer = await ask(`${api.url}/v1/jobs/${part}`);
      expect(answer.status).toBe(200);
      expect((answer.json as JobDetailView).id).toBe(id);
    }
  });

  it("lists the candidates of a part that fits several jobs", async () => {
    const { id } = (await post({ flow: "shapes" })).json as JobView;
    await post({ flow: "shapes" });
    const answer = await ask(`${api.url}/v1/jobs/${id.slice(0, 4)}`);

    expect(answer.status).toBe(400);
    expect((answer.json as Problem).detail).toContain("fits several jobs");
  });

  it("answers 404 for a job that is not there", async () => {
    const answer = await ask(`${api.url}/v1/jobs/01980000-0000-7000-8000-000000000000`);

    expect(answer.status).toBe(404);
    expect((answer.json as Problem).code).toBe("NOT_FOUND");
  });

  it("shows the tree of a job that has not begun", async () => {
    const { id } = (await post({ flow: "shapes" })).json as JobView;
    const { tree, owners } = (await ask(`${api.url}/v1/jobs/${id}`)).json as JobDetailView;

    expect(owners).toEqual([]);
    expect(tree.children?.[1]?.children?.[0]).toMatchObject({ kind: "retry", detail: "times(2)" });
  });

  it("waits no longer than it was asked to", async () => {
    const { id } = (await post({ flow: "shapes" })).json as JobView;
    const answer = await ask(`${api.url}/v1/jobs/${id}?wait=50ms`);

    expect((answer.json as JobDetailView).state).toBe("WAITING");
  });

  it("answers a waiting request once the job has ended", async () => {
    const { id } = (await post({ flow: "shapes" })).json as JobView;
    const waiting = ask(`${api.url}/v1/jobs/${id}?wait=20s`);
    const by = { owner: "test.1", agent: "beta", machine: "m" };
    await api.persistence.cancel(id, by, true);

    const answer = await waiting;
    expect((answer.json as JobDetailView).state).toBe("CANCELLED");
  });
});

describe("flows and health", () => {
  it("lists flows by name, and the plugins that do not load", async () => {
    const view = (await ask(`${api.url}/v1/flows`)).json as FlowsView;

    const names = view.items.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(["demanding", "hello", "shapes"]));
    expect(view.problems.map(({ file }) => file)).toEqual([expect.stringContaining("broken.ts")]);
  });

  it("shows one flow with its schema", async () => {
    const answer = await ask(`${api.url}/v1/flows/shapes`);

    expect(answer.json).toMatchObject({
      name: "shapes",
      schema: { properties: { port: { minimum: 1 } } },
    });
  });

  it("is alive while it answers, and ready when its parts are", async () => {
    expect((await ask(`${api.url}/livez`)).status).toBe(200);
    expect((await ask(`${api.url}/readyz`)).status).toBe(200);

    const checks = [{ name: "board", ok: false, detail: "does not answer" }];
    api.health = { ok: false, agent: "alpha", checks };
    const answer = await ask(`${api.url}/readyz`);

    expect(answer.status).toBe(503);
    expect(answer.json).toEqual(api.health);
  });
});

async function count(): Promise<number> {
  return (await api.persistence.jobs({}, 500)).jobs.length;
}
