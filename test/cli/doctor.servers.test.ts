import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import type { DoctorView } from "../../common/wire/doctor.js";
import { runCommand } from "../../scripts/lab/command.js";
import { freePort } from "../../scripts/lab/ports.js";
import { emptyDatabase, openMysql } from "../contracts/mysql.js";
import { guarded, printedPolicy } from "../support/guarded-consul.js";
import { startRedis } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";

it("tells of a Redis that may lose the board, and makes no step of a schema", async () => {
  const dir = tempDir();
  const args = ["--appendonly", "no", "--maxmemory-policy", "allkeys-lru"];
  const redis = await startRedis(dir, { args });
  await using _server = redis.server;
  const mysql = await emptyDatabase(inject("mysqlUrl"));

  const before = await doctor(`board: ${redis.url}\npersistence: ${mysql}\n`);
  const migrated = await openMysql(mysql);
  const after = await doctor(`board: ${redis.url}\npersistence: ${mysql}\n`);

  expect(before.code).toBe(0);
  const advice = before.of("board").map(({ state, detail }) => [state, detail.slice(0, 30)]);
  expect(advice).toEqual([
    ["ok", expect.stringContaining("redis://")],
    ["warn", "Redis keeps no append-only fil"],
    ["warn", "Redis drops keys when its memo"],
  ]);
  expect(before.of("persistence")).toMatchObject([
    { state: "warn", detail: expect.stringMatching(/schema empty$/) as string },
  ]);
  expect(JSON.stringify(before.of("persistence"))).not.toContain(`:${new URL(mysql).password}@`);
  expect(after.of("persistence")).toMatchObject([{ state: "ok" }]);
  expect(after.of("clock")).toMatchObject([{ state: "ok" }]);
  expect(await migrated.boardId()).toBeUndefined();
});

it("fails where nobody listens, with what to do", async () => {
  const [redis, mysql] = [await freePort(), await freePort()];

  const { code, of } = await doctor(
    `board: redis://127.0.0.1:${redis}\npersistence: mysql://u:hidden@127.0.0.1:${mysql}/x\n`,
  );

  expect(code).toBe(1);
  expect(of("board")).toMatchObject([{ state: "fail" }]);
  expect(of("persistence")).toMatchObject([{ state: "fail" }]);
  expect(JSON.stringify([of("board"), of("persistence")])).not.toContain("hidden");
});

it("tells what a Consul token lacks", async () => {
  const { url, token } = await guarded();
  const policy = printedPolicy("consul.md");
  const lacking = policy.replace(/session_prefix "" \{[^}]*\}/, "");
  const { host } = new URL(url);
  const mysql = await emptyDatabase(inject("mysqlUrl"));
  const settings = (secret: string): string =>
    `board: consul\nconsul: { address: "http://${host}", token: ${secret} }\npersistence: ${mysql}\n`;

  const good = await doctor(
    settings(await token(`${policy}\n${printedPolicy("registration.md")}`)),
  );
  const bad = await doctor(settings(await token(lacking)));

  expect(good.of("board")).toMatchObject([{ state: "ok" }]);
  expect(bad.code).toBe(1);
  expect(bad.of("board")).toMatchObject([
    {
      state: "fail",
      detail: expect.stringContaining("ermission denied") as string,
      fix: expect.stringContaining("docs/consul.md") as string,
    },
  ]);
});

async function doctor(settings: string) {
  const dir = tempDir();
  const config = join(dir, "config.yaml");
  writeFileSync(config, `${settings}api: { listen: 127.0.0.1:${await freePort()} }\n`);
  const env = { JOBRUNNER_CONFIG: config, XDG_STATE_HOME: join(dir, "state") };
  const { code, stdout } = await runCommand(["doctor", "-o", "json"], env);
  const { checks } = JSON.parse(stdout) as DoctorView;
  return { code, of: (name: string) => checks.filter((check) => check.name === name) };
}
