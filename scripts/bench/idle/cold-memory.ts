import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/*
 * What a machine takes for memory that was left alone. Some hypervisors take pages away from guests
 * that rest, and whoever touches one again is charged for getting it back: measured on a shared
 * machine, 0.2 to 85 us a page, by the hour. An idle process touches the same pages at every wake,
 * so that there its share of a core is their number times that price, and little else.
 */

/** Idle agents wake so often; pages are counted anew each time, ms. */
const WINDOW_MS = 5_000;
const PAGE_BYTES = 4_096;
const PAGES = 2_048;
/** Not one after the other, or the processor fetches them beforehand; odd, so that all are met. */
const STRIDE = 769;

/** What it takes to touch a page that was left alone for 5 s, us; as measured over `ms`. */
export async function coldPageMicros(ms: number): Promise<number> {
  const memory = new Uint8Array(PAGES * PAGE_BYTES).fill(1);
  let [micros, touched] = [0, 0];
  for (let left = ms; left >= WINDOW_MS; left -= WINDOW_MS) {
    await pause(WINDOW_MS);
    const before = process.hrtime.bigint();
    for (let n = 0; n < PAGES; n += 1) {
      const page = (n * STRIDE) % PAGES;
      touched += memory[page * PAGE_BYTES] ?? 0;
    }
    micros += Number(process.hrtime.bigint() - before) / 1_000;
  }
  return micros / touched;
}

/** Pages that the processes touch, each once in 5 s, a second; over `ms`. Linux only. */
export async function touchedPages(pids: readonly number[], ms: number): Promise<number> {
  let pages = 0;
  for (let left = ms; left >= WINDOW_MS; left -= WINDOW_MS) {
    for (const pid of pids) writeFileSync(`/proc/${String(pid)}/clear_refs`, "1");
    await pause(WINDOW_MS);
    pages += pids.reduce((sum, pid) => sum + referencedBytes(pid) / PAGE_BYTES, 0);
  }
  return pages / (ms / 1_000);
}

function referencedBytes(pid: number): number {
  const memory = readFileSync(`/proc/${String(pid)}/smaps_rollup`, "utf8");
  return Number(/^Referenced:\s+(\d+) kB$/m.exec(memory)?.[1] ?? 0) * 1_024;
}
