/** Something that could be typed, and a few words about it. */
export interface Candidate {
  readonly text: string;
  readonly about?: string;
}
