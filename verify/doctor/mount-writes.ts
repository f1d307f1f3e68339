/** Writes that have not arrived: those that wait in the mirror's outbox, and those that were refused for good. */
import { containsPath } from "../../lib/model/path.ts";
import { defineCheck, type FindingDraft, isoTime, judged, plural, skip, suggest } from "../check.ts";

/** A save takes seconds; after this many ms something holds it. */
const PENDING_OLD_MS = 5 * 60_000;

/** Symptom 72. */
export const outboxDrains = defineCheck({
  id: "doctor.outbox-drains",
  title: "no save waits in the outbox for more than five minutes",
  severity: "error",
  phase: "writeback",
  needs: ["mount", "mountArea"],
  after: ["doctor.mount-root-intact"],
  refs: ["symptom:72", "VW-11"],
  hint: "Look at the daemon: relayfile status",
  findings: {
    "doctor.outbox-stuck": {
      severity: "error",
      means:
        "The daemon runs, and yet a save has waited for minutes to be sent: it is refused, or the breaker holds it.",
      decided: "By the oldest record in .relay/outbox/pending while the recorded process lives.",
      not: "Not a dead letter: nothing was refused for good, and nothing is lost.",
      fix: "Look for the cause that holds it: a refused token, an open breaker, a file API that is down.",
    },
    "doctor.outbox-waiting": {
      severity: "info",
      means: "Saves wait in the outbox and no daemon runs that could send them.",
      decided: "By the records in .relay/outbox/pending while no recorded process lives.",
      not: "Not lost: they are sent as soon as a daemon runs.",
      fix: "Start the daemon again.",
    },
  },
  run: ({ mount, mountArea }) => {
    if (mount.state.value === null) return skip("there is no state file");
    const { count, oldestAtMs, paths } = mountArea.outbox;
    const ageMs = oldestAtMs === null ? 0 : mountArea.collectedAtMs - oldestAtMs;
    if (count === 0 || ageMs < PENDING_OLD_MS) return judged(1, [], `${plural(count, "save")} waiting`);
    const runs = mount.pid?.alive === true;
    const error = mount.state.value?.lastError;
    const why = error?.statusCode ?? error?.code ?? null;
    const since = oldestAtMs === null ? "a while" : isoTime(oldestAtMs);
    const finding: FindingDraft<"doctor.outbox-stuck" | "doctor.outbox-waiting"> = {
      code: runs ? "doctor.outbox-stuck" : "doctor.outbox-waiting",
      title: runs
        ? `${plural(count, "save")} not sent since ${since}${why === null ? "" : `, the last answer was ${why}`}`
        : `${plural(count, "save waits", "saves wait")} for a daemon since ${since}`,
      subject: { kind: "mount", ref: mountArea.dir },
      evidence: [
        {
          type: "metric",
          name: "age of the oldest save",
          value: ageMs,
          unit: "ms",
          threshold: PENDING_OLD_MS,
        },
        { type: "file", path: ".relay/outbox/pending" },
      ],
      facts: { count, ageMs, lastAnswer: why, paths: paths.slice(0, 10) },
      ruledOut: ["a refusal for good: that leaves a dead letter"],
      remedy: {
        text: "Look at the daemon",
        commands: [suggest(`relayfile status --mount ${mountArea.dir}`)],
      },
    };
    return judged(1, [finding], finding.title);
  },
});

