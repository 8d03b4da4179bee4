import type { ConsulClient } from "../../consul/client.js";
import type { Returns } from "../../consul/waiting/returns.js";
import { op, type Op } from "../../consul/txn.js";
import type { Identity } from "./identity.js";
import type { Folder, Keys, Waiting } from "./keys.js";
import type { Lease } from "./lease.js";
import type { Spread } from "./looking/spread.js";

/** Where jobs wait is remembered for so many; forgetting one costs a read. */
const REMEMBERED_MAX = 10_000;

/** A claim of this board, as it was when it was last known to be good. */
export interface Holding {
  /** Of the key claims/<id>: unchanged as long as nobody else has touched the claim. */
  readonly index: number;
  readonly session: string;
}

/** Where a job was seen waiting. */
export interface Place extends Waiting {
  /** Its folder, when nothing else was in it. */
  readonly alone?: Folder;
}

/** What the acts of one open board share. */
export interface Context {
  readonly client: ConsulClient;
  readonly returns: Returns;
  readonly keys: Keys;
  readonly identity: Identity;
  readonly lease: Lease;
  readonly spread: Spread;
  /** By claimId. */
  readonly holdings: Map<string, Holding>;
  /** By job id: where it was last seen waiting. */
  readonly places: Map<string, Place>;
  /** Folders of signatures by name, as the last survey saw them. */
  readonly surveyed: Map<string, Folder>;
  /** Texts of signatures by hash. */
  readonly signatures: Map<string, string>;
  /** Wall clock, milliseconds: delays are counted in it, so clocks of agents should agree. */
  now(): number;
  /** Aborts when the board is closed. */
  readonly closed: AbortSignal;
  /** The step that wakes every waiting agent. */
  ring(): Op;
}

/** Remembers within bounds: what was remembered first is forgotten first. */
export function remember<K, V>(memory: Map<K, V>, key: K, value: V): void {
  memory.delete(key);
  memory.set(key, value);
  if (memory.size <= REMEMBERED_MAX) return;
  for (const oldest of memory.keys()) {
    memory.delete(oldest);
    break;
  }
}

/** Writes the bell, each time with another value: an equal one would wake nobody. */
export function ringer(keys: Keys, name: string): () => Op {
  let rung = 0;
  return () => {
    rung += 1;
    return op.set(keys.bell, `${name}.${rung}`);
  };
}
