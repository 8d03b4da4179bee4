import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JobBodies } from "../../agent/runner/runner.js";
import { familyOf, signal } from "../../scripts/lab/processes.js";
import { freePort } from "../../scripts/lab/ports.js";
import { until } from "../../scripts/lab/until.js";
import { call, hooks, openBodies, openRunners } from "../runner/open-runners.js";
import { tempDir } from "../support/temp.js";

/* The task of simple_http_webserver in a runner; the agent around it is tested end to end. */

const PATIENCE = { withinMs: 15_000 };
const FLOW = { flow: "simple_http_webserver", version: 1 };

describe("the web server's task", () => {
  it("serves its directory until it is told to stop, and the port is free then", async () => {
    const { serve, page } = await opened();
    const linked = hooks();

    const answer = serve(linked);
    await until(page, PATIENCE);
    linked.abort(new Error("handed over"));

    await expect(answer).rejects.toThrow("handed over");
    expect(await page()).toBeUndefined();
  });

  it("fails when the server is killed, so that a retry can start it again", async () => {
    const { serve, page } = await opened();
    const first = serve(hooks());
    await until(page, PATIENCE);

    signal(serverPid(), "SIGKILL");

    await expect(first).rejects.toMatchObject({ failure: { code: "SIGNAL_SIGKILL" } });
    const linked = hooks();
    const again = serve(linked);
    expect(await until(page, PATIENCE)).toBe("served");
    linked.abort(new Error("over"));
    await expect(again).rejects.toThrow("over");
  });

  it("fails with the server's own words when the port is taken", async () => {
    const { serve, page, lines } = await opened();
    const linked = hooks();
    const first = serve(linked);
    await until(page, PATIENCE);

    const second = serve(hooks());
    await expect(second).rejects.toMatchObject({ failure: { code: "EXIT_1" } });
    await expect(second).rejects.toThrow(/exited with 1: .*EADDRINUSE/);

    expect(lines.some((line) => line.includes("EADDRINUSE"))).toBe(true);
    linked.abort(new Error("over"));
    await expect(first).rejects.toThrow("over");
  });

  it("succeeds when the server ends by itself with 0", async () => {
    const { serve, page } = await opened();
    const answer = serve(hooks());
    await until(page, PATIENCE);

    signal(serverPid(), "SIGTERM");

    expect(await answer).toBeNull();
  });
});

async function opened() {
  const root = join(tempDir(), "root");
  mkdirSync(root);
  writeFileSync(join(root, "index.html"), "served");
  const port = await freePort();
  const { runners } = openRunners();
  const { bodies, lines } = await openBodies(runners, { ...FLOW, params: { port, root } });
  const args = { host: "127.0.0.1", port, root };
  const serve = (linked: ReturnType<typeof hooks>): ReturnType<JobBodies["execute"]> => {
    const answer = bodies.execute(call("run_simple_webserver", { args }), linked);
    answer.catch(() => undefined); // Looked at later than it may reject.
    return answer;
  };
  const page = async () => {
    const url = `http://127.0.0.1:${port}/`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(500) }).catch(() => undefined);
    return answer?.text();
  };
  return { serve, page, lines };
}

/** The server process itself, not the guard that names it too. */
function serverPid(): number {
  const servers = familyOf(process.pid).filter(({ command }) => command.includes("file-server"));
  const server = servers.find(({ pid }) => servers.every(({ parent }) => parent !== pid));
  if (server === undefined) throw new Error("there is no server");
  return server.pid;
}
