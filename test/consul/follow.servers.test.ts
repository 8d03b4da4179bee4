import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { follow } from "../../consul/waiting/follow.js";
import { getKey } from "../../consul/kv.js";
import { Returns } from "../../consul/waiting/returns.js";
import { op, transact } from "../../consul/txn.js";
import { until } from "../../scripts/lab/until.js";
import { clientOf } from "../boards/consul-subject.js";
import { startConsul } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";

describe("following a key", () => {
  it("goes on through restarts, a failure of ours and a history that begins anew", async () => {
    const dir = tempDir();
    const consul = await startConsul(dir);
    await using server = consul.server;
    const client = clientOf(consul.url);
    const write = (text: string): Promise<boolean> =>
      // The server has a leader, and may not have told its own HTTP side yet.
      until(async () => (await transact(client, [op.set("k", text)])).done, { withinMs: 10_000 });
    for (let n = 0; n < 20; n += 1) await write(`old ${String(n)}`);
    const stop = new AbortController();
    const seen: (string | undefined)[] = [];
    const sees = (text: string): Promise<boolean> =>
      until(() => seen.at(-1) === text, { withinMs: 15_000, what: text });
    let failures = 0;
    const following = follow({
      ask: (how) => getKey(client, "k", how),
      seen: ({ body }) => {
        if (body?.value === "hard" && failures++ === 0) throw new Error("not this time");
        seen.push(body?.value);
      },
      spacingMs: 1,
      ...{ signal: stop.signal, returns: new Returns() },
    });
    await sees("old 19");

    await write("hard");
    await sees("hard");
    await server.restart();
    await write("after the restart");
    await sees("after the restart");
    await server.kill();
    rmSync(join(dir, "data"), { recursive: true });
    await server.start();
    await write("new");
    await sees("new");

    // Once in vain, once well; once more when a server that was started anew answers for itself.
    expect(failures).toBeGreaterThanOrEqual(2);
    stop.abort();
    await following;
  });
});
