import type { AgentView } from "../../common/wire.js";
import { NOW } from "./views.js";

/* Agents as they tell of themselves, and as the registry knows silent ones. */

export const NAS: AgentView = {
  name: "nas-1",
  state: "ready",
  url: "http://10.0.0.5:7463",
  machine: "5e0d0a4e-9f2b-4b53-a0c1-0f8a4f6f2d11",
  version: "0.1.0",
  tags: ["x86_64", "linux", "board-consul", "room=attic", "disks"],
  facts: {
    ...{ arch: "x86_64", os: "linux", cpu_model: "AMD Ryzen 5", cpu_count: "12" },
    ...{ memory_total: "16 GiB", memory_free: "11.2 GiB", load: "0.7", gpus: "none" },
    ...{ battery: "none", kernel: "unknown: /proc/version cannot be read" },
  },
  slots: { total: 4, busy: 2 },
  jobs: ["0198f3a2-7c1e-7b02-9d40-5a6f0e1c2b33", "0198f39e-7c1e-7b02-9d40-5a6f0e1c2b34"],
};

const PHONE: AgentView = {
  ...NAS,
  ...{ name: "pixel-7", state: "draining", url: "http://10.0.0.9:7463" },
  tags: ["arm64", "android", "board-consul"],
  facts: {
    ...{ arch: "arm64", os: "android", memory_total: "7.5 GiB", memory_free: "912 MiB" },
    ...{ load: "unknown: hidden", battery: "41 %", on_mains: "no" },
  },
  slots: { total: 1, busy: 0 },
  jobs: [],
};

export const ASLEEP: AgentView = {
  name: "old-pc",
  state: "gone",
  url: "http://10.0.0.7:7463",
  version: "0.1.0",
  tags: ["x86_64", "linux"],
  facts: { arch: "x86_64", os: "linux", memory_total: "32 GiB", gpus: "RTX 3060" },
  note: "no heartbeat, perhaps asleep",
  heardAt: new Date(NOW - 2 * 86_400_000).toISOString(),
};

export const AGENTS: readonly AgentView[] = [NAS, ASLEEP, PHONE];
