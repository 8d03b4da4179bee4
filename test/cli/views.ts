import type { Failure } from "../../common/failure.js";
import type { AttemptView, JobDetailView, JobView, NodeView } from "../../common/wire.js";

/* Fixed views, as an agent would send them, and the moment at which they are looked at. */

export const NOW = Date.parse("2027-03-01T18:42:07.000Z");

/** So many seconds before (or, negative, after) that moment. */
function ago(seconds: number): string {
  return new Date(NOW - seconds * 1000).toISOString();
}

const BASE = { version: 1, priority: 0, postedVia: "lenovo-x1" } as const;

export const RUNNING: JobView = {
  ...BASE,
  id: "01980f3a-7c1e-7b02-9d40-5a6f0e1c2b33",
  flow: "web",
  name: "web",
  state: "RUNNING",
  agent: "nas-1",
  postedAt: ago(180),
};

/** One job in each state that a list can show. */
export const JOBS: readonly JobView[] = [
  RUNNING,
  {
    ...RUNNING,
    id: "01980f39-e000-7b02-9d40-5a6f0e1c2b34",
    flow: "backup",
    name: "nightly backup of the photographs",
    state: "REVERTING",
    agent: "pixel-7",
    postedAt: ago(9 * 60),
    request: "cancel",
  },
  { ...waiting("01980f38-e000-7b02-9d40-5a6f0e1c2b35"), postedAt: ago(12 * 60) },
  { ...waiting("01980f37-e000-7b02-9d40-5a6f0e1c2b36"), state: "SCHEDULED", runAt: ago(-540) },
  {
    ...RUNNING,
    id: "01980f36-e000-7b02-9d40-5a6f0e1c2b37",
    flow: "a_flow_with_a_rather_long_name",
    name: "a_flow_with_a_rather_long_name",
    state: "SUSPENDED",
    agent: "an-agent-with-a-long-name",
    postedAt: ago(3 * 3600),
    reason: { code: "POISON", message: "3 owners died while listen ran" },
  },
  ended("01980f31-1000-7b02-9d40-5a6f0e1c2b38", "SUCCESS"),
  ended("01980f30-1000-7b02-9d40-5a6f0e1c2b39", "REVERTED"),
  ended("01980f2f-1000-7b02-9d40-5a6f0e1c2b3a", "FAILURE"),
  ended("01980f2e-1000-7b02-9d40-5a6f0e1c2b3b", "CANCELLED"),
  {
    ...ended("01980f2d-1000-7b02-9d40-5a6f0e1c2b3c", "CANCELLED"),
    startBy: ago(86_400 * 2 - 40),
    reason: { code: "EXPIRED", message: `no owner had started it by ${ago(86_400 * 2 - 40)}` },
  },
];

function waiting(id: string): JobView {
  const { agent: _, ...rest } = RUNNING;
  return { ...rest, id, flow: "encode", name: "encode", state: "WAITING" };
}

function ended(id: string, state: JobView["state"]): JobView {
  return { ...RUNNING, id, state, postedAt: ago(86_400 * 2), endedAt: ago(86_400 * 2 - 41) };
}

const IN_USE: Failure = {
  name: "Error",
  code: "EADDRINUSE",
  message: "port 8887 is in use by another program on this machine, which is not ours",
};

function attempt(
  state: string,
  agent: string,
  [from, to]: readonly [number, number?],
): AttemptView {
  return {
    state,
    agent,
    startedAt: ago(from),
    ...(to === undefined ? {} : { endedAt: ago(to) }),
    ...(state === "REVERTED" || state.endsWith("FAILURE") ? { failure: IN_USE } : {}),
  };
}

function task(name: string, state: string, attempts: readonly AttemptView[]): NodeView {
  return { kind: "task", name, state, attempts };
}

function serve(children: readonly NodeView[]): NodeView {
  return {
    kind: "flow",
    name: "serve",
    pattern: "linear",
    children: [
      {
        kind: "retry",
        name: "serve_retry",
        detail: "times(5), 2s apart",
        state: "SUCCESS",
        attempts: [
          attempt("SUCCESS", "pixel-7", [200, 200]),
          attempt("SUCCESS", "nas-1", [150, 150]),
        ],
      },
      ...children,
    ],
  };
}

