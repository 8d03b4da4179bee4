import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { JobBoard } from "../boards/board.js";
import { JobrunnerError } from "../common/error.js";
import { ensureDirectory } from "../config/state-directory.js";

/*
 * Who this agent is (D6, P-33): a machine id kept in the state directory and an incarnation made
 * at every start, never the host name. An incarnation holds an operating-system lock on a file of
 * its own for as long as it lives: a predecessor is dead if, and only if, its lock can be taken.
 */

/** A lock of the operating system: gone when its process is. */
export interface Lock {
  release(): void;
}

/** Takes the lock on a file, making the file; undefined when another process holds it. */
export type TakeLock = (path: string) => Lock | undefined;

export interface IdentityOptions {
  readonly directory: string;
  /** Instance name, unique in the state directory. */
  readonly name: string;
  readonly takeLock: TakeLock;
}

export interface AgentIdentity extends AsyncDisposable {
  readonly agent: string;
  readonly machine: string;
  readonly incarnation: string;
  /** The incarnation before this one under the same name, when it is proven dead. */
  readonly predecessor?: string;
  /** Tells other processes of this machine where this agent answers. */
  announce(address: string): Promise<void>;
}

/** What `<state>/agents/<name>.json` holds. */
interface Registration {
  readonly name: string;
  readonly incarnation: string;
  readonly pid: number;
  readonly address?: string;
}

export async function openIdentity(options: IdentityOptions): Promise<AgentIdentity> {
  const { directory, name, takeLock } = options;
  const agents = join(directory, "agents");
  await ensureDirectory(agents);
  const machine = await machineId(directory);
  const file = join(agents, `${name}.json`);
  const nameLock = takeLock(join(agents, `${name}.lock`));
  const before = await readJson<Registration>(file);
  if (nameLock === undefined) throw nameTaken(name, before);
  const predecessor = before && (await provenDead(agents, before, takeLock));

  const incarnation = randomBytes(6).toString("hex");
  const lockPath = join(agents, `${incarnation}.lock`);
  const lock = takeLock(lockPath);
  if (lock === undefined) throw new JobrunnerError("INTERNAL", `cannot lock ${lockPath}`);
  await removeDeadLocks(agents, lockPath, takeLock);
  const registration: Registration = { name, incarnation, pid: process.pid };
  await writeJson(file, registration);
  return {
    agent: name,
    machine,
    incarnation,
    ...(predecessor === undefined ? {} : { predecessor }),
    announce: (address) => writeJson(file, { ...registration, address }),
    async [Symbol.asyncDispose]() {
      // The file goes first: nobody may find an address whose agent has left.
      await rm(file, { force: true });
      lock.release();
      nameLock.release();
      await removeLock(lockPath);
    },
  };
}

async function provenDead(
  agents: string,
  before: Registration,
  takeLock: TakeLock,
): Promise<string | undefined> {
  const path = join(agents, `${before.incarnation}.lock`);
  const lock = takeLock(path);
  if (lock === undefined) return undefined;
  lock.release();
  await removeLock(path);
  return before.incarnation;
}

/** Age from which a lock file nobody holds is left over, ms: a new one may not be locked yet. */
const LEFT_OVER_MS = 60 * 60_000;

/** Those of agents that were killed and whose names never came back; `own` was just made. */
async function removeDeadLocks(agents: string, own: string, takeLock: TakeLock): Promise<void> {
  const { mtimeMs: now } = await stat(own);
  for (const file of await readdir(agents)) {
    if (!/^[0-9a-f]{12}\.lock$/.test(file)) continue;
    const path = join(agents, file);
    const made = await stat(path).catch(() => undefined); // Removed by another agent that starts.
    if (made === undefined || now - made.mtimeMs < LEFT_OVER_MS) continue;
    const lock = takeLock(path);
    if (lock === undefined) continue;
    lock.release();
    await removeLock(path);
  }
}

async function removeLock(path: string): Promise<void> {
  await Promise.all([path, `${path}-journal`].map((each) => rm(each, { force: true })));
}

function nameTaken(name: string, holder: Registration | undefined): JobrunnerError {
  const where = holder?.address === undefined ? "" : ` at ${holder.address}`;
  const who = holder === undefined ? "" : ` (pid ${holder.pid}${where})`;
  return new JobrunnerError("CONFLICT", `an agent named "${name}" runs here already${who}`, {
    hint: "Give this one another name: jobrunner run --name NAME --listen 127.0.0.1:0",
  });
}

/**
 * A random id, made once. It goes with a hash of the system's own machine id: a copied disk image
 * brings a foreign one, and is given a new id.
 */
async function machineId(directory: string): Promise<string> {
  const file = join(directory, "machine.json");
  const system = await systemHash();
  const known = await readJson<{ readonly id: string; readonly system: string }>(file);
  if (known !== undefined && known.system === system) return known.id;
  const id = randomUUID();
  await writeJson(file, { id, system });
  return id;
}

/** P-33: what the process before this one held, once the system proved that one dead. */
export async function takeBack(
  { predecessor }: AgentIdentity,
  board: Pick<JobBoard, "held" | "abandon">,
  log: Logger,
): Promise<void> {
  if (predecessor === undefined) return;
  const held = await board.held(predecessor);
  for (const [job, claimId] of held) await board.abandon(job, claimId);
  if (held.size > 0) log.info({ jobs: held.size }, "took back what the process before this held");
}

async function systemHash(): Promise<string> {
  for (const path of ["/etc/machine-id", "/var/lib/dbus/machine-id"]) {
    try {
      const text = await readFile(path, "utf8");
      return createHash("sha256").update(text.trim()).digest("hex").slice(0, 16);
    } catch {
      // Not every system has one; the next place, or none.
    }
  }
  return "none";
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch {
    return undefined; // Absent or torn: as if it had never been written.
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  await rename(temporary, path);
}
