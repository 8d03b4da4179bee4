/** Oldest Redis the scripts and the connection are tested with. */
const OLDEST = [6, 2] as const;

/** What an operator should know of a server, from what its INFO says. */
export function adviceOn(info: ReadonlyMap<string, string>): readonly string[] {
  const advice: string[] = [];
  const version = info.get("redis_version") ?? "";
  if (isOld(version))
    advice.push(`Redis ${version} is older than 6.2, and lacks commands that are used.`);
  if (info.get("aof_enabled") === "0") {
    advice.push(
      "Redis keeps no append-only file: a restart empties the board. No job is lost, but all wait " +
        "until the next sweep puts them back. Set appendonly yes.",
    );
  }
  const policy = info.get("maxmemory_policy") ?? "";
  if (policy.startsWith("allkeys-")) {
    advice.push(
      `Redis drops keys when its memory is full (maxmemory-policy ${policy}), the board's too. ` +
        "Set maxmemory-policy noeviction.",
    );
  }
  return advice;
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return version !== "" && (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]));
}
