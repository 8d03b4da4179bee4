import { describe, expect, it } from "vitest";
import { databaseOfChapter, openMysql, openSteeredMysql } from "../contracts/mysql.js";
import { chunkOf } from "../contracts/persistence/logging.js";
import { testPersistence } from "../contracts/persistence.js";
import { posted } from "../contracts/samples.js";

describe("persistence on MariaDB", () => {
  const empty = databaseOfChapter();

  testPersistence(async () => openSteeredMysql(await empty()));

  it("shows whoever reads on all that two agents store for one job at the same time", async () => {
    const url = await empty();
    const persistence = await openMysql(url);
    const other = await openMysql(url);
    const { id } = await posted(persistence);
    const numbers = Array.from({ length: 40 }, (_, n) => n + 1);
    const writing = [persistence, other].map(async (agent, index) => {
      for (const n of numbers) await agent.addLogs([chunkOf(id, index + 1, n)]);
    });
    let over = false;
    const written = Promise.all(writing).finally(() => (over = true));

    const seen: string[] = [];
    let after = { seq: 0, n: 0 };
    for (let last = false; !last;) {
      last = over;
      const page = await persistence.logs(id, { after, limit: 7 });
      for (const chunk of page?.chunks ?? []) {
        after = chunk;
        seen.push(`${chunk.token}.${chunk.n}`);
        last = false;
      }
    }
    await written;

    const all = [1, 2].flatMap((token) => numbers.map((n) => `${token}.${n}`));
    expect([...seen].sort()).toEqual([...all].sort());
  });
});
