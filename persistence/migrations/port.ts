/** A database whose schema is made in steps. */
export interface Migrated {
  /**
   * Names of the steps that were made; none in an empty database. Rejects with PERSISTENCE_DOWN
   * when a newer jobrunner made one that this one cannot live with. Only reads.
   */
  applied(): Promise<readonly string[]>;
}
