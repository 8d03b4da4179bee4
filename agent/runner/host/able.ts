import type { Verdict } from "../../../capabilities/capability.js";
import { JobrunnerError } from "../../../common/error.js";
import type { AbleQuestion } from "../runner.js";
import type { LoadedCapability } from "./loader.js";

/** Asks the author's code, within its time limit; rejects with what it throws. */
export async function able(
  capabilities: ReadonlyMap<string, LoadedCapability>,
  { name, args, facts, limitMs }: AbleQuestion,
): Promise<Verdict> {
  const asked = capability(capabilities, name);
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<Verdict>((resolve) => {
    timer = setTimeout(() => {
      late.abort();
      resolve({ unknown: `no answer within ${limitMs} ms` });
    }, limitMs);
  });
  const answer = asked.check(args, facts, late.signal);
  answer.catch(() => undefined); // Too late to matter, perhaps.
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}

export function capability(
  capabilities: ReadonlyMap<string, LoadedCapability>,
  name: string,
): LoadedCapability {
  const found = capabilities.get(name);
  if (found !== undefined) return found;
  throw new JobrunnerError("NOT_FOUND", `No capability named "${name}" is loaded here.`);
}
