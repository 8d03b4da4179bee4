/** What may be stored, sent and handed from atom to atom: plain JSON. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Named values an atom may ask for. */
export type Store = Readonly<Record<string, Json>>;
