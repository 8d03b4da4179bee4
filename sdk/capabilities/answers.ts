import type { Verdict } from "../../capabilities/capability.js";

/* What an author's capability may answer, besides true and false. */

/** The machine has it. */
export function yes(): Verdict {
  return { able: true };
}

/** It has not: what is here, what would do, and what somebody could do about it. */
export function no(observed: string, needed: string, help?: string): Verdict {
  return { able: false, observed, needed, ...(help === undefined ? {} : { help }) };
}

/** Nobody can tell; counts as "no". */
export function unknown(why: string): Verdict {
  return { unknown: why };
}
