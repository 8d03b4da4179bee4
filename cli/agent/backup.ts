import { resolve } from "node:path";
import { JobrunnerError } from "../../common/error.js";
import { formatBytes } from "../../common/text/bytes.js";
import { loadConfig } from "../../config/load.js";
import { backUp } from "../../sqlite/backup.js";
import { EXIT } from "../exit.js";
import { createTerminal } from "../terminal.js";

export interface BackupFlags {
  /** The only file of settings to read. */
  readonly config?: string;
}

/** `jobrunner backup FILE`: a copy of this machine's database, while its agents go on. */
export async function backup(to: string, { config }: BackupFlags): Promise<number> {
  const terminal = createTerminal({});
  const named = config === undefined ? {} : { file: config };
  const { persistence } = loadConfig({ env: process.env, ...named }).config;
  const path = /^sqlite:(.+)$/s.exec(persistence)?.[1];
  if (path === undefined) {
    throw new JobrunnerError("USAGE", "the jobs are in a database of a server, not in a file", {
      hint: "Use the server's own tools: mariadb-dump --single-transaction, or mysqldump.",
    });
  }
  const bytes = await backUp(path, resolve(to));
  terminal.print(resolve(to));
  terminal.say(`${formatBytes(bytes)}; to restore it, stop the agents and put it where ${path} is`);
  return EXIT.ok;
}
