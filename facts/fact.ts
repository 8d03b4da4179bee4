/*
 * What an agent knows about the machine it runs on. Each fact is known, with the time of the look,
 * or unknown with a reason: phones hide much of /proc, and a library that finds nothing says zero.
 */

/** One network address of the machine; loopback and link-local ones are left out. */
export interface Address {
  readonly interface: string;
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
  /** `aa:bb:cc:dd:ee:ff`, for waking the machine. */
  readonly mac: string;
}

/** Every fact by name, with its meaning and unit. */
export interface FactTable {
  /** Name of the agent that tells. */
  agent: string;
  /** Labels its owner gave it. */
  tags: Readonly<Record<string, string>>;
  /** Processor family as Node names it: `x64`, `arm64`. */
  arch: string;
  /** Operating system as Node names it: `linux`, `android`, `darwin`, `win32`. */
  os: string;
  /** Release of the kernel. */
  kernel: string;
  /** Version of Node, without the `v`. */
  node_version: string;
  cpu_model: string;
  /** Processors this process may use at the same time. */
  cpu_count: number;
  /** Bytes, or the limit of the container when that is lower. */
  memory_total: number;
  /** Bytes that could be used without swapping. */
  memory_free: number;
  /** Load average of the last minute: processes that run or want to. */
  load: number;
  /** Bytes an ordinary user may still write, by path: those that somebody asked for. */
  disk_free: Readonly<Record<string, number>>;
  /** TCP ports somebody listens on, in order. */
  listening_ports: readonly number[];
  /** TCP ports of the configured range that nobody listens on, in order. */
  free_ports: readonly number[];
  addresses: readonly Address[];
  /** Percent of the battery; null when the machine has none. */
  battery: number | null;
  /** Whether it runs on mains; true for a machine without a battery. */
  on_mains: boolean;
  /** Graphics processors by vendor or model; empty when there is none. */
  gpus: readonly string[];
  /** Kind of container this process runs in, such as `docker`; null when it runs in none. */
  container: string | null;
  /** Kind of virtual machine, such as `kvm`; null on bare metal. */
  virtual_machine: string | null;
  /** Where programs are, by name: those that somebody asked for; null when not on the PATH. */
  programs: Readonly<Record<string, string | null>>;
}

export type FactName = keyof FactTable;

/** Facts about something that is named when they are asked for, such as a path. */
export type KeyedName = "disk_free" | "programs";
export type PlainName = Exclude<FactName, KeyedName>;
/** What is known about one key of such a fact. */
export type KeyedValue<N extends KeyedName> = FactTable[N][string];

export type Fact<T> =
  | {
      readonly known: T;
      /** When it was looked at, ms since 1970. */
      readonly at: number;
    }
  | { readonly unknown: string };

/** All facts at one moment. */
export type Snapshot = { readonly [N in FactName]: Fact<FactTable[N]> };
