/** Longer words are cut, characters. */
export const WORD_LENGTH_MAX = 64;
/** Words of one job; the others are not found. */
const WORDS_MAX = 16;

/**
 * The words by which people look for a job: letters and digits of any language between anything
 * else, whatever their case, each once.
 */
export function wordsOf(...texts: readonly string[]): readonly string[] {
  const words = texts.flatMap(
    (text) =>
      text
        .normalize("NFKC")
        .toLowerCase()
        .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [],
  );
  const cut = words.map((word) => [...word].slice(0, WORD_LENGTH_MAX).join(""));
  return [...new Set(cut)].slice(0, WORDS_MAX);
}
