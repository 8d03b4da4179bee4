import type { FromRunner, ToRunner } from "../messages.js";

/** The way to one runner, be it a process or a thread. */
export interface Transport {
  /** Process id, or that of this process for a thread. */
  readonly pid: number | undefined;
  /** Never throws; what is posted to a runner that has ended is lost. */
  post(message: ToRunner): void;
  /** Ends it at once, whatever it does. */
  kill(): void;
}

export interface TransportEvents {
  message(message: FromRunner): void;
  /** A line the runner wrote to its standard output or error. */
  output(line: string): void;
  /** It is gone; said once, with how, such as "exit code 3" or "SIGKILL". */
  ended(how: string): void;
}

export interface TransportOptions {
  /** Limit of the heap, MiB; default Node's own. */
  readonly memoryMb?: number;
}

export type OpenTransport = (events: TransportEvents, options: TransportOptions) => Transport;
