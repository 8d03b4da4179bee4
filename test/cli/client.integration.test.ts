import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Address, findAddresses } from "../../cli/api/addresses.js";
import { type Client, createClient } from "../../cli/api/client.js";
import type { JobsView, JobView } from "../../common/wire.js";
import { apisForFile } from "../http/apis.js";
import { tempDir } from "../support/temp.js";

const [api] = apisForFile("alpha");

/** A client that is told these addresses, and what it said while it used them. */
async function clientOf(via: string): Promise<{ client: Client; said: readonly string[] }> {
  const said: string[] = [];
  const env = { XDG_STATE_HOME: tempDir() };
  const client = await createClient({ via, env, say: (line) => void said.push(line) });
  return { client, said };
}

const SHAPES = { flow: "shapes" };

describe("the client of the command line", () => {
  it("asks the next agent when one is dead, and says so", async () => {
    const { client, said } = await clientOf(`http://127.0.0.1:9,${api.url}`);

    expect((await client.get<JobsView>("/v1/jobs")).items).toBeInstanceOf(Array);
    expect(said).toEqual([expect.stringMatching(/127\.0\.0\.1:9 does not answer .*, asking 127/)]);

    await client.get("/v1/jobs");
    expect(said).toHaveLength(1); // The one that answered is asked first from then on.
  });

  it("asks each agent once, whatever another request has found out meanwhile", async () => {
    let asked = 0;
    await using first = await serve((_request, response) => {
      asked += 1;
      // The second request is still here when the first one has put the next agent in front.
      if (asked === 1) response.destroy();
      else void slow.then(() => response.destroy());
    });
    const { client } = await clientOf(`${first.url},${api.url}`);
    const slow = client.get<JobsView>("/v1/jobs");

    const both = await Promise.all([slow, client.get<JobsView>("/v1/jobs")]);

    expect(both.map(({ items }) => items)).toEqual([expect.any(Array), expect.any(Array)]);
    expect(asked).toBe(2);
  });

  it("says nothing of the usual address when another agent of this machine answers", async () => {
    const home = tempDir();
    mkdirSync(join(home, "jobrunner", "agents"), { recursive: true });
    const registration = JSON.stringify({ name: "alpha", address: api.url });
    writeFileSync(join(home, "jobrunner", "agents", "alpha.json"), registration);
    const said: string[] = [];
    const env = { XDG_STATE_HOME: home };
    const client = await createClient({ env, say: (line) => void said.push(line) });

    expect((await client.get<JobsView>("/v1/jobs")).items).toBeInstanceOf(Array);
    expect([said, client.agent]).toEqual([[], "alpha"]);
  });

  it("posts once although the first agent died between storing and answering", async () => {
    await using dying = await serve((request, response) => {
      const key = String(request.headers["idempotency-key"]);
      void api.jobs.post(SHAPES, key).then(() => response.destroy());
    });
    const { client, said } = await clientOf(`${dying.url},${api.url}`);

    const { body, replayed } = await client.post<JobView>("/v1/jobs", SHAPES, "fail-over");

    expect(replayed).toBe(true);
    expect(said).toHaveLength(1);
    const { jobs } = await api.persistence.jobs({}, 500);
    expect(jobs.filter(({ id }) => id >= body.id).map(({ id }) => id)).toEqual([body.id]);
  });

  it("throws what the agent's problem says, with its hint", async () => {
    const { client } = await clientOf(api.url);

    await expect(client.post("/v1/jobs", { flow: "shape" })).rejects.toMatchObject({
      code: "UNKNOWN_FLOW",
      hint: "Did you mean shapes?",
    });
  });

  it.each([
    ["a web server that is no agent", "<html>"],
    ["an answer that is cut", '{"items": ['],
  ])("takes %s for an agent that does not answer", async (_what, text) => {
    await using other = await serve((_request, response) => void response.end(text));
    const { client } = await clientOf(other.url);

    await expect(client.get("/v1/jobs")).rejects.toMatchObject({
      code: "UNREACHABLE",
      hint: expect.stringContaining("jobrunner run"),
    });
  });

  it("takes an error that is no problem document for an agent that does not answer", async () => {
    await using other = await serve((_request, response) => {
      response.writeHead(502).end('{"oops":1}');
    });
    const { client } = await clientOf(other.url);

    await expect(client.get("/v1/jobs")).rejects.toMatchObject({ code: "UNREACHABLE" });
  });

  it("throws what an agent refuses, and does not take it for silence", async () => {
    const detail = "agent phone cannot be asked: 10.0.0.9:7463: no answer in 1500 ms";
    const problem = { code: "UNREACHABLE", detail, hint: "See what is known of it." };
    await using refusing = await serve((_request, response) => {
      response.writeHead(502).end(JSON.stringify(problem));
    });
    const { client, said } = await clientOf(`${refusing.url},${api.url}`);

    await expect(client.get("/v1/jobs")).rejects.toMatchObject({
      ...{ code: "UNREACHABLE", message: detail, hint: problem.hint },
    });
    expect(said).toEqual([]);
  });

  it("is obeyed by the agent that was named, and by no other one at its address", async () => {
    const home = tempDir();
    mkdirSync(join(home, "jobrunner", "agents"), { recursive: true });
    // What an agent that was killed left; "alpha" has its port now.
    const registration = JSON.stringify({ name: "beta", address: api.url });
    writeFileSync(join(home, "jobrunner", "agents", "beta.json"), registration);
    const env = { XDG_STATE_HOME: home };
    const client = await createClient({ env, via: "beta", say: () => undefined });
    const before = (await api.persistence.jobs({}, 500)).jobs.length;

    await expect(client.post("/v1/jobs", SHAPES)).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining("beta: that address belongs to alpha"),
    });
    expect((await api.persistence.jobs({}, 500)).jobs).toHaveLength(before);
  });

  it("gives up a request when its signal aborts", async () => {
    await using silent = await serve(() => undefined);
    const { client } = await clientOf(silent.url);
    const stop = new AbortController();
    const asked = client.get("/v1/jobs", { signal: stop.signal, waitMs: 30_000 });
    stop.abort(new Error("enough"));

    await expect(asked).rejects.toThrow("enough");
  });
});

