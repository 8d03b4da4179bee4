const KINDS = [
  /^(Timeout|Immediate|ProcessWrap|MessagePort|StatWatcher)$/,
  /^(TCP|UDP|Pipe|FSEvent|FSReq)\w*$/,
];

/** What keeps this process alive now, by kind; unref'd timers do not. */
export function openResources(): ReadonlyMap<string, number> {
  const kinds = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (KINDS.some((known) => known.test(kind))) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return kinds;
}

/** What is open now and was not `before`, such as `2 Timeout`. */
export function openedSince(before: ReadonlyMap<string, number>): readonly string[] {
  return [...openResources()].flatMap(([kind, open]) => {
    const more = open - (before.get(kind) ?? 0);
    return more > 0 ? [`${String(more)} ${kind}`] : [];
  });
}
