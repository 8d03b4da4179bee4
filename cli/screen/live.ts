/** A block of lines on a terminal that is drawn again in place. */
export interface Live {
  draw(text: string): void;
  /** Takes the block away, so that the last word may be printed in its place. */
  clear(): void;
}

interface Screen {
  readonly rows?: number;
  write(text: string): unknown;
}

/** Lines that are too long are cut by the terminal: wrapped ones would spoil the count of rows. */
const NO_WRAP = "\u001b[?7l";
const WRAP = "\u001b[?7h";
const ROWS = 24;

export function createLive(screen: Screen): Live {
  let drawn = 0;
  const erase = (): string => (drawn === 0 ? "" : `\u001b[${drawn}A\r\u001b[J`);
  return {
    draw(text) {
      const rows = screen.rows || ROWS; // Terminals that nobody has given a size say 0.
      const lines = text.split("\n").slice(-Math.max(1, rows - 1));
      screen.write(`${NO_WRAP}${erase()}${lines.join("\n")}\n${WRAP}`);
      drawn = lines.length;
    },
    clear() {
      if (drawn === 0) return;
      screen.write(erase());
      drawn = 0;
    },
  };
}
