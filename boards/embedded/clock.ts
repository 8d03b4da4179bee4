import { readFileSync } from "node:fs";
import type { LeaseClock } from "../board.js";

/**
 * CLOCK_MONOTONIC with the boot's id (P-32): the same for all processes of a machine, immune to
 * clock jumps, and after a reboot every lease is known to be over. The wall clock where there is
 * no boot id.
 */
export function machineClock(): LeaseClock {
  const boot = bootId();
  if (boot === undefined) return { era: "wall", now: () => Date.now() };
  return { era: boot, now: () => Number(process.hrtime.bigint() / 1_000_000n) };
}

function bootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() || undefined;
  } catch {
    return undefined; // Not Linux, or /proc is hidden.
  }
}
