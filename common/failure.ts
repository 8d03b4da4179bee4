import type { Json } from "./json.js";

/** An error as it is stored and sent: the only form in which one crosses a process or machine. */
export interface Failure {
  /** The error's class name, such as `TypeError`. */
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** A machine-readable code such as `EADDRINUSE`, when the error carried one. */
  readonly code?: string;
  /** What the thrower attached on purpose (`error.data`). */
  readonly data?: Json;
  readonly cause?: Failure;
}
