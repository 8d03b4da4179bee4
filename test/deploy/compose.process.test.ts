import { beforeAll, describe, expect, it } from "vitest";
import type { JobDetailView, NodeView } from "../../common/wire.js";
import { runCommand } from "../../scripts/lab/command.js";
import {
  buildImage,
  type Cluster,
  composeMissing,
  type ComposeProfile,
  PROFILES,
  startCluster,
} from "../../scripts/lab/compose.js";
import { until } from "../../scripts/lab/until.js";

/* The compose file, from an image of this tree to the main job of the project. */

const missing = await composeMissing();
const skip = missing !== undefined;
if (skip) console.log(`note: NOT TESTED: deploy/docker-compose.yml, since ${missing}`);

const BUILD_WITHIN_MS = 500_000;
/** Consul ends a session after twice its time. */
const MOVED_WITHIN_MS = 45_000;

describe.skipIf(skip)("a cluster of containers", { timeout: 240_000 }, () => {
  beforeAll(async () => {
    const began = performance.now();
    await buildImage();
    tell("the image was built", began);
  }, BUILD_WITHIN_MS);

  it.each(Object.keys(PROFILES) as ComposeProfile[])(
    "(%s) goes on with a job whose agent is killed, or told to stop",
    async (profile) => {
      const began = performance.now();
      await using cluster = await startCluster(profile);
      tell(`${profile}: three agents were ready`, began);

      const killed = await move(cluster, (agent) => cluster.kill(agent));
      const stopped = await move(cluster, (agent) => cluster.stop(agent));

      expect(killed.attempts).toContain("LOST");
      expect(stopped.attempts).not.toContain("LOST");
      for (const { job, moved } of [killed, stopped]) {
        expect(job.state).toBe("SUCCESS");
        expect(job.owners).toHaveLength(2);
        expect(moved).toBeLessThan(MOVED_WITHIN_MS);
      }
      const figures = `${(killed.moved / 1000).toFixed(1)} s after its agent was killed`;
      console.log(
        `note: ${profile}: a job went on ${figures}, ${(stopped.moved / 1000).toFixed(1)} s after stop`,
      );
    },
  );
});

/** A job that is in the middle, what happens to its agent, and the job when it is over. */
async function move(cluster: Cluster, strike: (agent: string) => Promise<void>) {
  const { agents, token } = cluster;
  const alive = [...agents.keys()];
  const ask = async (...words: readonly string[]) => {
    // Those that were struck do not answer.
    for (const agent of alive) {
      const via = ["--via", agents.get(agent) ?? ""];
      const answer = await runCommand([...words, ...via], { JOBRUNNER_TOKEN: token });
      if (answer.code !== 5) return answer;
    }
    throw new Error(`no agent answers:\n${await cluster.logs()}`);
  };
  const posted = await ask("post", "steps", "--pause", "400", "-o", "name");
  const id = posted.stdout.trim();
  const show = async () =>
    JSON.parse((await ask("show", id, "-o", "json")).stdout) as JobDetailView;
  const begun = await until(
    async () => {
      const job = await show();
      return atoms(job.tree).filter(({ state }) => state === "SUCCESS").length >= 3 && job;
    },
    { withinMs: 30_000, everyMs: 200, what: "three steps" },
  );
  const owner = begun.agent ?? "nobody";

  const struck = performance.now();
  const striking = strike(owner);
  alive.splice(alive.indexOf(owner), 1);
  const isMoved = async () => {
    const { agent, state } = await show();
    return state === "RUNNING" && agent !== undefined && agent !== owner;
  };
  await until(isMoved, { withinMs: MOVED_WITHIN_MS, everyMs: 100, what: "another owner" });
  const moved = performance.now() - struck;
  await striking;

  await ask("wait", id);
  const job = await show();
  const attempts = atoms(job.tree).flatMap(({ attempts: each = [] }) =>
    each.map(({ state }) => state),
  );
  return { job, moved, attempts };
}

function atoms(node: NodeView): readonly NodeView[] {
  const children = "children" in node ? (node.children ?? []) : [];
  return children.length === 0 ? [node] : children.flatMap(atoms);
}

function tell(what: string, began: number): void {
  console.log(`note: ${what} in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
