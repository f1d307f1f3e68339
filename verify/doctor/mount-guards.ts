/** What a daemon kept from happening or left for a person, told apart by counters and files. */
import {
  type DeadLettersFact,
  defineCheck,
  type FindingDraft,
  judged,
  type MountAreaFact,
  type MountFact,
  page,
  plural,
  skip,
  suggest,
} from "../check.ts";
import { numberOf } from "./_numbers.ts";

const DISK_FREE_MIN = 256 * 1024 * 1024;

type Code =
  | "doctor.guard-tripped"
  | "doctor.edit-oversize"
  | "doctor.conflict-waiting"
  | "doctor.change-denied"
  | "doctor.disk-nearly-full"
  | "doctor.mirror-not-writable"
  | "doctor.lifetime-failures";

/** DR-22, DR-26, DR-27, symptoms 74, 76 and 78. */
export const guardsQuiet = defineCheck({
  id: "doctor.guards-quiet",
  title: "no guard of the mount has fired, nothing was skipped, and the disk has room",
  severity: "warn",
  phase: "local",
  needs: ["mount", "mountArea", "deadLetters"],
  after: ["doctor.mount-state-valid"],
  refs: ["DR-22", "DR-26", "DR-27", "DR-21", "symptom:74", "symptom:76", "symptom:78"],
  hint: "Look at the daemon: relayfile status",
  findings: {
    "doctor.guard-tripped": page.warn(
      "A guard stopped the daemon from doing something that would have lost data: a change of the root itself, or a listing that made many files look deleted.",
      "By its counters in the state file; a note named INCIDENT may say more.",
      "Not lost data: that is what the guard prevented.",
      "Read the INCIDENT note, find out what replaced or emptied the root, and resume.",
    ),
    "doctor.edit-oversize": page.warn(
      "A local edit was left out because the file is larger than the writeback limit. It exists on this machine only.",
      "By skippedOversizeWriteback in the state file.",
      "Not a rejected write: it was never sent.",
      "Split the file, or raise RELAYFILE_MAX_WRITEBACK_BYTES.",
    ),
    "doctor.conflict-waiting": page.warn(
      "Somebody else changed a record first; the local version is kept as a conflict artifact and waits for a person.",
      "By a file below .relay/conflicts that is not under resolved/.",
      "Not a lost edit, and not a rejected one.",
      "Compare both versions, write the merged one, then resolve the conflict.",
    ),
    "doctor.change-denied": page.info(
      "Local changes of paths that may not be written were refused or reverted.",
      "By .relay/permissions-denied.log.",
      "Not a conflict: nobody else wrote.",
      "Write only where LAYOUT.md allows it.",
    ),
    "doctor.disk-nearly-full": page.warn(
      "The disk that holds the mirror is nearly full; a daemon without room cannot take in changes.",
      "By the free bytes of its volume.",
      "Not a sync problem.",
      "Free some space.",
    ),
    "doctor.mirror-not-writable": page.warn(
      "The mirror's directory may not be written, so the daemon cannot take in changes.",
      "By the permission bits of the root. Files of mode 444 inside it are normal: read-only scopes make them so.",
      "Not a full disk.",
      "Give the owner write access to the directory.",
    ),
    "doctor.lifetime-failures": page.info(
      "Writes were refused at some time in the life of this mount, and none of them is unresolved. The counter is no health signal.",
      "failedWritebacks is above zero and the dead-letter directory is empty.",
      "Not a reason for CI to be red: gate on dead letters.",
      "Nothing; use relayfile writeback status as the gate.",
    ),
  },
  run: ({ mount, mountArea, deadLetters }) => {
    const state = mount.state.value;
    if (state === null) return skip("there is no state file");
    const findings = [
      ...counted(state, mount.incidents, mountArea.dir),
      ...leftForAPerson(mountArea),
      ...volume(mountArea),
      ...lifetime(state, deadLetters, mountArea.dir),
    ];
    return judged(1, findings, `${plural(mountArea.conflicts.length, "conflict")}, no guard at work`);
  },
});

type State = NonNullable<MountFact["state"]["value"]>;

const stateFile = [{ type: "file", path: ".relay/state.json" }] as const;
const mountOf = (dir: string) => ({ kind: "mount", ref: dir }) as const;

