/** Where an agent listens when nobody says otherwise. */
export const DEFAULT_PORT = 7463;
