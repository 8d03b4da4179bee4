import { z } from "zod";
import { BUILTIN_CAPABILITIES } from "../capabilities/builtin/all.js";
import { parseClauseNow } from "../capabilities/parse.js";
import { type AccessToken, parseTokens } from "../common/access.js";
import { parseBytes } from "../common/text/bytes.js";
import { parseDuration } from "../common/text/duration.js";
import { hasCode, JobrunnerError } from "../common/error.js";
import type { Clause } from "../common/job.js";
import type { Json } from "../common/json.js";
import type { PortRange } from "../common/port.js";
import { type Overrides, parseOverrides } from "../facts/overrides.js";
import { LOG_LEVELS } from "./config.js";
import { hookOf, HOOKS_MAX } from "./hooks.js";

/*
 * The settings as they are written, in their long form (normalise.ts knows the short ones). Every
 * object is strict: an unknown key is a mistake, never ignored.
 */

const DAY_MS = 86_400_000;
const MEMORY_MIN = 64 * 1024 ** 2;
/** Some chunks of lines, which are kept and removed as a whole. */
const LOG_MIN = 64 * 1024;

const name = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,63}$/,
    "is not a name: a-z, 0-9, _ and -, at most 64, such as nas-1",
  );

/** A port alone is one of the loopback. */
const LISTEN = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]+):)?(\d{1,5})$/;

const listen = z.coerce
  .string()
  .refine(
    (text) => Number(LISTEN.exec(text)?.[2] ?? Number.NaN) <= 65_535,
    "is not an address: write it as 127.0.0.1:7463; port 0 takes a free one",
  );

const token = z
  .string()
  .regex(/^\S{16,}$/, "is too easy to guess, or has blanks: 16 characters or more");

/** The text of the file that `{ file: PATH }` names. */
const tokens = z.string().transform((text, context): readonly AccessToken[] => {
  try {
    return parseTokens(text);
  } catch (error) {
    if (!(error instanceof JobrunnerError)) throw error;
    context.addIssue({ code: "custom", message: `is no file of tokens: ${error.message}` });
    return z.NEVER;
  }
});

/** A duration such as 10s, as milliseconds. */
function duration(low: number, high: number): z.ZodType<number, string> {
  return z
    .string("is not a duration: write it as 30s, 500ms or 1h30m")
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms !== undefined && ms >= low && ms <= high) return ms;
      const message =
        ms === undefined
          ? "is not a duration: write it as 30s, 500ms or 1h30m"
          : `is not within ${String(low)} ms and ${String(high)} ms`;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    });
}

const NO_BYTES = "is not an amount of bytes such as 1GiB";

/** `1GiB`, or a number of bytes. */
const bytes = z.union([z.int().min(0), z.string()], NO_BYTES).transform((given, context) => {
  const amount = typeof given === "number" ? given : parseBytes(given);
  if (amount !== undefined && amount <= 2 ** 50) return amount;
  context.addIssue({ code: "custom", message: NO_BYTES });
  return z.NEVER;
});

function whole(low: number, high: number): z.ZodInt {
  const message = `is not a whole number from ${String(low)} to ${String(high)}`;
  return z.int(message).min(low, message).max(high, message);
}

function url(...schemes: readonly string[]): z.ZodString {
  const wanted = schemes.map((scheme) => `${scheme}://`).join(" or ");
  return z
    .string()
    .regex(new RegExp(`^(${schemes.join("|")})://[^/]`), `does not begin with ${wanted}`);
}

/** Of a tag: `rack: 5` is natural YAML. */
const label = z
  .union([z.string(), z.number(), z.boolean()], "is not a text, a number, true or false")
  .transform(String);

/** Ports of a range, whose free ones are told as a fact: a number for each. */
const PORTS_MAX = 10_000;

/** `8000-8999`, or one port. */
const ports = z
  .union([z.int(), z.string()], "is not a range of ports: write it as 8000-8999")
  .transform((given, context): PortRange => {
    const [, low = "", high = low] = /^(\d{1,5})(?: *- *(\d{1,5}))?$/.exec(String(given)) ?? [];
    const range = [Number(low), Number(high)] as const;
    const message = portsMistake(low === "" ? undefined : range);
    if (message === undefined) return range;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });

function portsMistake(range: PortRange | undefined): string | undefined {
  if (range === undefined) return "is not a range of ports: write it as 8000-8999";
  const [low, high] = range;
  if (low < 1 || high > 65_535 || low > high) return "is not within 1-65535, lowest first";
  return high - low < PORTS_MAX ? undefined : `is more than ${String(PORTS_MAX)} ports`;
}

