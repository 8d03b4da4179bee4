/** A row whose first cell is code. */
export function row(code: string, ...cells: readonly string[]): readonly string[] {
  return [`\`${code}\``, ...cells];
}

/** A table of Markdown; cells may hold anything but line breaks. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, titles.map(() => "---"), ...rows.map((cells) => cells.map(escape))];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function escape(cell: string): string {
  const text = cell.replaceAll("|", "\\|");
  return cell.startsWith("`") ? text : text.replaceAll("<", "\\<");
}
