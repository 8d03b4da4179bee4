import { JobrunnerError } from "../common/error.js";
import type { BoardOptions, JobBoard } from "./board.js";

/**
 * Opens the board that `url` names: `sqlite:FILE`, `sqlite::memory:` for one agent alone, or
 * `redis://HOST` (`rediss:` with TLS) for any number of machines (docs/boards.md).
 * Rejects with USAGE for another kind, with BOARD_DOWN when it cannot be used.
 */
export async function openBoard(url: string, options: BoardOptions): Promise<JobBoard> {
  const [, kind, rest] = /^(\w+):(.+)$/s.exec(url) ?? [];
  if (kind === "sqlite" && rest !== undefined) {
    const { openEmbeddedBoard } = await import("./embedded/board.js");
    return openEmbeddedBoard(rest, options);
  }
  if (kind === "redis" || kind === "rediss") {
    const { openRedisBoard } = await import("./redis/board.js");
    return openRedisBoard(url, options);
  }
  throw new JobrunnerError("USAGE", `"${url}" names no board that jobrunner knows.`, {
    hint: "Write sqlite:FILE or redis://HOST.",
  });
}
