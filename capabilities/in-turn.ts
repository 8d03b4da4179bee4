/** Runs what it is given one after the other, in the order in which it was asked to. */
export function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined); // Whoever asked for it is told.
    return mine;
  };
}