/** Checked by the facts themselves, which say what each may be. */
function overrides(given: Readonly<Record<string, Json>>, context: z.RefinementCtx): Overrides {
  try {
    return parseOverrides(given);
  } catch (error) {
    if (!hasCode(error, "USAGE")) throw error;
    context.addIssue({ code: "custom", message: error.message });
    return z.NEVER;
  }
}

/** A capability as people write it; those of authors are not known before their files are loaded. */
const clause = z.string().transform((text, context): Clause => {
  try {
    return parseClauseNow(text, BUILTIN_CAPABILITIES);
  } catch (error) {
    if (!(error instanceof JobrunnerError)) throw error;
    const { message, hint = "" } = error;
    context.addIssue({ code: "custom", message: `is none that is built in: ${message}. ${hint}` });
    return z.NEVER;
  }
});

const board = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("embedded"), path: z.string().min(1).optional() }),
  z.strictObject({
    kind: z.literal("redis"),
    url: url("redis", "rediss").optional(),
    prefix: z
      .string()
      .regex(/^[\w:.-]{1,64}$/, "is not a prefix such as jobrunner:")
      .optional(),
  }),
  z.strictObject({
    kind: z.literal("consul"),
    prefix: z
      .string()
      .regex(/^[\w./-]{1,64}$/, "is not a prefix such as jobrunner/")
      .optional(),
  }),
]);

const persistence = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("embedded"), path: z.string().min(1).optional() }),
  z.strictObject({ kind: z.literal("mysql"), url: url("mysql", "mariadb").optional() }),
]);

export const SETTINGS = z.strictObject({
  agent: z
    .strictObject({
      name: name.optional(),
      slots: whole(1, 1_000).optional(),
      runner: z.enum(["process", "thread"]).optional(),
      memory: bytes
        .refine((amount) => amount >= MEMORY_MIN, "is too little for Node: 64MiB or more")
        .optional(),
      freePorts: ports.optional(),
      tags: z.record(z.string().min(1), label).optional(),
    })
    .optional(),
  api: z
    .strictObject({
      listen: listen.optional(),
      token: token.optional(),
      tokens: tokens.optional(),
      advertise: url("http", "https").optional(),
      tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }).optional(),
      ca: z.string().min(1).optional(),
      streamsPerCaller: whole(1, 1_000).optional(),
    })
    .optional(),
  peers: z.array(url("http", "https")).optional(),
  flows: z.strictObject({ dirs: z.array(z.string().min(1)).optional() }).optional(),
  facts: z.record(z.string(), z.json()).transform(overrides).optional(),
  board: board.optional(),
  persistence: persistence.optional(),
  consul: z
    .strictObject({
      address: url("http", "https").optional(),
      token: z.string().optional(),
      ca: z.string().min(1).optional(),
    })
    .optional(),
  claim: z
    .strictObject({
      lease: duration(500, 600_000).optional(),
      patience: duration(10_000, DAY_MS).optional(),
    })
    .optional(),
  drain: z.strictObject({ timeout: duration(0, DAY_MS).optional() }).optional(),
  retention: z
    .strictObject({
      days: whole(0, 36_500).optional(),
      jobs: whole(0, 100_000_000).optional(),
      bytes: bytes.optional(),
    })
    .optional(),
  logs: z
    .strictObject({
      bytesPerJob: bytes
        .refine((amount) => amount === 0 || amount >= LOG_MIN, "is too little: 64KiB or more, or 0")
        .optional(),
    })
    .optional(),
  onlyWhen: z.array(clause).optional(),
  hooks: z
    .array(hookOf(url("http", "https"), duration(100, 600_000)))
    .max(HOOKS_MAX)
    .optional(),
  log: z.strictObject({ level: z.enum(LOG_LEVELS).optional() }).optional(),
});

export type CheckedSettings = z.infer<typeof SETTINGS>;

/** The part of a JSON Schema that names of settings are looked up in. */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
}

/** Names that may stand under `path`; none when no object belongs there. */
export function keysUnder(path: readonly (string | number)[]): readonly string[] {
  const root = z.toJSONSchema(SETTINGS, { io: "input", unrepresentable: "any" }) as Shape;
  let shapes: readonly Shape[] = [root];
  for (const key of path) {
    shapes = shapes.flatMap((shape) =>
      typeof key === "number" ? (shape.items ?? []) : (propertiesOf(shape)[key] ?? []),
    );
  }
  return [...new Set(shapes.flatMap((shape) => Object.keys(propertiesOf(shape))))];
}

function propertiesOf({ properties, anyOf, oneOf }: Shape): Readonly<Record<string, Shape>> {
  const more = [...(anyOf ?? []), ...(oneOf ?? [])].map(propertiesOf);
  return Object.assign({}, ...more, properties) as Record<string, Shape>;
}
