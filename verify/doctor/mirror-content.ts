/** The mirror holds what the server holds, byte for byte. Lag and status are never taken for freshness. */
import { classifyWrite } from "../../lib/pipeline/pure/classify.ts";
import {
  type ComparedFile,
  defineCheck,
  type EvidenceItem,
  type FindingDraft,
  isoTime,
  judged,
  type MirrorFact,
  page,
  plural,
  proof,
  skip,
  suggest,
  unknown,
} from "../check.ts";

const ALLOWED_MS = 60_000;
/** A change the daemon has not looked at twice is on its way, not lost. */
const CYCLES_ALLOWED = 2;

type Code = "doctor.mirror-stale" | "doctor.edit-never-queued" | "doctor.mirror-drifts";

/** P11: symptoms 56 and 71. */
export default defineCheck({
  id: "doctor.mirror-matches",
  title: "tracked files have the same bytes here and on the server",
  severity: "error",
  phase: "local",
  needs: ["mirror", "mount"],
  wants: ["mountArea", "clock"],
  after: ["doctor.mount-state-valid", "doctor.workspace-readable"],
  refs: ["symptom:56", "symptom:71"],
  hint: "Restart the daemon and let it reconcile everything: relayfile mount --full-reconcile",
  findings: {
    "doctor.mirror-stale": page.error(
      "Files of the mirror are older than the server's although the daemon runs and says that all is well: it cycles without reconciling content.",
      "The bytes differ, the server's version is older than two cycles, and the local file was not edited since.",
      "Not a change on its way, which is younger, and not a local edit, which is newer than the server's version.",
      "Restart the daemon with a full reconcile; never trust lag or status over bytes.",
    ),
    "doctor.edit-never-queued": page.error(
      "A local edit was never picked up: nothing is queued, nothing was refused, no op exists.",
      "The bytes differ, the server has not changed since the revision the daemon knows, the local file is newer, and the outbox does not name it.",
      "Not a rejected write, which leaves a dead letter, and not a stale file, whose local copy is the older one.",
      "See whether the path is writable (LAYOUT.md) and the daemon runs; save the file once more.",
    ),
    "doctor.mirror-drifts": page.info(
      "Some files differ for the moment: the change is younger than two cycles.",
      "The bytes differ, and the younger side changed less than two cycles ago.",
      "Not a stale mirror.",
      "Nothing; look again in a minute.",
    ),
  },
  run: ({ mirror, mount, mountArea, clock }) => {
    if (mirror.compared.length === 0) {
      return mirror.probe === null || mirror.tracked === 0
        ? skip(mirror.problem ?? "no tracked file lies here")
        : unknown(mirror.problem ?? "nothing could be compared");
    }
    const nowMs = mirror.collectedAtMs + (clock?.skewMs ?? 0);
    const allowedMs = Math.max(ALLOWED_MS, CYCLES_ALLOWED * (mount.state.value?.intervalMs ?? 0));
    const queued = new Set(mountArea?.outbox.paths ?? []);
    const differing = mirror.compared.filter(
      (file) =>
        file.local !== null &&
        file.remote !== null &&
        file.local !== file.remote &&
        !isExplained(file, queued),
    );
    const edits: ComparedFile[] = [];
    const stale: ComparedFile[] = [];
    const young: ComparedFile[] = [];
    for (const file of differing) {
      const [remoteMs, localMs] = [
        Date.parse(file.remoteEditedAt ?? ""),
        Date.parse(file.localEditedAt ?? ""),
      ];
      const isEdit =
        file.remoteRevision !== null && file.remoteRevision === file.knownRevision && localMs > remoteMs;
      const changedMs = isEdit ? localMs - (clock?.skewMs ?? 0) : remoteMs;
      if (nowMs - changedMs < allowedMs) young.push(file);
      else if (isEdit) edits.push(file);
      else stale.push(file);
    }
    const findings = [
      ...group("doctor.mirror-stale", stale, mirror, (n) => `${plural(n, "file")} older than the server's`),
      ...group("doctor.edit-never-queued", edits, mirror, (n) => `${plural(n, "local edit")} never queued`),
      ...group("doctor.mirror-drifts", young, mirror, (n) => `${plural(n, "file")} on the way`),
    ].map((finding) => withContext(finding, mount.state.value?.status ?? null, mount.dir));
    const same = mirror.compared.length - differing.length;
    return judged(
      mirror.compared.length,
      findings,
      `${same} of ${mirror.compared.length} compared files equal, of ${mirror.tracked} tracked`,
    );
  },
});

/** True when the daemon knows of the difference: queued, pending, refused or not writable. */
function isExplained(file: ComparedFile, queued: ReadonlySet<string>): boolean {
  return queued.has(file.path) || (file.status !== "" && file.status !== "ready");
}

function group(
  code: Code,
  files: readonly ComparedFile[],
  mirror: MirrorFact,
  words: (count: number) => string,
): FindingDraft<Code>[] {
  const [first] = files;
  if (first === undefined) return [];
  const route = classifyWrite(first.path, "write");
  return [
    {
      code,
      title: `${words(files.length)} (compared ${mirror.compared.length} of ${mirror.tracked} tracked): ${files
        .slice(0, 3)
        .map(({ path }) => path)
        .join(", ")}`,
      subject: { kind: "mount", ref: code },
      evidence: files
        .slice(0, 3)
        .flatMap(proofOf)
        .concat(mirror.probe === null ? [] : [proof(mirror.probe)]),
      facts: {
        paths: files.slice(0, 10).map(({ path }) => path),
        compared: mirror.compared.length,
        tracked: mirror.tracked,
        writable: route.kind !== "none",
      },
      ruledOut:
        code === "doctor.mirror-stale"
          ? [
              "a change on its way: the server's version is older than two cycles",
              "a local edit: the local file is the older one",
            ]
          : code === "doctor.edit-never-queued"
            ? [
                "a stale file: the local one is newer",
                ...(route.kind === "none" ? [] : ["a path without a route: it is writable"]),
              ]
            : [],
    },
  ];
}

function withContext(
  finding: FindingDraft<Code>,
  status: string | null,
  dir: string | null,
): FindingDraft<Code> {
  return {
    ...finding,
    subject: { kind: "mount", ref: dir ?? "mount" },
    facts: { ...finding.facts, status },
    remedy: {
      text:
        finding.code === "doctor.edit-never-queued"
          ? "See why the path is not synced"
          : "Restart the daemon and let it reconcile everything",
      commands: [suggest(`relayfile status --mount ${dir ?? "DIR"}`)],
    },
  };
}

function proofOf(file: ComparedFile): EvidenceItem[] {
  const side = (at: string | null) =>
    at === null || Number.isNaN(Date.parse(at)) ? "unknown" : isoTime(Date.parse(at));
  return [
    {
      type: "compare",
      a: `${file.path} here ${(file.local ?? "").slice(0, 12)} of ${side(file.localEditedAt)}`,
      b: `server ${(file.remote ?? "").slice(0, 12)} (${file.remoteRevision ?? "no revision"}) of ${side(file.remoteEditedAt)}`,
      relation: "differs from",
    },
  ];
}
