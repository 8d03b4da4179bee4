/** The candidate a mistyped word was most likely meant to be; undefined when none is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(Math.max(word.length, 3) * 0.4)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`. */
function editDistance(a: string, b: string): number {
  const [rows, columns] = [a.length + 1, b.length + 1];
  const cell = new Int32Array(rows * columns);
  const at = (row: number, column: number): number => cell[row * columns + column] as number;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      cell[row * columns + column] = Math.min(row, column) === 0 ? row + column : step(row, column);
    }
  }
  return at(rows - 1, columns - 1);

  function step(row: number, column: number): number {
    const replaced = at(row - 1, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
    const edited = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, replaced);
    const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
    return row > 1 && column > 1 && swapped
      ? Math.min(edited, at(row - 2, column - 2) + 1)
      : edited;
  }
}
