import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Client } from "../../cli/api/client.js";
import type { StreamEvent } from "../../cli/api/event-stream.js";
import { ANY_MAX, followAny } from "../../cli/commands/follow-any.js";
import { createTerminal } from "../../cli/terminal.js";
import { JobrunnerError } from "../../common/error.js";
import type { JobDetailView, JobView } from "../../common/wire.js";
import { until } from "../../scripts/lab/until.js";
import { RUNNING } from "./views.js";

const SOON = { withinMs: 4_000 };

describe("waiting for any of several jobs", () => {
  it("opens one stream for all of them, and looks at those of which it tells", async () => {
    const agent = new Agent(20);
    const followed = agent.follow();
    await until(() => agent.asked.length === 20, SOON);

    agent.tell({ type: "job.state", job: idOf(3) });
    await until(() => agent.asked.length === 21, SOON);
    agent.states.set(idOf(7), "SUCCESS");
    agent.tell({ type: "job.finished", job: idOf(99) });
    agent.tell({ type: "job.finished", job: idOf(7) });

    expect(await followed).toMatchObject({ end: "job", code: 0, job: { id: idOf(7) } });
    expect(agent.asked.slice(20)).toEqual([idOf(3), idOf(7)]);
    expect(agent.streams).toBe(1);
  });

  it("complains once when the agent is away, and not at all with -q", async () => {
    for (const quiet of [false, true]) {
      const agent = new Agent(5);
      agent.away = 2;
      agent.states.set(idOf(4), "REVERTED");

      expect(await agent.follow({ quiet })).toMatchObject({ code: 10 });
      expect(agent.said).toHaveLength(quiet ? 0 : 1);
    }
  });

  it("looks first at those of which it was told, and at no more when time is up", async () => {
    const agent = new Agent(10);
    agent.slowMs = 20;
    agent.states.set(idOf(0), "SUCCESS");
    const first = agent.follow({ timeoutMs: 10_000 }, [5, 4, 3, 2, 1, 0]);
    await until(() => agent.asked.length === 3, SOON);
    agent.states.set(idOf(5), "FAILURE");
    agent.tell({ type: "job.finished", job: idOf(5) });

    expect(await first).toMatchObject({ job: { id: idOf(5) } });

    const slow = new Agent(60);
    slow.slowMs = 20;
    expect(await slow.follow({ timeoutMs: 100 })).toEqual({ end: "timeout", code: 124 });
    expect(slow.asked.length).toBeLessThan(20);
  });

  it("ends at its time, and refuses too many of them", async () => {
    const agent = new Agent(2);

    expect(await agent.follow({ timeoutMs: 50 })).toEqual({ end: "timeout", code: 124 });
    await expect(new Agent(ANY_MAX + 1).follow()).rejects.toThrow("at most 64 jobs, not 65");
  });
});

function idOf(index: number): string {
  return `01980f3a-7c1e-7b02-9d40-${String(index).padStart(12, "0")}`;
}

/** What the command line sees of an agent whose jobs run until they are told to end. */
class Agent implements Client {
  readonly agent = "alpha";
  readonly states = new Map<string, JobView["state"]>();
  readonly asked: string[] = [];
  readonly said: string[] = [];
  streams = 0;
  /** How long an answer takes, ms. */
  slowMs = 0;
  /** So many questions are not answered. */
  away = 0;
  readonly #ids: readonly string[];
  readonly #events: StreamEvent[] = [];
  #wake: () => void = () => undefined;

  constructor(count: number) {
    this.#ids = Array.from({ length: count }, (_, index) => idOf(index));
  }

  follow(
    { quiet = false, timeoutMs }: { quiet?: boolean; timeoutMs?: number } = {},
    which: readonly number[] | undefined = undefined,
  ) {
    const say = (text: string): void => void this.said.push(text);
    const hint = quiet ? () => undefined : say;
    const terminal = { ...createTerminal({ quiet }), say, hint };
    const { signal } = new AbortController();
    return followAny(
      { client: this, terminal, signal, timeoutMs, quiet },
      which?.map(idOf) ?? this.#ids,
    );
  }

  tell(event: { readonly type: string; readonly job: string }): void {
    this.#events.push({ id: "1", event: event.type, data: JSON.stringify(event) });
    this.#wake();
  }

  get<T>(path: string): Promise<T> {
    const id = path.slice("/v1/jobs/".length);
    if ((this.away -= 1) >= 0) return Promise.reject(new JobrunnerError("UNREACHABLE", "gone"));
    this.asked.push(id);
    const detail = { params: {}, needs: [], owners: [], tree: { kind: "flow", name: "web" } };
    const state = this.states.get(id) ?? "RUNNING";
    const job = { ...RUNNING, ...detail, failures: [], id, state } as JobDetailView;
    return this.slowMs === 0 ? Promise.resolve(job as T) : pause(this.slowMs, job as T);
  }

  events(_path: string, { signal }: { signal?: AbortSignal | undefined } = {}) {
    this.streams += 1;
    return Promise.resolve(this.#sent(signal));
  }

  async *#sent(signal: AbortSignal | undefined): AsyncGenerator<StreamEvent> {
    const aborted = new Promise<void>((resolve) => {
      signal?.addEventListener("abort", () => resolve());
    });
    for (;;) {
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      yield* this.#events.splice(0);
      await Promise.race([woken, aborted]);
      signal?.throwIfAborted();
    }
  }

  post(): never {
    throw new Error("nothing is posted");
  }

  delete(): never {
    throw new Error("nothing is deleted");
  }

  remove(): never {
    throw new Error("nothing is removed");
  }
}