/** A flow with a retry in its second attempt, an atom that lost its owner, one not begun. */
const TREE: NodeView = {
  kind: "flow",
  name: "web",
  pattern: "linear",
  children: [
    task("prepare", "SUCCESS", [attempt("SUCCESS", "pixel-7", [207, 206.2])]),
    serve([
      task("serve/reserve-port", "SUCCESS", [
        attempt("REVERTED", "pixel-7", [206, 205.9]),
        attempt("SUCCESS", "nas-1", [150, 149.965]),
      ]),
      task("serve/listen", "RUNNING", [
        attempt("REVERTED", "pixel-7", [205, 204.8]),
        { ...attempt("LOST", "lenovo-x1", [195, 149]) },
        attempt("RUNNING", "nas-1", [149]),
      ]),
    ]),
    {
      kind: "flow",
      name: "tell",
      pattern: "unordered",
      children: [task("tell/mail", "PENDING", []), task("tell/chat", "PENDING", [])],
    },
  ],
};

const OWNERS = [
  {
    token: 1,
    agent: "pixel-7",
    machine: "m1",
    since: ago(207),
    until: ago(200),
    ended: "handover",
  },
  { token: 2, agent: "lenovo-x1", machine: "m2", since: ago(196), until: ago(149), ended: "lost" },
  { token: 3, agent: "nas-1", machine: "m3", since: ago(149) },
];

/** In the middle of its work, by its third owner. */
export const DETAIL: JobDetailView = {
  ...RUNNING,
  priority: 5,
  params: { port: 8887, root: "/srv/www", title: "all my pages", mode: "static" },
  needs: ["is_x86_64", "port_is_free(8887)"],
  owners: OWNERS,
  tree: TREE,
  failures: [],
};

/** Goes on where another job had ended, was itself retried, and taken from its first owner. */
export const RETRIED: JobDetailView = {
  ...DETAIL,
  retryOf: "01980f2a-7c1e-7b02-9d40-5a6f0e1c2b20",
  retriedBy: ["01980f4a-7c1e-7b02-9d40-5a6f0e1c2b40", "01980f4b-7c1e-7b02-9d40-5a6f0e1c2b41"],
  state: "REVERTED",
  endedAt: ago(60),
  owners: [{ ...OWNERS[0]!, ended: "released" }],
  tree: {
    kind: "flow",
    name: "web",
    pattern: "linear",
    children: [
      { ...task("prepare", "SUCCESS", []), kept: true },
      { ...task("upload", "REVERTED", [attempt("REVERTED", "nas-1", [70, 65])]), kept: true },
      task("listen", "REVERTED", [attempt("REVERTED", "nas-1", [80, 71])]),
    ],
  },
};

/** Held back by all that can hold a job back. */
export const WAITS: JobDetailView = {
  ...{ ...DETAIL, state: "WAITING", owners: [], startBy: ago(-600) },
  ...{ uniqueKey: "import-acme", concurrency: { key: "disk", limit: 2 } },
  waitsFor: { key: "disk", limit: 2, taken: [JOBS[0]!.id, JOBS[1]!.id] },
  tree: { kind: "flow", name: "web", pattern: "linear", children: [task("listen", "PENDING", [])] },
};

/** Something could not be undone. */
export const FAILED: JobDetailView = {
  ...DETAIL,
  state: "FAILURE",
  endedAt: ago(60),
  owners: [{ ...OWNERS[0]!, ended: "outcome" }],
  tree: {
    kind: "flow",
    name: "web",
    pattern: "graph",
    children: [
      task("prepare", "REVERT_FAILURE", [attempt("REVERT_FAILURE", "pixel-7", [207, 206])]),
      task("optional", "IGNORE", []),
      task("listen", "REVERTED", [
        ...Array.from({ length: 8 }, (_, n) =>
          attempt("REVERTED", "pixel-7", [205 - n, 204.5 - n]),
        ),
      ]),
    ],
  },
  failures: [
    { atom: "prepare", failure: { name: "TypeError", message: "dir is undefined\nat prepare" } },
    { atom: "listen", failure: IN_USE },
  ],
};

/** Went well, and says what came of it. */
export const SUCCEEDED: JobDetailView = {
  ...DETAIL,
  ...ended(RUNNING.id, "SUCCESS"),
  owners: [{ ...OWNERS[0]!, ended: "outcome" }],
  tree: { ...TREE, children: [task("prepare", "SUCCESS", [attempt("SUCCESS", "nas-1", [9, 8])])] },
  outputs: { url: "http://nas-1:8887/", files: ["a.html", "b.html"] },
};

/** Names and messages that try to command the terminal. */
export const HOSTILE: JobDetailView = {
  ...SUCCEEDED,
  name: "\u001b[2Jgone\nnext line\u202etxet",
  params: { "a\u0007": "\u001b]0;title\u0007" },
  needs: ["x\u009b31m"],
};
