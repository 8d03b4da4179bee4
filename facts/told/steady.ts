/**
 * An amount as it is shown under a key: a multiple of `grid`, or with "doubling" a power of two,
 * never more than there is. Noise does not change what is shown: of an amount that grows more is
 * shown once it is three quarters into the next step, so that one at the border of two steps does
 * not go to and fro.
 */
export type Steady = (key: string, amount: number, grid: number | "doubling") => number;

/** Amounts as they are. */
export const EXACT: Steady = (_key, amount) => amount;

const NEXT = 1.75;
/** Keys come from jobs that anybody may have posted. */
const KEYS_MAX = 200;

/** Rounds, and remembers what it showed. */
export function createSteady(): Steady {
  const shown = new Map<string, number>();
  return (key, amount, grid) => {
    const exact = grid === "doubling" ? Math.log2(Math.max(1, amount)) : amount / grid;
    const before = shown.get(key);
    const kept = before !== undefined && exact >= before && exact - before < NEXT;
    const step = kept ? before : Math.floor(exact);
    shown.delete(key); // So that the order of keys is the order in which they were asked for.
    shown.set(key, step);
    const [oldest] = shown.keys();
    if (shown.size > KEYS_MAX && oldest !== undefined) shown.delete(oldest);
    return grid === "doubling" ? 2 ** step : step * grid;
  };
}
