import { describe, expect, it } from "vitest";
import type { Client } from "../../cli/api/client.js";
import type { StreamEvent } from "../../cli/api/event-stream.js";
import { followLogs } from "../../cli/commands/post/following.js";
import { createTerminal } from "../../cli/terminal.js";
import type { JobDetailView, JobView } from "../../common/wire.js";
import type { LogLineView } from "../../common/wire/logs.js";
import { RUNNING } from "./views.js";

describe("the lines of a job that is followed", () => {
  it.each([
    ["SUSPENDED", undefined, 14],
    ["RUNNING", 50, 124],
  ] as const)("are read to the last when it is left %s", async (state, timeout, code) => {
    const printed: string[] = [];
    const terminal = { ...createTerminal({}), say: () => undefined, hint: () => undefined };
    const posted = { client: agentWith(state), terminal, flags: { timeout } };

    const ended = await followLogs(posted as Parameters<typeof followLogs>[0], RUNNING, (lines) => {
      printed.push(...lines.map(({ text }) => text));
    });

    expect(ended).toBe(code);
    expect(printed).toEqual(["line 1", "line 2", "line 3"]);
  });
});

/** Its stream tells of the first line; the others are stored when nobody follows any longer. */
function agentWith(state: JobView["state"]): Client {
  const detail = { params: {}, needs: [], owners: [], failures: [] };
  const tree = { kind: "flow", name: "web" } as const;
  const job: JobDetailView = { ...RUNNING, ...detail, tree, state };
  const pages = new Map<string | null, unknown>([
    ["1.1", { items: [line(2)], nextCursor: "1.2" }],
    ["1.2", { items: [line(3)] }],
  ]);
  return {
    agent: "alpha",
    get: <T>(path: string) => {
      const { pathname, searchParams } = new URL(path, "http://alpha");
      const isLogs = pathname.endsWith("/logs");
      return Promise.resolve((isLogs ? pages.get(searchParams.get("cursor")) : job) as T);
    },
    events: (path, { signal } = {}) =>
      Promise.resolve(sent(path.includes("/logs") ? [line(1)] : [], signal)),
    post: () => Promise.reject(new Error("nothing is posted")),
    delete: () => Promise.reject(new Error("nothing is deleted")),
    remove: () => Promise.reject(new Error("nothing is removed")),
  };
}

function line(n: number): LogLineView {
  const said = { atom: "talk", phase: "execute", stream: "log", text: `line ${n}` } as const;
  return { ...said, id: `1.${n}`, at: RUNNING.postedAt, agent: "alpha", token: 1, n };
}

async function* sent(
  lines: readonly LogLineView[],
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamEvent> {
  for (const each of lines) yield { id: each.id, event: "line", data: JSON.stringify(each) };
  await new Promise<void>((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener("abort", () => resolve());
  });
  signal?.throwIfAborted();
}
