/** The element at that place, for places that are known to exist. Throws when it does not. */
export function at<T>(list: readonly T[], place: number): T {
  const element = list[place];
  if (element === undefined) throw new Error(`no element at place ${place} of ${list.length}`);
  return element;
}