/** DR-20, DR-21. */
export const deadLettersEmpty = defineCheck({
  id: "doctor.dead-letters-empty",
  title: "no write waits in the mount's dead letters",
  severity: "error",
  phase: "writeback",
  needs: ["deadLetters"],
  wants: ["mount"],
  after: ["doctor.mount-root-intact"],
  refs: ["DR-20", "DR-21", "symptom:73", "symptom:74", "symptom:77", "S36", "relayfile#84"],
  hint: "Look at each: relayfile writeback status, then fix and retry",
  findings: {
    "doctor.dead-letter-present": {
      severity: "error",
      means: "A write was refused for good, or its retries ended, and it waits for a person.",
      decided: "By a record in .relay/dead-letter; the lifetime failure counter plays no part.",
      not: "Not a transient failure that later succeeded: that leaves no record.",
      fix: "Read the provider's answer in the record, fix the file, then retry the op.",
    },
    "doctor.dead-letter-malformed": {
      severity: "error",
      means: "A dead-letter record cannot be read, so nobody can tell which write it holds.",
      decided: "By parsing the file; it is left as it is.",
      not: "Not a resolved write.",
      fix: "Look at the file; keep it until you know which write it was.",
    },
    "doctor.dead-letter-outside-root": {
      severity: "error",
      means:
        "The record names a path outside the part of the workspace that this mirror holds, so a retry finds no local file.",
      decided: "By its path beside remoteRoot of the state file.",
      not: "Not a file that was deleted: it was never looked for in the right place.",
      fix: "Compare the path with the mirror; write the change again under the right path, then drop the record.",
    },
  },
  run: ({ deadLetters, mount }) => {
    type Codes =
      | "doctor.dead-letter-present"
      | "doctor.dead-letter-malformed"
      | "doctor.dead-letter-outside-root";
    const findings: FindingDraft<Codes>[] = [];
    const root = mount?.state.value?.remoteRoot ?? "/";
    for (const record of deadLetters.records) {
      const answer = [record.lastStatus, record.lastBody].filter((part) => part !== undefined).join(" ");
      if (record.path.startsWith("/") && !containsPath(root, record.path)) {
        findings.push({
          code: "doctor.dead-letter-outside-root",
          title: `dead letter ${record.opId} is about ${record.path}, outside ${root} that this mirror holds`,
          detail: `If the record left out the root, the local file is ${mount?.dir ?? ""}${record.path}.`,
          subject: { kind: "op", ref: record.opId },
          evidence: [{ type: "compare", a: record.path, b: root, relation: "is not below" }],
          facts: { opIds: [record.opId], path: record.path, remoteRoot: root },
          remedy: {
            text: "Look at the record; a retry cannot find its file",
            commands: [suggest(`relayfile writeback show --op-id ${record.opId}`)],
          },
        });
        continue;
      }
      findings.push({
        code: "doctor.dead-letter-present",
        title: `${record.path || record.opId} was refused${record.lastStatus === undefined ? "" : ` with ${record.lastStatus}`} ${record.attempts === 0 ? "before it was sent to its provider" : `after ${plural(record.attempts, "attempt")}`}`,
        subject: { kind: "op", ref: record.opId },
        evidence: [
          { type: "file", path: `.relay/dead-letter/${record.opId}.json`, excerpt: answer.slice(0, 300) },
        ],
        facts: {
          opIds: [record.opId],
          path: record.path,
          provider: record.path.split("/")[1] ?? null,
          deadLettered: true,
          attempts: record.attempts,
          lastStatus: record.lastStatus ?? null,
          stage: record.stage ?? null,
        },
        remedy: {
          text: "Fix the file, then retry",
          commands: [
            suggest(`relayfile writeback show --op-id ${record.opId}`),
            suggest(`relayfile writeback retry --opId ${record.opId}`, "write", false),
          ],
        },
      });
    }
    for (const { file, reason } of deadLetters.malformed) {
      findings.push({
        code: "doctor.dead-letter-malformed",
        title: `dead letter ${file} cannot be read: ${reason}`,
        subject: { kind: "file", ref: `.relay/dead-letter/${file}` },
        evidence: [{ type: "file", path: `.relay/dead-letter/${file}` }],
      });
    }
    // An empty directory was looked at and is what health looks like.
    return judged(
      1,
      findings,
      findings.length === 0 ? "no dead letters" : plural(findings.length, "unresolved write"),
    );
  },
});
