import { existsSync } from "node:fs";

/** Whether a URL names an SQLite file that nobody has made yet. */
export function isAbsent(url: string): boolean {
  const path = /^sqlite:(.+)$/s.exec(url)?.[1];
  return path !== undefined && (path === ":memory:" || !existsSync(path));
}
