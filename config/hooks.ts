import { z } from "zod";
import { HOOK_STATES, type HookSetting } from "./config.js";
import type { Mistake, Path } from "./sources/source.js";

/* Hooks as they are written, and as an agent has them. */

/** Of one call, when nobody says so, ms. */
const TIME_LIMIT_MS = 10_000;
export const HOOKS_MAX = 50;

const ONE_ACT = "needs a url or a command, and not both";

/** One of the list; durations are checked as everywhere. */
export function hookOf(url: z.ZodString, timeLimit: z.ZodType<number, string>) {
  return z
    .strictObject({
      on: z.array(z.enum(HOOK_STATES)).min(1),
      flows: z.array(z.string().min(1)).min(1).optional(),
      url: url.optional(),
      secret: z
        .string()
        .regex(/^\S{16,}$/, "is too easy to guess, or has blanks: 16 characters or more")
        .optional(),
      command: z.array(z.string().min(1)).min(1).optional(),
      timeLimit: timeLimit.optional(),
    })
    .refine((hook) => (hook.url === undefined) !== (hook.command === undefined), ONE_ACT)
    .refine((hook) => hook.secret === undefined || hook.url !== undefined, {
      ...{ path: ["secret"], message: "is for requests: a command is not signed" },
    });
}

type Written = z.infer<ReturnType<typeof hookOf>>;

/**
 * What is called has one name in persistence, whoever of the settings calls it: so one secret. Told
 * of the later hook. `lineOf`: where a setting is written, if in a file.
 */
export function hookMistakes(
  hooks: readonly Written[],
  lineOf: (path: Path) => number | undefined,
): readonly Mistake[] {
  return hooks.flatMap((hook, index) => {
    const earlier = hooks.slice(0, index);
    const other = earlier.findIndex((each) => isSameAct(each, hook) && !isSameCall(each, hook));
    if (other < 0) return [];
    const line = lineOf(["hooks", other]);
    const where = line === undefined ? "" : ` (line ${String(line)})`;
    const key = hook.url === undefined ? "command" : "url";
    const unread = hook.secret === undefined ? index : other;
    const message =
      `is that of hooks.${String(other)}${where} as well, which calls it with another secret or ` +
      "timeLimit: give both the same, or make one hook of them";
    return [{ unless: `hooks.${String(unread)}.secret`, path: ["hooks", index, key], message }];
  });
}

function isSameAct(one: Written, other: Written): boolean {
  return one.url === other.url && JSON.stringify(one.command) === JSON.stringify(other.command);
}

function isSameCall(one: Written, other: Written): boolean {
  const limitOf = ({ timeLimit = TIME_LIMIT_MS }: Written): number => timeLimit;
  return one.secret === other.secret && limitOf(one) === limitOf(other);
}

export function toHook({ on, flows, url, secret, command, timeLimit }: Written): HookSetting {
  return {
    on,
    ...(flows === undefined ? {} : { flows }),
    act:
      url === undefined
        ? { command: command ?? [] }
        : { url, ...(secret === undefined ? {} : { secret }) },
    timeLimitMs: timeLimit ?? TIME_LIMIT_MS,
    // Paths and queries of such addresses are often secrets themselves.
    shown: url === undefined ? (command?.[0] ?? "") : new URL(url).origin,
  };
}
