import { createHash } from "node:crypto";
import type { Posting } from "../board.js";

/*
 * Where a board keeps what, below its prefix:
 *
 *   identity                                     random id of this board, as old as its data
 *   bell                                         changes whenever something may be claimable
 *   jobs/<id>                                    the entry, from put to consume: { signature, ... }
 *   claims/<id>                                  locked by the holder's session; value: the claimId
 *   waiting/<signature>/<rank>.<id>              the job can be claimed
 *   waiting/~<minute>/<at>.<signature>.<rank>.<id>   it will be, at that time
 *   folders/<signature>, folders/~<minute>       there may be something in that folder of waiting/
 *
 * A job is in jobs/, and either in waiting/ or held in claims/. Every move is one transaction. Only
 * Consul itself makes a claim that nobody holds, when a session ends: `orphans.ts` sees to those.
 *
 * <signature> is a hash of fixed length, so that names stay short and within [A-Za-z0-9._~/-].
 * <rank> sorts higher priorities first; ids are UUIDv7, so names in order are jobs in order.
 */

/** What a board knows of a job. */
export interface Entry {
  readonly id: string;
  readonly signature: string;
  readonly priority: number;
  /** Wall clock, milliseconds: not claimable before; 0 = at once. */
  readonly at: number;
}

/** A waiting job as its name says it. */
export interface Waiting {
  readonly id: string;
  readonly hash: string;
  readonly rank: string;
  readonly at: number;
}

const HASH_LENGTH = 22;
const RANK_LENGTH = 6;
/** Priorities beyond are as good as this one. */
const PRIORITY_MAX = 499_999;
const AT_LENGTH = 14;
const MINUTE_MS = 60_000;
const MINUTE_LENGTH = 9;
const LATER = "~";

/** 128 bits: nobody makes two signatures with the same one, not even on purpose. */
export function hashOf(signature: string): string {
  return createHash("sha256").update(signature).digest("base64url").slice(0, HASH_LENGTH);
}

function rankOf(priority: number): string {
  const within = Math.max(-PRIORITY_MAX, Math.min(PRIORITY_MAX, priority));
  return String(PRIORITY_MAX - Math.round(within)).padStart(RANK_LENGTH, "0");
}

export function waitingOf({ id, signature, priority, at }: Entry): Waiting {
  return { id, hash: hashOf(signature), rank: rankOf(priority), at };
}

export function entryOf({ id, signature, priority, delayMs }: Posting, now: number): Entry {
  return { id, signature, priority, at: delayMs > 0 ? Math.ceil(now + delayMs) : 0 };
}

/** The value of jobs/<id>. */
export function textOf({ signature, priority, at }: Entry): string {
  return JSON.stringify({ signature, priority, at });
}

/** Undefined for a value that no board has written. */
export function parseEntry(id: string, text: string): Entry | undefined {
  try {
    const { signature, priority, at } = JSON.parse(text) as Partial<Entry>;
    if (typeof signature !== "string") return undefined;
    if (typeof priority !== "number" || typeof at !== "number") return undefined;
    return { id, signature, priority, at };
  } catch {
    return undefined; // Not JSON.
  }
}

/** The folder in which a job waits: of its signature, or of the minute in which it will be due. */
export function folderOf({ hash, at }: Pick<Waiting, "hash" | "at">): string {
  if (at === 0) return hash;
  return `${LATER}${String(Math.floor(at / MINUTE_MS)).padStart(MINUTE_LENGTH, "0")}`;
}

/** When the minute of a folder begins; undefined of a signature's. */
export function beginOf(folder: string): number | undefined {
  return folder.startsWith(LATER) ? Number(folder.slice(LATER.length)) * MINUTE_MS : undefined;
}

/** A folder of waiting jobs, as its key in folders/ was seen. */
export interface Folder {
  /** A signature's hash, or the minute of delayed jobs. */
  readonly name: string;
  /** Of its key: another one as soon as a job is placed in it. */
  readonly index: number;
  /** Text of its signature; "" when that is long, and of a minute. */
  readonly text: string;
}

/** The names of one board. */
export class Keys {
  readonly identity: string;
  readonly bell: string;
  readonly jobs: string;
  readonly claims: string;
  readonly waiting: string;
  readonly folders: string;

  constructor(prefix: string) {
    this.identity = `${prefix}/identity`;
    this.bell = `${prefix}/bell`;
    this.jobs = `${prefix}/jobs/`;
    this.claims = `${prefix}/claims/`;
    this.waiting = `${prefix}/waiting/`;
    this.folders = `${prefix}/folders/`;
  }

  job(id: string): string {
    return `${this.jobs}${id}`;
  }

  claim(id: string): string {
    return `${this.claims}${id}`;
  }

  /** Where a waiting job is found. */
  place(waiting: Waiting): string {
    const { id, hash, rank, at } = waiting;
    const time = at === 0 ? "" : `${String(at).padStart(AT_LENGTH, "0")}.${hash}.`;
    return `${this.inside(folderOf(waiting))}${time}${rank}.${id}`;
  }

  /** How the names of the jobs in a folder begin. */
  inside(folder: string): string {
    return `${this.waiting}${folder}/`;
  }

  /** Says that there may be something in a folder. */
  folder(name: string): string {
    return `${this.folders}${name}`;
  }

  /** The job that waits under a name of a folder; undefined for a name that is none of ours. */
  parse(key: string): Waiting | undefined {
    const [, folder = "", name = ""] = /^(.*)\/([^/]*)$/.exec(key.slice(this.waiting.length)) ?? [];
    const parts = folder.startsWith(LATER) ? LATER_NAME.exec(name) : OPEN_NAME.exec(name);
    if (parts?.groups === undefined) return undefined;
    const { at = "0", hash = folder, rank = "", id = "" } = parts.groups;
    return { id, hash, rank, at: Number(at) };
  }
}

const OPEN_NAME = new RegExp(`^(?<rank>\\d{${RANK_LENGTH}})\\.(?<id>.+)$`);
const LATER_NAME = new RegExp(
  `^(?<at>\\d{${AT_LENGTH}})\\.(?<hash>[\\w-]{${HASH_LENGTH}})\\.(?<rank>\\d{${RANK_LENGTH}})\\.(?<id>.+)$`,
);
