let counter = 0;

/** `<incarnation>.<n>`: the name of one ownership, never used twice (P-7). */
export function nextOwner(incarnation: string): string {
  counter += 1;
  return `${incarnation}.${counter}`;
}
