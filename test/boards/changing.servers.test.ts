import { expect, inject, it } from "vitest";
import type { Agent } from "../../agent/agent.js";
import { ownPrefix } from "../contracts/redis.js";
import { EACH_ONCE, endsByJob, openCluster } from "./cluster.js";
import { boardUrl, freshPrefix } from "./consul-subject.js";

const LEASE_MS = 4_000;
/** Two agents of four slots each run eight; the others wait all the time. */
const [JOBS, RUNNING] = [12, 8];

it("from one kind of board to the other and back: nothing is lost, nothing runs twice (P-30)", async () => {
  const redis = `${inject("redisUrl")}?prefix=${ownPrefix()}`;
  const consul = boardUrl(inject("consulUrl"), freshPrefix());
  const scene = await openCluster(redis, LEASE_MS);
  // The same two machines each time, with what they remember.
  const start = async (board: string): Promise<readonly [Agent, Agent]> => [
    await scene.agent("alpha", board),
    await scene.agent("beta", board),
  ];
  // Asked twice, an agent does not wait for the step that holds: the next owner begins it anew.
  const stop = (agents: readonly Agent[]) =>
    Promise.all(agents.flatMap((agent) => [agent.stop(), agent.stop()]));

  const first = await start(redis);
  const jobs = await scene.post(first[0], JOBS);
  await scene.holding(RUNNING);
  await stop(first);
  const onRedis = await scene.persistence.boardId();

  const second = await start(consul);
  await scene.holding(RUNNING, 2);
  expect(await scene.persistence.boardId()).not.toBe(onRedis);
  await stop(second);

  const third = await start(redis);
  await scene.holding(RUNNING, 3);
  expect(await scene.persistence.boardId()).toBe(onRedis);
  scene.letGo();
  const ended = await scene.ended(third[0], jobs);

  expect(ended.map(({ state }) => state)).toEqual(Array(JOBS).fill("SUCCESS"));
  expect([...endsByJob(scene.effects()).values()]).toEqual(Array(JOBS).fill(EACH_ONCE));
  const owners = ended.map((job) => job.owners.length).sort((a, b) => a - b);
  // What ran was handed over twice, what waited never had another owner.
  expect(owners.reduce((sum, each) => sum + each, 0)).toBe(3 * RUNNING + (JOBS - RUNNING));
  for (const { id } of ended) {
    const tokens = (await scene.persistence.load(id)).map(({ token }) => token);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  }
});
