import pino from "pino";
import { onTestFinished } from "vitest";
import type { HookBook } from "../../agent/hooks/book.js";
import { Hooks } from "../../agent/hooks/hooks.js";
import { toJobView } from "../../agent/jobs/views.js";
import { Metrics } from "../../agent/metrics/metrics.js";
import { JobrunnerError } from "../../common/error.js";
import type { JobDetailView } from "../../common/wire.js";
import type { HookSetting } from "../../config/config.js";
import { appended, appendOf, ENDED, owned, posted } from "../contracts/samples.js";
import { openSteered, SteeredTime } from "../contracts/sqlite.js";
import { FakeClock } from "../support/fake-clock.js";

/** A persistence, a clock that both go by, and agents with hooks. */
export async function open() {
  const clock = new FakeClock();
  const { persistence } = await openSteered({ time: new Time(clock) });
  const lines: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
  const metrics = new Metrics();
  const detail = async (id: string): Promise<JobDetailView> => {
    const row = await persistence.job(id);
    if (row === undefined) throw new JobrunnerError("NOT_FOUND", `there is no job ${id}`);
    const view = toJobView(row, clock.now());
    const tree = { kind: "flow", name: "hello" } as const;
    return { ...view, params: {}, needs: [], owners: [], tree, failures: [] };
  };
  const agent = (settings: readonly HookSetting[], name = "alpha"): Hooks => {
    const { hooks: store } = persistence;
    const parts = { settings, hooks: store, clock, log, metrics, agent: name, detail };
    const hooks = new Hooks(parts);
    hooks.start();
    onTestFinished(() => hooks.stop());
    return hooks;
  };
  /** A job that ended here, and whose owner has these hooks. */
  const ended = async (hooks: HookBook): Promise<string> => {
    const { id, token, owner } = await owned(persistence, (await posted(persistence)).id);
    const calls = hooks.callsOf(owner, "hello", "SUCCESS");
    const end = { changes: ENDED, state: "SUCCESS", hooks: calls } as const;
    await appended(persistence, appendOf({ id, token, owner }, 1, end));
    hooks.wake();
    return id;
  };
  const counted = async () =>
    (await metrics.text()).split("\n").filter((line) => line.startsWith("jobrunner_hook_calls"));
  return { clock, persistence, agent, ended, log: lines, counted };
}

/** Database time goes with the clock. */
class Time extends SteeredTime {
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    super();
    this.#clock = clock;
  }

  override now(): number {
    return this.#clock.now();
  }
}

/** Of SUCCESS, unless `more` says otherwise. */
export function hook(url: string, more: Partial<HookSetting> = {}): HookSetting {
  return { on: ["SUCCESS"], act: { url }, timeLimitMs: 5_000, shown: url, ...more };
}
