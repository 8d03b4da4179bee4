import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobBoard } from "../../../boards/board.js";
import { openBoard } from "../../../boards/open.js";
import { ConsulClient } from "../../../consul/client.js";
import { op, transact } from "../../../consul/txn.js";
import { Proxy } from "../../lab/proxy.js";
import { startConsul } from "../../lab/servers/consul.js";
import type { BenchedBoard } from "./benched.js";

const LEASE_MS = 10_000;

/** One Consul server, leader of itself, with its data on disk. */
export async function benchConsul(): Promise<BenchedBoard> {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-bench-"));
  const { port, server, version } = await startConsul(dir);
  const client = new ConsulClient({ host: "127.0.0.1", port, secure: false });
  const proxy = await Proxy.start(port);
  const openAt = (name: string, through: number): Promise<JobBoard> =>
    openBoard(`consul://127.0.0.1:${String(through)}/bench/${name}`, { leaseMs: LEASE_MS });
  let n = 0;
  return {
    name: "consul",
    version: await version(),
    open: (name) => openAt(name, port),
    openCounted: (name) => openAt(name, proxy.port),
    requests: () => Promise.resolve(proxy.requests),
    rawAct: () => {
      const key = `raw/${String(++n)}`;
      const steps = [op.set(`${key}/a`, "1"), op.set(`${key}/b`, "2"), op.delete(`${key}/c`)];
      return transact(client, steps);
    },
    smallest: () => transact(client, [op.set("smallest", String(++n))]),
    crowds: [100, 5_000],
    bars: {
      contestShareMin: 0.25,
      lostPerJobMax: 1.5,
      crowdRatioMax: 1.5,
      pickUpMax: 10,
      idleMax: 2,
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      client[Symbol.dispose]();
      await server.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
