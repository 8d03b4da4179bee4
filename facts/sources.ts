import { FREE_PORTS, type PortRange } from "../common/port.js";
import { cpuSource } from "./sources/cpu.js";
import { diskSource } from "./sources/disk.js";
import { gpuSource } from "./sources/gpu.js";
import { loadSource } from "./sources/load.js";
import { memorySource } from "./sources/memory.js";
import { networkSource } from "./sources/network.js";
import { portSource } from "./sources/ports.js";
import { powerSource } from "./sources/power.js";
import { programSource } from "./sources/programs.js";
import { surroundingsSource } from "./sources/surroundings.js";
import { systemSource } from "./sources/system.js";
import type { KeyedSources, Place, Source } from "./source.js";

export interface SourcesOptions {
  /** The range of which `free_ports` tells; default FREE_PORTS. */
  readonly ports?: PortRange;
  /** Where to look; default this machine. */
  readonly place?: Partial<Place>;
}

/** All sources there are. */
export function createSources(options: SourcesOptions = {}): {
  readonly sources: readonly Source[];
  readonly keyed: KeyedSources;
} {
  const here = { platform: process.platform, root: "", path: process.env["PATH"] ?? "" };
  const place: Place = { ...here, ...options.place };
  return {
    sources: [
      systemSource(),
      cpuSource(),
      memorySource(),
      loadSource(place),
      networkSource(),
      powerSource(place),
      gpuSource(place),
      surroundingsSource(place),
      portSource(place, options.ports ?? FREE_PORTS),
    ],
    keyed: { disk_free: diskSource(), programs: programSource(place) },
  };
}
