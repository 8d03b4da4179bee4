import { JobrunnerError } from "../common/error.js";
import type { DriverName, RawConnection } from "./connection.js";
import { openLibsql } from "./libsql-driver.js";
import { openNodeSqlite } from "./node-driver.js";

type Opener = (path: string) => RawConnection;

const found: Partial<Record<DriverName, Opener>> = {};

/**
 * The driver ladder: `node:sqlite` when this Node has it (22.13 and newer, nothing to install),
 * else the package libsql. Rejects with PERSISTENCE_DOWN when there is neither.
 */
export async function pickDriver(wanted?: DriverName): Promise<Opener> {
  for (const name of ["node", "libsql"] as const) {
    if (wanted !== undefined && wanted !== name) continue;
    const opener = found[name] ?? (name === "node" ? openNodeSqlite() : await openLibsql());
    if (opener === undefined) continue;
    found[name] = opener;
    return opener;
  }
  throw new JobrunnerError(
    "PERSISTENCE_DOWN",
    `There is no SQLite: Node ${process.versions.node} has none, and libsql is not installed.`,
    { hint: "Use Node 22.13 or newer, or run `npm install libsql`." },
  );
}
