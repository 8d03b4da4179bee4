import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { openBoard } from "../../../boards/open.js";
import { startRedis } from "../../lab/servers/redis.js";
import type { BenchedBoard } from "./benched.js";

const LEASE_MS = 60_000;

/** The least that makes a claim: is there such a job, and is it free. */
const RAW = `
  if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
  return redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', 60000) and 1 or 2`;

/** Redis with its append-only file on disk every second. */
export async function benchRedis(): Promise<BenchedBoard> {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-bench-"));
  const { url, server } = await startRedis(dir);
  const raw = new Redis(url, { disableClientInfo: true });
  await raw.hset("{raw}:jobs", "job", 1);
  const sha = String(await raw.script("LOAD", RAW));
  const open = (name: string) => openBoard(`${url}?prefix=${name}`, { leaseMs: LEASE_MS });
  let [n, asked] = [0, 0];
  return {
    name: "redis",
    version: infoOf(await raw.info("server"), "redis_version"),
    open,
    openCounted: open,
    // Less those that ask here.
    requests: async () =>
      Number(infoOf(await raw.info("stats"), "total_commands_processed")) - ++asked,
    rawAct: () => raw.evalsha(sha, 2, "{raw}:jobs", `{raw}:${String(++n)}`, "job", "owner"),
    smallest: () => raw.ping(),
    crowds: [100, 10_000, 100_000],
    bars: {
      pairsShareMin: 0.12,
      lostPerJobMax: 1.5,
      crowdRatioMax: 1.5,
      pickUpMax: 25,
      pickUpP99Max: { ms: 20, smallest: 30 },
      idleMax: 5,
    },
    async [Symbol.asyncDispose]() {
      raw.disconnect();
      await server.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function infoOf(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "?";
}
