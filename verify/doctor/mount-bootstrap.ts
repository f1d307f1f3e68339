/** The first sync of a mirror ends, and nothing in the tree makes that impossible. */
import { defineCheck, type FindingDraft, judged, page, skip, suggest } from "../check.ts";
import { numberOf } from "./_numbers.ts";

const BOOTSTRAP_MS_MAX = 30 * 60_000;
const STALLS_MIN = 3;

/** DR-17, DR-18, symptoms 63 and 68. */
export const bootstrapEnds = defineCheck({
  id: "doctor.bootstrap-ends",
  title: "the mount's first sync ends and no path is both file and directory",
  severity: "error",
  phase: "local",
  needs: ["mount", "mountArea"],
  wants: ["records"],
  after: ["doctor.mount-state-valid"],
  refs: ["DR-17", "DR-18", "symptom:63", "symptom:68", "relayfile#166"],
  hint: "Report the path that the finding names; it is an emitter's defect",
  findings: {
    "doctor.path-collision": page.error(
      "One path is a file in one place and a directory in another, which no disk can hold: every cycle fails there.",
      "The tree lists a file at a path below which other files lie, or the daemon's log repeats 'not a directory'.",
      "Not a slow first sync.",
      "Report the path and its provider: the record must become a directory record.",
    ),
    "doctor.bootstrap-stalled": page.error(
      "The first sync of the mirror makes no progress: it began long ago, or starts over again and again.",
      "The state file says that it is not complete after 30 minutes, counts stalled cycles, or the log repeats 'forcing full reconcile'.",
      "Not a large workspace on its way: that moves on with every cycle.",
      "Look for a path that is both file and directory first; else raise RELAYFILE_BOOTSTRAP_TIMEOUT.",
    ),
    "doctor.flush-timeout": page.warn(
      "A run ended with a failure although its work succeeded: the final flush waited for a first sync that never ends.",
      "The log tells of a flush that timed out, and the first sync is not complete.",
      "Not a failed handler.",
      "Make the first sync end; the flush then takes moments.",
    ),
  },
  run: ({ mount, mountArea, records }) => {
    const state = mount.state.value;
    if (state === null) return skip("there is no state file");
    type Codes = "doctor.path-collision" | "doctor.bootstrap-stalled" | "doctor.flush-timeout";
    const subject = { kind: "mount", ref: mountArea.dir } as const;
    const { log } = mountArea;
    const findings: FindingDraft<Codes>[] = [];
    const collided = collisionsIn(
      records?.providers.flatMap(({ files }) => files.map(({ path }) => path)) ?? [],
    );
    const named =
      collided[0] ?? ((log?.notADirectory.count ?? 0) >= STALLS_MIN ? log?.notADirectory.path : null);
    if (named != null) {
      findings.push({
        code: "doctor.path-collision",
        title: `${named} is both a file and a directory`,
        subject: { kind: "path", ref: named },
        evidence: [
          {
            type: "log",
            line:
              collided.length > 0
                ? `the tree lists ${named} and files below it`
                : `not a directory: ${named}, ${log?.notADirectory.count} times`,
          },
        ],
        facts: { path: named, provider: named.split("/")[1] ?? null, listed: collided.length > 0 },
        remedy: { text: "Report the path", commands: [suggest("relayfile explain doctor.path-collision")] },
      });
    }
    const bootstrap = state.bootstrap as
      | { startedAt?: unknown; phase?: unknown; currentPath?: unknown; filesSynced?: unknown }
      | null
      | undefined;
    const startedAt = Date.parse(String(bootstrap?.startedAt ?? ""));
    const ageMs = mount.collectedAtMs - startedAt;
    const complete = (state as { bootstrapComplete?: unknown }).bootstrapComplete === true;
    const stalls = numberOf(
      state.counters?.stallCycles ?? (bootstrap as { stallCycles?: unknown } | null | undefined)?.stallCycles,
    );
    const stalled =
      bootstrap?.phase === "stalled" || stalls >= STALLS_MIN || (log?.forcedReconciles ?? 0) >= STALLS_MIN;
    if (!complete && (stalled || ageMs > BOOTSTRAP_MS_MAX)) {
      const at = typeof bootstrap?.currentPath === "string" ? ` at ${bootstrap.currentPath}` : "";
      findings.push({
        code: "doctor.bootstrap-stalled",
        title: `the first sync of ${mountArea.dir} is not complete${Number.isNaN(ageMs) ? "" : ` after ${Math.round(ageMs / 60_000)} min`}${at}`,
        subject,
        evidence: [
          {
            type: "file",
            path: ".relay/state.json",
            excerpt: `bootstrap ${bootstrap?.phase ?? "unknown"}, ${stalls} stalled cycles`,
          },
        ],
        facts: { complete, stalled: true, stalls, ageMs: Number.isNaN(ageMs) ? null : ageMs },
        remedy: {
          text: "Look at the daemon",
          commands: [suggest(`relayfile status --mount ${mountArea.dir}`)],
        },
      });
    }
    if (!complete && (log?.flushTimeouts ?? 0) > 0) {
      findings.push({
        code: "doctor.flush-timeout",
        title: "the final flush timed out while the first sync is not complete",
        subject,
        evidence: [{ type: "file", path: ".relay/mount.log" }],
        facts: { count: log?.flushTimeouts ?? 0 },
      });
    }
    return judged(1, findings, complete ? "the first sync is complete" : "the first sync is under way");
  },
});

/** Paths that are listed as a file and have files below them. */
export function collisionsIn(paths: readonly string[]): string[] {
  const files = new Set(paths);
  const collided = new Set<string>();
  for (const path of paths) {
    for (let cut = path.lastIndexOf("/"); cut > 0; cut = path.lastIndexOf("/", cut - 1)) {
      const above = path.slice(0, cut);
      if (files.has(above)) collided.add(above);
    }
  }
  return [...collided].sort();
}
