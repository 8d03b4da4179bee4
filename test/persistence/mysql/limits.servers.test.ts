import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCommitter } from "../../../persistence/committer.js";
import type { MysqlPersistence } from "../../../persistence/mysql/persistence.js";
import type { MariadbServer } from "../../../scripts/lab/servers/mariadb.js";
import { emptyDatabase, openMysql, query } from "../../contracts/mysql.js";
import { appendOf, newJob, owned, type Owned, posted } from "../../contracts/samples.js";
import { closing } from "../../contracts/sqlite.js";
import { canStart, startMariadb } from "../../support/own-servers.js";
import { result } from "../committing.js";

/*
 * A server that takes packets of 1 MiB, and a user with the grants of docs/persistence.md, who may
 * not write while it is read-only.
 */

const GRANTS = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP";

describe.skipIf(!canStart("mariadb-server"))("a server that takes little", () => {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-test-"));
  let server: MariadbServer;

  beforeAll(async () => {
    server = await startMariadb(dir, { args: ["--max-allowed-packet=1M"] });
    await query(asRoot(), "CREATE USER small@'127.0.0.1' IDENTIFIED BY 'small'");
  }, 60_000);
  afterAll(async () => {
    await server.server.kill();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });

  /** Who may grant; the others may not. */
  function asRoot(): string {
    return `mysql://root@127.0.0.1:${server.port}/mysql`;
  }

  async function open(): Promise<MysqlPersistence> {
    const url = new URL(await emptyDatabase(server.url));
    await query(asRoot(), `GRANT ${GRANTS} ON ${url.pathname.slice(1)}.* TO small@'127.0.0.1'`);
    url.username = "small";
    url.password = "small";
    return openMysql(url.href);
  }

  async function ownedJobs(persistence: MysqlPersistence, count: number): Promise<Owned[]> {
    const owners: Owned[] = [];
    while (owners.length < count) {
      owners.push(await owned(persistence, (await posted(persistence, newJob())).id));
    }
    return owners;
  }

  it("is sent a batch in as many packets as it takes", async () => {
    const persistence = await open();
    const owners = await ownedJobs(persistence, 8);

    const appends = owners.map((owner) => appendOf(owner, 1, { changes: result(200_000) }));
    const verdicts = await persistence.append(appends);

    expect(verdicts).toEqual(owners.map(() => ({ accepted: true })));
    for (const { id } of owners) expect(await persistence.load(id)).toHaveLength(1);
  });

  it("is told at once what it will not take, and the connection goes on", async () => {
    const persistence = await open();
    const [owner] = (await ownedJobs(persistence, 1)) as [Owned];
    const before = await sessions();

    const append = persistence.append([appendOf(owner, 1, { changes: result(1_200_000) })]);

    await expect(append).rejects.toMatchObject({
      code: "TOO_LARGE",
      message: expect.stringContaining("takes packets of 1.0 MiB") as string,
      hint: expect.stringContaining("max_allowed_packet") as string,
    });
    expect(await persistence.append([appendOf(owner, 1)])).toEqual([{ accepted: true }]);
    expect(await sessions()).toEqual(expect.arrayContaining([...before]));
  });

  it("P-16: does not refuse the neighbours of one it will not take, whose packet was in", async () => {
    const persistence = await open();
    const owners = await ownedJobs(persistence, 4);
    const committer = closing(createCommitter(persistence));
    // Below 256 KiB each, so that they share a batch; together with its flow one is too large.
    const text = "x".repeat(120_000);
    const changes = [..."abcdefghi"].map(
      (atom) => ({ change: "saved", atom, value: text }) as const,
    );
    const large = owners.at(-1);

    const results = await Promise.allSettled(
      owners.map((owner) =>
        committer.append(
          appendOf(owner, 1, {
            changes: owner === large ? changes : result(150_000),
          }),
        ),
      ),
    );

    expect(results.slice(0, -1)).toEqual(
      owners.slice(1).map(() => ({ status: "fulfilled", value: { accepted: true } })),
    );
    expect(results.at(-1)).toMatchObject({ status: "rejected", reason: { code: "TOO_LARGE" } });
  });

  it("is left for another server when it has become read-only", async () => {
    const persistence = await open();
    const [owner] = (await ownedJobs(persistence, 1)) as [Owned];
    await persistence.append([appendOf(owner, 1)]);
    const before = await sessions();

    await query(server.url, "SET GLOBAL read_only = 1");
    const refused = await persistence.check().catch((error: unknown) => String(error));
    const after = await sessions();
    await query(server.url, "SET GLOBAL read_only = 0");

    expect(refused).toContain("is read-only");
    expect(before.length).toBeGreaterThan(0);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    await persistence.check();
    expect(await persistence.append([appendOf(owner, 2)])).toEqual([{ accepted: true }]);
  });

  /** Ids of the connections of that user. */
  async function sessions(): Promise<readonly unknown[]> {
    const list = "SELECT id FROM information_schema.processlist WHERE user = 'small'";
    return (await query(server.url, list)).map(({ id }) => id);
  }
});
