import { nearest } from "./nearest.js";

/** A hint about a word that is none of these: the one that was most likely meant, or `otherwise`. */
export function didYouMean(word: string, words: readonly string[], otherwise: string): string {
  const meant = nearest(word, words);
  return meant === undefined ? otherwise : `did you mean ${meant}?`;
}