describe("a machine without an agent", () => {
  const settings = (...lines: readonly string[]): Readonly<Record<string, string>> => {
    const home = tempDir();
    mkdirSync(join(home, "jobrunner"));
    writeFileSync(join(home, "jobrunner", "config.yaml"), lines.join("\n"));
    // Nobody is to be found at Consul's usual place.
    return { XDG_STATE_HOME: home, XDG_CONFIG_HOME: home, CONSUL_HTTP_ADDR: "127.0.0.1:9" };
  };
  const ask = async (env: Readonly<Record<string, string>>) => {
    const said: string[] = [];
    const client = await createClient({ env, say: (line) => void said.push(line) });
    return { jobs: client.get<JobsView>("/v1/jobs"), client, said };
  };

  it("asks the one whose address its settings say, then their peers", async () => {
    const listen = await ask(settings(`api: { listen: "${new URL(api.url).host}" }`));
    const peers = await ask(settings(`peers: ["http://127.0.0.1:9", "${api.url}"]`));

    expect((await listen.jobs).items).toBeInstanceOf(Array);
    expect((await peers.jobs).items).toBeInstanceOf(Array);
    expect(peers.client.agent).toBe(new URL(api.url).host);
    expect(peers.said).toContainEqual(expect.stringMatching(/^agent 127\.0\.0\.1:9 does not/));
  });

  it("asks two things at once, and both find an agent that only its settings name", async () => {
    const { jobs, client } = await ask(settings(`api: { listen: "${new URL(api.url).host}" }`));

    const both = await Promise.all([jobs, client.get<JobsView>("/v1/jobs")]);

    expect(both.map(({ items }) => items)).toEqual([expect.any(Array), expect.any(Array)]);
  });

  it("says that its settings are wrong, and goes on without them", async () => {
    const { jobs, said } = await ask(settings("borad: redis"));

    await expect(jobs).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(said).toContainEqual(expect.stringMatching(/^settings cannot be read: /));
  });
});

