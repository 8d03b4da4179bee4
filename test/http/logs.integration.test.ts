import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Problem } from "../../common/wire.js";
import { BOARD } from "../contracts/samples.js";
import { ask } from "./api.js";
import { apisForFile } from "./apis.js";
import { page, post, saidOf, textsOf, write } from "./logging.js";

const [api] = apisForFile("alpha");
beforeAll(async () => {
  await api.persistence.setBoardId(undefined, BOARD);
});
afterEach(() => {
  api.faults.persistence = {};
});

describe("GET /v1/jobs/:id/logs", () => {
  it("tells every line with who wrote it, when and where", async () => {
    const job = await post(api);
    await write(api, job, 1, "A: one", "B: two");

    const { items } = await page(api, job);

    expect(items).toMatchObject([
      { id: "1.1", token: 1, n: 1, agent: "alpha", atom: "A", phase: "execute", text: "one" },
      { id: "1.2", token: 1, n: 2, agent: "alpha", atom: "B", stream: "log", text: "two" },
    ]);
    expect(Math.abs(Date.parse(items[0]?.at ?? "") - Date.now())).toBeLessThan(60_000);
  });

  it("tells of one atom, of the last lines, and of those since a time", async () => {
    const job = await post(api);
    await write(api, job, 1, "A: 1", "B: 2", "A: 3");
    await new Promise((resolve) => setTimeout(resolve, 5));
    const between = new Date().toISOString();
    await write(api, job, 2, "A: 4", "B: 5");

    expect(textsOf(await page(api, job, "?atom=A"))).toEqual(["1", "3", "4"]);
    expect(textsOf(await page(api, job, "?tail=2"))).toEqual(["4", "5"]);
    expect(textsOf(await page(api, job, "?tail=2&atom=A"))).toEqual(["3", "4"]);
    expect(textsOf(await page(api, job, "?tail=0"))).toEqual([]);
    expect(textsOf(await page(api, job, "?tail=99"))).toHaveLength(5);
    expect(textsOf(await page(api, job, `?since=${between}`))).toEqual(["4", "5"]);
    expect(textsOf(await page(api, job, `?since=${between}&tail=1`))).toEqual(["5"]);
  });

  it("tells of the lines since a time although older ones were stored behind them", async () => {
    const job = await post(api);
    const chunk = { job, n: 1, agent: "beta" };
    const at = Date.parse("2026-01-01T00:00:00Z");
    const lines = [60_000, 120_000, 1_000].map((ms) => [{ ...saidOf(`A: ${ms}`), at: at + ms }]);
    await api.persistence.addLogs(
      lines.map((each, index) => ({ ...chunk, token: [1, 3, 2][index] ?? 0, lines: each })),
    );

    const since = new Date(at + 90_000).toISOString();
    expect(textsOf(await page(api, job, `?since=${since}`))).toEqual(["120000", "1000"]);
    expect(textsOf(await page(api, job, `?since=${since}&tail=5`))).toEqual(["120000", "1000"]);
  });

  it("goes page by page, within chunks and across ownerships", async () => {
    const job = await post(api);
    await write(api, job, 1, "A: 1", "A: 2", "A: 3");
    await write(api, job, 2, "A: 4", "A: 5");

    const texts: string[] = [];
    const pages: number[] = [];
    for (let query = "?limit=2"; ;) {
      const { items, nextCursor } = await page(api, job, query);
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
    const job = await post(api);
    const line = { ...saidOf("A: x"), at: 1 };
    const chunks = Array.from({ length: 250 }, (_, index) => {
      return { job, token: 1, n: index + 1, agent: "beta", lines: [{ ...line, at: index }] };
    });
    await api.persistence.addLogs(chunks);

    expect((await page(api, job)).items).toHaveLength(250);
    expect((await page(api, job, "?tail=220")).items.map(({ n }) => n)[0]).toBe(31);
  });

  it.each(["cursor=1", "tail=-1", "tail=x", "limit=0", "follow=yes", "since=noon", "more=1"])(
    "refuses %s",
    async (query) => {
      const answer = await ask(`${api.url}/v1/jobs/${await post(api)}/logs?${query}`);

      expect(answer.status).toBe(400);
      expect((answer.json as Problem).errors?.[0]?.pointer).toBe(`/${query.split("=")[0] ?? ""}`);
    },
  );

  it.each(["", "?follow=true"])("answers 404 for a job that is not there (%s)", async (query) => {
    const id = "00000000-0000-7000-8000-000000000000";
    expect((await ask(`${api.url}/v1/jobs/${id}/logs${query}`)).status).toBe(404);
  });
});
