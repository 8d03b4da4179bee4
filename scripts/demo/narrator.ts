import picocolors from "picocolors";

const INDENT = " ".repeat(9);

/** Tells what happens as it happens, with the seconds since the beginning. */
export class Narrator {
  readonly #began = performance.now();

  elapsed(): string {
    return `${((performance.now() - this.#began) / 1000).toFixed(1)} s`;
  }

  title(text: string): void {
    console.log(`\n${picocolors.bold(text)}\n`);
  }

  /** One event. */
  say(text: string): void {
    console.log(`${picocolors.dim(this.elapsed().padStart(7))}  ${text}`);
  }

  /** What belongs to the last event: further lines, or the output of a command. */
  quote(text: string): void {
    const lines = text.trimEnd().replaceAll("\t", "  ").split("\n");
    for (const line of lines) console.log(`${INDENT}${line}`.trimEnd());
  }

  /** A command as the reader would type it. */
  command(line: string): void {
    console.log();
    this.say(picocolors.cyan(`$ ${line}`));
  }
}