describe("addresses", () => {
  const noCluster = (): Promise<readonly Address[]> => Promise.resolve([]);
  const withAgents = (...agents: readonly object[]): { XDG_STATE_HOME: string } => {
    const home = tempDir();
    const folder = join(home, "jobrunner", "agents");
    mkdirSync(folder, { recursive: true });
    agents.forEach((agent, index) => {
      writeFileSync(join(folder, `${index}.json`), JSON.stringify(agent));
    });
    writeFileSync(join(folder, "torn.json"), '{"name": "to');
    writeFileSync(join(folder, "alpha.lock"), "");
    return { XDG_STATE_HOME: home };
  };
  const ALPHA = { name: "alpha", address: "http://127.0.0.1:8001", pid: 1 };
  const BETA = { name: "beta", address: "http://127.0.0.1:8002", pid: 2 };

  it("are the usual one, then those of the agents of this machine", async () => {
    const env = withAgents(ALPHA, { name: "starting", pid: 3 }, BETA);

    expect((await findAddresses({ env }, noCluster)).map(({ url }) => url)).toEqual([
      "http://127.0.0.1:7463",
      "http://127.0.0.1:8001",
      "http://127.0.0.1:8002",
    ]);
  });

  it("are only those that were named: by flag before environment", async () => {
    const env = { ...withAgents(ALPHA), JOBRUNNER_ADDR: "http://127.0.0.1:1" };

    expect(await findAddresses({ env }, noCluster)).toEqual([
      { url: "http://127.0.0.1:1", label: "127.0.0.1:1" },
    ]);
    expect(await findAddresses({ via: "alpha, [::1]:5, localhost", env }, noCluster)).toEqual([
      { url: ALPHA.address, label: "alpha", named: true },
      { url: "http://[::1]:5", label: "[::1]:5" },
      { url: "http://localhost:7463", label: "localhost:7463" },
    ]);
  });

  it("are refused when they name an agent that is not here, or nothing at all", async () => {
    const env = withAgents(ALPHA, BETA);

    await expect(findAddresses({ via: "alhpa", env }, noCluster)).rejects.toMatchObject({
      code: "NOT_FOUND",
      hint: "Did you mean alpha?",
    });
    await expect(findAddresses({ via: "somewhere", env }, noCluster)).rejects.toMatchObject({
      code: "NOT_FOUND",
      hint: "There are alpha, beta.",
    });
    for (const via of ["ftp://nas:1", "http://", "a b", "ftp://x"]) {
      await expect(findAddresses({ via, env }, noCluster)).rejects.toMatchObject({ code: "USAGE" });
    }
  });

  it("are those of the cluster for any agent, and for names that are not here", async () => {
    const env = withAgents(ALPHA);
    const gamma = { url: "http://10.0.0.3:7463", label: "gamma" };
    const asked: string[][] = [];
    const cluster = (local: readonly Address[]): Promise<readonly Address[]> => {
      asked.push(local.map(({ url }) => url));
      return Promise.resolve([gamma, { url: ALPHA.address, label: "alpha" }]);
    };

    const any = await findAddresses({ via: "any-agent", env }, cluster);
    const named = await findAddresses({ via: "gamma", env }, cluster);
    const here = await findAddresses({ via: "alpha", env }, cluster);

    expect(any.map(({ label }) => label).sort()).toEqual(["alpha", "gamma"]);
    expect(named).toEqual([{ ...gamma, named: true }]);
    expect(here).toEqual([{ url: ALPHA.address, label: "alpha", named: true }]);
    expect(asked).toEqual([
      ["http://127.0.0.1:7463", ALPHA.address],
      ["http://127.0.0.1:7463", ALPHA.address],
    ]);
  });
});

/** An HTTP server of this test's own. */
async function serve(listener: RequestListener): Promise<{ url: string } & AsyncDisposable> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
