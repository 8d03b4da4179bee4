/** What `jobrunner doctor -o json` prints. */
export interface DoctorView {
  /** Nothing keeps an agent of this machine from working. */
  readonly ok: boolean;
  readonly checks: readonly CheckedView[];
}

export interface CheckedView {
  readonly name: string;
  readonly state: "ok" | "warn" | "fail";
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}
