import { homedir } from "node:os";

/** `/` for a user whom nobody knows, as one of a container or of systemd's `DynamicUser` may be. */
export function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    return "/"; // No $HOME and no entry in the table of users.
  }
}
