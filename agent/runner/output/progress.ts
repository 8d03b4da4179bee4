/** Between two reports that are passed on, ms: people read no faster. */
const EVERY_MS = 250;
/** Characters kept of a note. */
const NOTE_MAX = 200;

export interface Report {
  readonly fraction: number;
  readonly note?: string;
}

/** How far one body says it is: the last word counts, and not every word is passed on. */
export class Progress {
  readonly #send: (report: Report) => void;
  #waiting: Report | undefined;
  #pause: NodeJS.Timeout | undefined;

  constructor(send: (report: Report) => void) {
    this.#send = send;
  }

  report(fraction: number, note: string | undefined): void {
    const noted = note === undefined ? {} : { note: String(note).slice(0, NOTE_MAX) };
    this.#waiting = { fraction, ...noted };
    if (this.#pause === undefined) this.#pass();
  }

  /** The body is over: what waits is passed on at once. */
  end(): void {
    clearTimeout(this.#pause);
    if (this.#waiting !== undefined) this.#send(this.#waiting);
    this.#waiting = undefined;
  }

  #pass(): void {
    this.#pause = undefined;
    if (this.#waiting === undefined) return;
    this.#send(this.#waiting);
    this.#waiting = undefined;
    this.#pause = setTimeout(() => this.#pass(), EVERY_MS);
  }
}
