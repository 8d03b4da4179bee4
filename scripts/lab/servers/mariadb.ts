import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../ports.js";
import { ServerProcess } from "./server.js";

export interface MariadbOptions {
  /** Further arguments of mariadbd. */
  readonly args?: readonly string[];
  /** Where it listens; default 127.0.0.1. */
  readonly address?: string;
}

export interface MariadbServer {
  /** With user, password and the database `jobrunner`, which is empty at first. */
  readonly url: string;
  readonly port: number;
  readonly server: ServerProcess;
}

const USER = "jobrunner";

/** MariaDB with its data in `dir`, every commit on disk before it is answered. */
export async function startMariadb(
  dir: string,
  options: MariadbOptions = {},
): Promise<MariadbServer> {
  const { address = "127.0.0.1" } = options;
  const data = join(dir, "data");
  // Of its own: one that starts clears away what others have in theirs.
  const scratch = join(dir, "tmp");
  mkdirSync(scratch, { recursive: true });
  if (!existsSync(join(data, "mysql"))) await installData(data, scratch);
  const init = join(dir, "init.sql");
  writeFileSync(init, initSql(address));
  const port = await freePort();
  const server = await ServerProcess.start({
    name: "mariadb",
    dir,
    command: [
      "mariadbd",
      ...serverArgs({ data, dir, init, port, address }),
      ...(options.args ?? []),
    ],
    answers: () => greets(port, address),
    readyWithinMs: 60_000,
  });
  return { url: `mysql://${USER}:${USER}@${address}:${String(port)}/jobrunner`, port, server };
}

async function installData(data: string, scratch: string): Promise<void> {
  mkdirSync(data, { recursive: true });
  const user = `--user=${userInfo().username}`;
  const args = ["--no-defaults", user, "--auth-root-authentication-method=normal"];
  const where = [`--datadir=${data}`, `--tmpdir=${scratch}`];
  await promisify(execFile)("mariadb-install-db", [...args, "--skip-test-db", ...where]);
}

function initSql(address: string): string {
  const far = address === "127.0.0.1" ? [] : ["%"];
  const users = ["127.0.0.1", "localhost", ...far].map((host) => `'${USER}'@'${host}'`);
  return [
    "CREATE DATABASE IF NOT EXISTS jobrunner CHARACTER SET utf8mb4;",
    ...users.map((user) => `CREATE USER IF NOT EXISTS ${user} IDENTIFIED BY '${USER}';`),
    // Everything: tests make databases of their own.
    ...users.map((user) => `GRANT ALL ON *.* TO ${user};`),
    "",
  ].join("\n");
}

interface Places {
  readonly data: string;
  readonly dir: string;
  readonly init: string;
  readonly port: number;
  readonly address: string;
}

function serverArgs({ data, dir, init, port, address }: Places): readonly string[] {
  return [
    "--no-defaults",
    `--user=${userInfo().username}`,
    `--datadir=${data}`,
    `--tmpdir=${join(dir, "tmp")}`,
    `--port=${String(port)}`,
    `--bind-address=${address}`,
    `--socket=${join(dir, "mariadb.sock")}`,
    `--pid-file=${join(dir, "mariadb.pid")}`,
    `--init-file=${init}`,
    "--skip-name-resolve",
    // Fifty agents have four each.
    "--max-connections=500",
    "--innodb-buffer-pool-size=64M",
    "--innodb-flush-log-at-trx-commit=1",
  ];
}

/** A server of this kind speaks first, once it takes connections; errors begin with 0xff. */
function greets(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once("data", (packet) => {
      resolve(packet[4] !== 0xff);
      socket.destroy();
    });
    socket.once("error", () => undefined);
    socket.once("close", () => {
      resolve(false);
    });
  });
}
