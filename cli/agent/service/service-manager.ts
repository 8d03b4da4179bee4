/** One thing to be done, shown before it is. Doing it again changes nothing. */
export type Step =
  | { readonly what: "write"; readonly file: string; readonly text: string; readonly mode: number }
  | { readonly what: "remove"; readonly file: string }
  | {
      readonly what: "run";
      readonly command: readonly [string, ...string[]];
      /** Why it does not matter when it fails. */
      readonly mayFail?: string;
      /** Only when something was written: what runs already is of the files as they were. */
      readonly onChange?: true;
    };

/** What keeps a program running on this kind of machine, from start to shutdown. */
export interface ServiceManager {
  /** For people: `systemd, for this user`. */
  readonly name: string;
  /** The file that makes it a service; when it is not there, it is not installed. */
  readonly file: string;
  readonly install: readonly Step[];
  readonly uninstall: readonly Step[];
  readonly status: readonly [string, ...string[]];
  logs(follow: boolean): readonly [string, ...string[]];
}

/** The machine, and what is to run there. */
export interface Place {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly uid: number;
  /** Absolute paths of Node and of jobrunner's entry: no shell's PATH is asked at boot. */
  readonly node: string;
  readonly main: string;
}

/** Which of the machine's users it is for; systemd alone knows more than one kind. */
export type Scope = "user" | "system" | "machine";
