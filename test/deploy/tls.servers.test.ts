import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { openRedisBoard } from "../../boards/redis/board.js";
import { freePort } from "../../scripts/lab/ports.js";
import { openBoardAt } from "../boards/consul-subject.js";
import { openMysql } from "../contracts/mysql.js";
import { closing } from "../contracts/sqlite.js";
import { startConsul, startMariadb, startRedis } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";

/* The authority and the lines of docs/install.md, as they stand there; only places are others. */

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/install.md"), "utf8");
const certificates = mkdtempSync(join(tmpdir(), "jobrunner-authority-"));
const ca = join(certificates, "ca.pem");

beforeAll(() => {
  const commands = block("openssl req -x509", "sh").replace("192.168.1.5", "127.0.0.1");
  execFileSync("/bin/sh", ["-ec", commands], { cwd: certificates, stdio: "pipe" });
  return () => {
    rmSync(certificates, { recursive: true });
  };
}, 60_000);

it("Redis speaks TLS with the lines of the page", async () => {
  const tlsPort = await freePort();
  const lines = block("# redis.conf").split("\n").slice(1).filter(Boolean);
  // Its own port without TLS stays: the test waits there for the server.
  const args = lines.filter((line) => line !== "port 0").flatMap((line) => `--${line}`.split(" "));
  const { server } = await startRedis(tempDir(), {
    args: args.map((word) => (word === "6380" ? String(tlsPort) : word)),
  });
  onTestFinished(() => server.kill());

  const url = `rediss://127.0.0.1:${String(tlsPort)}`;
  const board = closing(await openRedisBoard(`${url}?ca=${ca}`, { leaseMs: 5_000 }));

  expect(await board.survey()).toMatchObject({ signatures: [] });
  await expect(openRedisBoard(url, { leaseMs: 5_000 })).rejects.toThrow(/certificate/);
});

it("MariaDB takes nothing but TLS with the lines of the page", async () => {
  const lines = block("# my.cnf").split("\n").slice(1).filter(Boolean);
  const args = lines.map((line) => `--${line.replace(" = ", "=")}`);
  const { server, url } = await startMariadb(tempDir(), { args });
  closing(server);

  const persistence = await openMysql(`${url}?ca=${ca}`);

  await expect(persistence.check()).resolves.toBeUndefined();
  await expect(openMysql(url)).rejects.toMatchObject({ code: "PERSISTENCE_DOWN" });
});

it("Consul speaks TLS with the lines of the page", async () => {
  const https = await freePort();
  const text = block("# a file of Consul's").replace(/^#.*\n/, "");
  const config = JSON.parse(text) as Record<string, unknown>;
  delete config["ports"];
  const consul = await startConsul(tempDir(), { config, ports: { https } });
  onTestFinished(() => consul.server.kill());

  const url = `consul+https://127.0.0.1:${String(https)}/tls`;
  const board = await openBoardAt(`${url}?ca-file=${ca}`);

  expect(await board.survey()).toMatchObject({ signatures: [] });
  await expect(openBoardAt(url)).rejects.toThrow(/certificate/);
});

/** The block of the page that begins so, with our place for the certificates. */
function block(start: string, language = ""): string {
  const [, text = ""] = PAGE.split(`\`\`\`${language}\n${start}`);
  return `${start}${text.slice(0, text.indexOf("\n```"))}`.replaceAll(
    "/etc/ssl/jobrunner",
    certificates,
  );
}