/** What the daemon counted. */
function counted(state: State, incidents: readonly string[], dir: string): FindingDraft<Code>[] {
  const counter = (name: string) => numberOf(state.counters?.[name]);
  const findings: FindingDraft<Code>[] = [];
  const remedy = { text: "Look at the daemon", commands: [suggest(`relayfile status --mount ${dir}`)] };
  const tripped = ["deniedRootTarget", "snapshotDeleteBlocked"].filter((name) => counter(name) > 0);
  if (tripped.length > 0) {
    const words = tripped.map((name) => `${name} ${counter(name)}`);
    findings.push({
      code: "doctor.guard-tripped",
      // An incident that is over leaves its counter: only one that still shows needs somebody.
      severity: state.stallReason !== undefined || incidents.length > 0 ? "warn" : "info",
      title: `a guard of ${dir} has fired: ${words.join(", ")}`,
      subject: mountOf(dir),
      evidence: [...stateFile, ...incidents.map((path) => ({ type: "file" as const, path }))],
      facts: { counters: words, incidents: [...incidents] },
      remedy,
    });
  }
  const oversize = counter("skippedOversizeWriteback");
  if (oversize > 0) {
    findings.push({
      code: "doctor.edit-oversize",
      title: `${plural(oversize, "edit")} too large to be sent`,
      subject: mountOf(dir),
      evidence: [
        { type: "file", path: ".relay/state.json", excerpt: `skippedOversizeWriteback ${oversize}` },
      ],
      facts: { count: oversize },
      remedy,
    });
  }
  return findings;
}

/** Files that wait for somebody to look at them. */
function leftForAPerson({ dir, conflicts, denials }: MountAreaFact): FindingDraft<Code>[] {
  const findings: FindingDraft<Code>[] = [];
  if (conflicts.length > 0) {
    findings.push({
      code: "doctor.conflict-waiting",
      title: `${plural(conflicts.length, "conflict")} waiting: ${conflicts.slice(0, 3).join(", ")}`,
      subject: mountOf(dir),
      evidence: conflicts.slice(0, 5).map((path) => ({ type: "file", path: `.relay/conflicts/${path}` })),
      facts: { count: conflicts.length, paths: conflicts.slice(0, 10) },
      remedy: { text: "Look at both versions", commands: [suggest(`relayfile conflicts --mount ${dir}`)] },
    });
  }
  if (denials.count > 0) {
    findings.push({
      code: "doctor.change-denied",
      title: `${plural(denials.count, "local change")} refused, the last: ${denials.last.at(-1)}`,
      subject: mountOf(dir),
      evidence: denials.last.map((line) => ({ type: "log", line })),
      facts: { count: denials.count },
    });
  }
  return findings;
}

/** The volume under the mirror. */
function volume({ dir, freeBytes, writable }: MountAreaFact): FindingDraft<Code>[] {
  const findings: FindingDraft<Code>[] = [];
  if (freeBytes !== null && freeBytes < DISK_FREE_MIN) {
    findings.push({
      code: "doctor.disk-nearly-full",
      title: `${Math.floor(freeBytes / 1_048_576)} MiB left on the disk of ${dir}`,
      subject: mountOf(dir),
      evidence: [
        { type: "metric", name: "free space", value: freeBytes, unit: "bytes", threshold: DISK_FREE_MIN },
      ],
      facts: { freeBytes },
      remedy: { text: "Free some space on that disk", commands: [suggest(`df -h ${dir}`)] },
    });
  }
  if (!writable) {
    findings.push({
      code: "doctor.mirror-not-writable",
      title: `${dir} may not be written by anybody`,
      subject: mountOf(dir),
      evidence: [{ type: "file", path: dir }],
      remedy: { text: "Give its owner write access", commands: [suggest(`chmod u+w ${dir}`, "write")] },
    });
  }
  return findings;
}

/** The counter that never goes down and is no health signal. */
function lifetime(state: State, deadLetters: DeadLettersFact, dir: string): FindingDraft<Code>[] {
  const unresolved = deadLetters.records.length + deadLetters.malformed.length;
  if (state.failedWritebacks === 0 || unresolved > 0) return [];
  return [
    {
      code: "doctor.lifetime-failures",
      title: `${plural(state.failedWritebacks, "write")} refused in the life of this mount, none unresolved`,
      subject: mountOf(dir),
      evidence: stateFile,
      facts: { failedWritebacks: state.failedWritebacks, unresolved },
    },
  ];
}
