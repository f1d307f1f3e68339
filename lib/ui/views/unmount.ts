/** Text of `unmount`: what became of the daemon. */
import type { Style } from "../style.ts";

const OUTCOMES: Readonly<Record<string, string>> = {
  stopped: "stopped",
  killed: "did not end when asked and was killed",
  "stale-record": "was gone already; its record is removed",
};

/** Renders the end of a daemon. The files of the mirror stay. */
export default function view(
  document: { localDir: string; outcome: string; pid?: number | null },
  style: Style,
): string {
  const { localDir, outcome, pid } = document;
  const who = pid === null || pid === undefined ? "the daemon" : `process ${pid}`;
  const mark = style.mark(outcome === "killed" ? "warn" : "pass");
  return `${mark} ${who} ${OUTCOMES[outcome] ?? outcome}; the files stay in ${localDir}`;
}
