/** Runs what it is given, so many at the same time, in the order in which it was asked to. */
export function atMost(max: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running < max) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift(); // It takes this one's place.
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
