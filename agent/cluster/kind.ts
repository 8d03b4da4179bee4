/** The kind of a board or a persistence, by its URL. */
export function kindOf(url: string): string {
  const scheme = url.split(":", 1)[0] ?? "";
  return KINDS[scheme] ?? scheme;
}

const KINDS: Readonly<Record<string, string>> = {
  sqlite: "embedded",
  rediss: "redis",
  "consul+https": "consul",
  mariadb: "mysql",
};
