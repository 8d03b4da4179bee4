import {
  defineFlow,
  defineRetry,
  defineTask,
  forEach,
  isX86_64,
  type Json,
  portIsFree,
  type Ref,
  times,
  z,
} from "../../sdk/index.js";

/*
 * Checked by the compiler, never run: what authors must be told while they type, and what must
 * pass. Each expected error fails the build when it no longer is one.
 */

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._: Equal<A, B> extends true ? [] : [never]): void {}

interface Site {
  readonly dir: string;
  readonly files: number;
}

export const web = defineFlow({
  name: "web",
  version: 1,
  summary: "Serves a directory",
  params: z.object({
    port: z.int().min(1).max(65535).default(8080),
    root: z.string().default("."),
    note: z.string().optional(),
    loud: z.boolean().default(false),
  }),
  capabilities: (p) => [isX86_64(), portIsFree(p.port)],
  build(f, p, given) {
    same<typeof given.port, number>();
    const site = f.task("prepare", {
      in: { root: p.root, note: p.note, depth: 3 },
      execute: async ({ root, note, depth }, ctx) => {
        same<typeof root, string>();
        same<typeof note, string | undefined>();
        same<typeof depth, number>();
        same<typeof ctx.attempt, number>();
        return { dir: root, files: 3 };
      },
      revert: async ({ root }, { result, failure }) => {
        same<typeof root, string>();
        same<typeof result, { dir: string; files: number } | undefined>();
        failure?.message.trim();
      },
    });
    same<typeof site.dir, Ref<string>>();

    const port = f.linear(
      "serve",
      (s, attempt) =>
        s.task("listen", {
          in: { dir: site.dir, port: p.port, attempt },
          execute: ({ dir, port, attempt }, ctx) => {
            same<typeof attempt, number>();
            ctx.log(`${dir} on ${port}`);
            return port;
          },
        }),
      { retry: times(5) },
    );
    same<typeof port, Ref<number>>();

    f.linear(
      "try-all",
      (s, host) => {
        same<typeof host, Ref<string>>();
        s.task("call", { in: { host }, execute: ({ host }) => host.trim() });
      },
      { retry: forEach(["a", "b"]) },
    );

    const maybe = f.task("maybe", {
      in: { n: port },
      when: ({ n }) => n > 80,
      execute: ({ n }) => n.toFixed(1),
    });
    same<typeof maybe, Ref<string | undefined>>();
    const parts = f.task("parts", { when: p.loud, execute: () => ({ dir: "x" }) });
    same<typeof parts.dir, Ref<string | undefined>>();
    f.task("interface", { execute: (): Site => ({ dir: "x", files: 1 }) });
    const any = f.task("any", { execute: (_, ctx) => ({ saved: ctx.lastSaved ?? null }) });
    same<typeof any.saved, Ref<Json>>();
    const list = f.task("list", { execute: () => [{ n: 1 }] });
    f.task("item", { in: { first: list[0]?.n }, execute: ({ first }) => (first ?? 0) + 1 });
    const json = f.task("json", { execute: (_, ctx): Json => ctx.lastSaved ?? null });
    f.task("json-within", { in: { json }, execute: ({ json }) => ({ was: [json] }) });
    const nothing = f.task("nothing", { execute: () => {} });
    same<typeof nothing, Ref<void>>();

    // @ts-expect-error there is no parameter `m`
    f.task("a", { in: { m: p.m }, execute: () => 1 });
    // @ts-expect-error a number has no trim
    f.task("b", { in: { port: p.port }, execute: ({ port }) => port.trim() });
    // @ts-expect-error the result has no member `size`
    f.task("c", { in: { size: site.size }, execute: () => 1 });
    // @ts-expect-error a Map is not JSON
    f.task("d", { execute: () => new Map([["a", 1]]) });
    // @ts-expect-error a date inside a result is not JSON
    f.task("e", { execute: async () => ({ at: new Date() }) });
    // @ts-expect-error there is no input of that name
    f.task("f", { in: { port: p.port }, execute: ({ prot }) => prot });
    // @ts-expect-error the reference is no value yet
    if (p.port > 80) f.task("g", { execute: () => 1 });
    // @ts-expect-error the task's result is a number
    f.task("h", { execute: () => 1, revert: (_, { result }) => result?.trim() });
    // @ts-expect-error inputs have names: a whole result is none
    f.task("j", { in: site, execute: ({ dir }) => dir });
    // @ts-expect-error nor can a result be spread
    f.task("k", { in: { ...site, port: 80 }, execute: ({ dir }) => dir });
    // @ts-expect-error a function is no constant
    f.task("i", { in: { f: () => 1 }, execute: () => 1 });
  },
});

export const strict = defineFlow({
  name: "strict",
  params: z.object({ port: z.int() }),
  // @ts-expect-error a port is a number
  capabilities: (p) => [portIsFree(String(p.port))],
  build: () => {},
});

const fetchFile = defineTask({
  execute: async (input: { readonly url: string; readonly tries: number }) => ({
    bytes: input.tries,
  }),
  revert: (_input, { result }) => result?.bytes.toFixed(),
});

export const shared = defineFlow({
  name: "shared",
  params: z.object({ url: z.string() }),
  build(f, p) {
    const file = f.use("fetch", fetchFile, { url: p.url, tries: 3 });
    same<typeof file.bytes, Ref<number>>();
    // @ts-expect-error `tries` is a number
    f.use("fetch-2", fetchFile, { url: p.url, tries: p.url });
    const asked = f.task("ask", { execute: () => ({ url: "x", tries: 1 }) });
    // @ts-expect-error inputs have names: a whole result is none
    f.use("fetch-4", fetchFile, asked);
    // @ts-expect-error `tries` is missing
    f.use("fetch-3", fetchFile, { url: p.url });
  },
});

// @ts-expect-error parameters have names: an object is wanted
export const rootless = defineFlow({ name: "rootless", params: z.string(), build: () => {} });

defineRetry({
  requires: ["limit"],
  execute: (history, { limit }) => {
    same<typeof limit, Json | undefined>();
    return history.length;
  },
  onFailure: (history) => (history.length < 3 ? "RETRY" : "REVERT"),
});
// @ts-expect-error that is no decision
defineRetry({ onFailure: () => "AGAIN" });

export const own = defineFlow({
  name: "own",
  params: z.object({ most: z.int() }),
  build(f, p) {
    const retry = defineRetry({
      in: { most: p.most, why: "x" },
      execute: (history, { most }) => ({ left: most - history.length }),
      onFailure: (history, { most }) => (history.length < most ? "RETRY" : "REVERT"),
    });
    f.linear("in", (_s, value) => same<typeof value.left, Ref<number>>(), { retry });
    defineRetry({
      in: { most: p.most },
      // @ts-expect-error a number has no trim
      onFailure: (_history, { most }) => (most.trim() ? "RETRY" : "REVERT"),
    });
  },
});

// @ts-expect-error a duration has a unit
times(3, { backoff: "5" });
