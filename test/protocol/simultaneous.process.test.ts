import { describe, expect, it } from "vitest";
import { openSqlitePersistence } from "../../persistence/sqlite/persistence.js";
import { openEmbeddedBoard } from "../../boards/embedded/board.js";
import { newJob, posted } from "../contracts/samples.js";
import { closing, DRIVERS, tempFile } from "../contracts/sqlite.js";
import { startChild } from "./child.js";

const PROCESSES = 4;
const ROUNDS = 20;

describe("agents in several processes on one file", () => {
  it("P-4, P-7: one of 20 simultaneous claimers gets the job, and one raise", async () => {
    const path = tempFile();
    const persistence = closing(await openSqlitePersistence(path));
    await persistence.migrate();
    const board = closing(await openEmbeddedBoard(path, { leaseMs: 60_000 }));
    // Where the running Node has both drivers, both work on the file at once.
    const children = Array.from({ length: PROCESSES }, (_, index) =>
      startChild("claimer.ts", [path, `inc${index}`, DRIVERS[index % DRIVERS.length] ?? ""]),
    );
    for (const child of children) expect(await child.next()).toBe("ready");

    const grants: unknown[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { id } = await posted(persistence, newJob());
      await board.put([{ id, signature: "s", priority: 0, delayMs: 0 }]);
      for (const child of children) child.send(id);
      const answers = await Promise.all(children.map((child) => child.next()));
      grants.push(sum(answers));
      expect(await persistence.job(id)).toMatchObject({ token: 1 });
      expect(await persistence.ownerships(id)).toHaveLength(1);
    }

    expect(grants).toEqual(grants.map(() => ({ claimed: 1, raised: 1 })));
    expect(grants).toHaveLength(ROUNDS);
  });

  it("make the schema of one new file at once, and all find it whole", async () => {
    const path = tempFile();
    const children = Array.from({ length: PROCESSES }, () => startChild("migrator.ts", [path]));
    for (const child of children) expect(await child.next()).toBe("ready");

    for (const child of children) child.send("go");
    const answers = await Promise.all(children.map((child) => child.next()));

    expect(answers).toEqual(children.map(() => ({ open: 0 })));
  });

  it("are not kept out by one that was killed while it made the schema", async () => {
    const path = tempFile();
    const killed = startChild("migrator.ts", [path, "stop"]);
    const next = startChild("migrator.ts", [path]);
    expect(await killed.next()).toBe("ready");
    expect(await next.next()).toBe("ready");
    killed.send("go");
    expect(await killed.next()).toBe("inside");

    next.send("go");
    await killed.kill("SIGKILL");

    expect(await next.next()).toEqual({ open: 0 });
  });
});

function sum(answers: readonly unknown[]): { claimed: number; raised: number } {
  const total = { claimed: 0, raised: 0 };
  for (const answer of answers as readonly (typeof total)[]) {
    total.claimed += answer.claimed;
    total.raised += answer.raised;
  }
  return total;
}
