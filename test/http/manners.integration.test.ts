import { beforeAll, describe, expect, it } from "vitest";
import type { JobsView } from "../../common/wire.js";
import { ask } from "./api.js";
import { apisForFile } from "./apis.js";

const [api] = apisForFile("alpha");
beforeAll(async () => {
  await ask(`${api.url}/v1/jobs`, { method: "POST", body: { flow: "shapes", name: "one" } });
});

describe("?fields=", () => {
  it("leaves of each item what was asked for, and its name", async () => {
    const jobs = (await ask(`${api.url}/v1/jobs?fields=state,name`)).json as JobsView;
    const flows = (await ask(`${api.url}/v1/flows?fields=summary`)).json as { items: object[] };

    expect(Object.keys(jobs.items[0] ?? {}).sort()).toEqual(["id", "name", "state"]);
    expect(Object.keys(flows.items[0] ?? {}).sort()).toEqual(["name", "summary"]);
  });

  it("goes on to the next page", async () => {
    await ask(`${api.url}/v1/jobs`, { method: "POST", body: { flow: "shapes" } });
    const { headers } = await ask(`${api.url}/v1/jobs?fields=state&limit=1`);

    expect(headers.link).toContain("fields=state");
  });

  it("names the fields there are when one is not", async () => {
    const answer = await ask(`${api.url}/v1/jobs?fields=state,colour`);

    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      detail: "query: /fields: there is no field colour",
      hint: expect.stringContaining("postedAt"),
    });
  });
});

describe("every answer", () => {
  it("carries the id that the asker gave its request, or a new one", async () => {
    const given = await ask(`${api.url}/v1/jobs`, { headers: { "x-request-id": "run-42" } });
    const made = await ask(`${api.url}/v1/jobs/abcd`);
    const strange = await ask(`${api.url}/nothing`, { headers: { "x-request-id": "a b" } });

    expect(given.headers["x-request-id"]).toBe("run-42");
    expect(made.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(strange.headers["x-request-id"]).not.toBe("a b");
  });

  it("may be had without its body", async () => {
    const heads = await Promise.all(
      ["/v1/jobs", "/v1/flows", "/livez", "/v1/openapi.json"].map((path) =>
        ask(api.url + path, { method: "HEAD" }),
      ),
    );

    expect(heads.map(({ status, text }) => [status, text])).toEqual(Array(4).fill([200, ""]));
    expect(Number(heads[0]?.headers["content-length"])).toBeGreaterThan(10);
  });
});
