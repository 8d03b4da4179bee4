/* Looks at the words of a command before it is known which flags they may hold. */

/** The first word that is neither a flag nor a flag's value, and the words without it. */
export function findName(
  words: readonly string[],
  valueFlags: readonly string[],
): { name?: string; rest: readonly string[] } {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (!word.startsWith("-")) {
      return { name: word, rest: [...words.slice(0, index), ...words.slice(index + 1)] };
    }
    if (valueFlags.includes(word)) index += 1;
  }
  return { rest: words };
}

/** What is given for a flag. */
export function valueOf(words: readonly string[], flag: string): string | undefined {
  const joined = words.find((word) => word.startsWith(`${flag}=`));
  if (joined !== undefined) return joined.slice(flag.length + 1);
  const index = words.indexOf(flag);
  return index < 0 ? undefined : words[index + 1];
}
