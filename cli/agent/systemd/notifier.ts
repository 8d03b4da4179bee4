import { execFile } from "node:child_process";

/** What systemd says to a service of `Type=notify` about itself. */
export interface NotifySettings {
  readonly socket: string;
  /** Silence for longer than this means a new start, milliseconds; undefined when nobody waits. */
  readonly watchdogMs?: number;
}

/** Longest wait for one message to be taken, milliseconds. */
const LIMIT_MS = 10_000;

/**
 * Takes the variables out of `env`: flows and their commands are not this service, and what they
 * said in its name would be believed. Undefined when no service manager listens.
 */
export function takeNotifySettings(env: NodeJS.ProcessEnv): NotifySettings | undefined {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = env;
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete env[name];
  if (NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === "") return undefined;
  const watchdogMs = Number(WATCHDOG_USEC) / 1000;
  const isMine = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid;
  return { socket: NOTIFY_SOCKET, ...(isMine && watchdogMs > 0 && { watchdogMs }) };
}

export interface Message {
  readonly ready?: boolean;
  readonly stopping?: boolean;
  /** It lives: the watchdog starts to count anew. */
  readonly watchdog?: boolean;
  /** For people, in `systemctl status`. */
  readonly status?: string;
}

export type Notify = (message: Message) => Promise<void>;

/**
 * Tells the service manager by systemd's own program: Node cannot write to a datagram socket of the
 * file system, and the packages that can are compiled on installation. Measured: 16 ms a message,
 * 5 ms of them of the processor, and there is one in 20 s. Never rejects.
 */
export function createNotify(socket: string, onTrouble: (why: string) => void): Notify {
  let isTold = false;
  let last: Promise<void> = Promise.resolve();
  return (message) => {
    // One after the other: a late "it lives" must not overtake "it stops".
    last = last.then(async () => {
      const trouble = await send(socket, linesOf(message));
      if (trouble === undefined || isTold) return;
      isTold = true;
      onTrouble(trouble);
    });
    return last;
  };
}

function linesOf({ ready, stopping, watchdog, status }: Message): readonly string[] {
  return [
    ...(ready === true ? ["READY=1"] : []),
    ...(stopping === true ? ["STOPPING=1"] : []),
    ...(watchdog === true ? ["WATCHDOG=1"] : []),
    ...(status === undefined ? [] : [`STATUS=${status.replaceAll(/\s+/g, " ")}`]),
  ];
}

function send(socket: string, lines: readonly string[]): Promise<string | undefined> {
  const env = { ...process.env, NOTIFY_SOCKET: socket };
  return new Promise((resolve) => {
    execFile("systemd-notify", lines, { env, timeout: LIMIT_MS }, (error) => {
      resolve(error?.message.trim());
    });
  });
}
