export interface Patience {
  readonly withinMs: number;
  /** Pause between two looks, milliseconds; default 20. */
  readonly everyMs?: number;
  /** What is waited for, for the error. */
  readonly what?: string;
}

export type Truthy<T> = Exclude<T, undefined | null | false | 0 | "">;

/** The first truthy answer of `look`; rejects when there is none in time. */
export async function until<T>(
  look: () => T | Promise<T>,
  { withinMs, everyMs = 20, what = "a condition" }: Patience,
): Promise<Truthy<T>> {
  const end = performance.now() + withinMs;
  let trouble: unknown;
  for (;;) {
    try {
      const answer = await look();
      if (answer) return answer as Truthy<T>;
    } catch (error) {
      trouble = error;
    }
    if (performance.now() > end) {
      const message = `waited ${String(withinMs)} ms in vain for ${what}`;
      throw new Error(message, trouble === undefined ? {} : { cause: trouble });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
