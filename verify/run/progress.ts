/** The one line that a person at a terminal sees while a run is going on. Pure. */

/** How far a run is. */
export interface RunProgress {
  readonly command: string;
  readonly done: number;
  readonly total: number;
  readonly requests: number;
  /** Checks that ended in `fail` or `unknown`. */
  readonly troubled: number;
}

/** `doctor  12/80 checks, 31 requests, 1 problem`. */
export function progressLine({ command, done, total, requests, troubled }: RunProgress): string {
  const trouble = troubled === 0 ? "" : `, ${troubled} ${troubled === 1 ? "problem" : "problems"}`;
  return `${command}  ${done}/${total} checks, ${requests} ${requests === 1 ? "request" : "requests"}${trouble}`;
}
