import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createClient } from "../../cli/api/client.js";
import { findToken } from "../../cli/api/trust.js";
import { tempDir } from "../support/temp.js";
import { serve } from "./serve.js";

const TOKEN = "correct-horse-battery";
const LIST = { items: [] };

describe("an agent with a token", () => {
  it("may listen where other machines reach it, and answers those who know the token", async () => {
    const server = serve({ token: TOKEN });
    const { port } = new URL(await server.listen({ host: "0.0.0.0", port: 0 }));
    const url = `http://127.0.0.1:${port}`;
    const ask = (authorization?: string): Promise<Response> =>
      fetch(`${url}/v1/jobs`, { headers: authorization === undefined ? {} : { authorization } });

    const [none, wrong, other, right] = await Promise.all([
      ask(),
      ask(`Bearer ${TOKEN}x`),
      ask(`Basic ${TOKEN}`),
      ask(`Bearer ${TOKEN}`),
    ]);

    expect([none.status, wrong.status, other.status, right.status]).toEqual([401, 401, 401, 200]);
    expect(none.headers.get("www-authenticate")).toBe("Bearer");
    expect(await none.json()).toMatchObject({ code: "UNAUTHORISED", hint: /JOBRUNNER_TOKEN/ });
    expect(await wrong.text()).not.toContain(TOKEN);
    expect(await right.json()).toEqual(LIST);
    await server.close();
  });

  it("tells without one whether it is well, and nothing else", async () => {
    const server = serve({ token: TOKEN });
    const url = await server.listen({ host: "127.0.0.1", port: 0 });

    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await fetch(`${url}/v1/flows`)).status).toBe(401);
    expect((await fetch(`${url}/livez/../v1/jobs`)).status).toBe(401);
    expect((await fetch(`${url}/nothing`)).status).toBe(401);
    await server.close();
  });

  it("tells strangers whether it is ready, and not why", async () => {
    const checks = [{ name: "persistence", ok: false, detail: "10.0.0.7 does not answer" }];
    const server = serve({
      token: TOKEN,
      health: () => Promise.resolve({ ok: false, agent: "alpha", checks }),
    });
    const url = await server.listen({ host: "127.0.0.1", port: 0 });
    const authorization = `Bearer ${TOKEN}`;

    const stranger = await fetch(`${url}/readyz`);
    const verbose = await fetch(`${url}/readyz?verbose`);
    const known = await fetch(`${url}/readyz`, { headers: { authorization } });

    expect([stranger.status, verbose.status, known.status]).toEqual([503, 503, 503]);
    expect(await stranger.json()).toEqual({ ok: false, agent: "alpha", checks: [] });
    expect(await verbose.text()).toBe("FAIL\n");
    expect(await known.json()).toMatchObject({ checks });
    await server.close();
  });

  it("refuses to serve strangers when it has none", async () => {
    await expect(serve().listen({ host: "0.0.0.0", port: 0 })).rejects.toMatchObject({
      code: "USAGE",
      hint: expect.stringContaining("api.token"),
    });
  });

  it("is asked by a command line that finds the token", async () => {
    const server = serve({ token: TOKEN });
    const via = await server.listen({ host: "127.0.0.1", port: 0 });
    const client = (env: NodeJS.ProcessEnv) => createClient({ via, env, say: () => undefined });
    const home = { XDG_CONFIG_HOME: tempDir(), XDG_STATE_HOME: tempDir() };

    const knows = await client({ ...home, JOBRUNNER_TOKEN: TOKEN });
    const stranger = await client(home);

    expect(await knows.get("/v1/jobs")).toEqual(LIST);
    await expect(stranger.get("/v1/jobs")).rejects.toMatchObject({ code: "UNAUTHORISED" });
    await server.close();
  });
});

describe("the token", () => {
  it("is read from the environment, a file it names, or beside the settings", async () => {
    const home = tempDir();
    const file = join(home, "t");
    writeFileSync(file, "of the file\n");

    expect(await findToken({ XDG_CONFIG_HOME: home })).toBeUndefined();
    expect(await findToken({ JOBRUNNER_TOKEN: "x", JOBRUNNER_TOKEN_FILE: file })).toBe("x");
    expect(await findToken({ JOBRUNNER_TOKEN_FILE: file })).toBe("of the file");
    await expect(findToken({ JOBRUNNER_TOKEN_FILE: `${file}.no` })).rejects.toMatchObject({
      code: "USAGE",
    });
  });
});
