/** The mirror on this machine: its root, its state, its daemon and how fresh it is. */
import { formatDuration } from "../../lib/model/duration.ts";
import {
  type Check,
  defineCheck,
  type FindingDraft,
  isoTime,
  judged,
  type MountFact,
  plural,
  skip,
  suggest,
  type TargetFact,
} from "../check.ts";
import { workspaceWord } from "./_workspace.ts";

const LAG_WARN_MS = 60_000;
const LAG_FAIL_MS = 300_000;
const PENDING_DELETE_OLD_MS = 24 * 3_600_000;

/** DR-12. */
export const mountRootIntact = defineCheck({
  id: "doctor.mount-root-intact",
  title: "the mount root is a directory",
  severity: "error",
  phase: "local",
  needs: ["mount"],
  wants: ["target"],
  after: [],
  refs: ["DR-12", "symptom:62", "S07", "relayfile#164"],
  hint: "Look at the path before doing anything; the workspace itself is safe on the server",
  findings: {
    "doctor.mount-root-clobbered": {
      severity: "error",
      means:
        "The mirror's root is a file, a link or something else. The daemon stops, because every mirrored file would look deleted.",
      decided: "By lstat of the root itself; links are not followed.",
      not: "Not a lost workspace: nothing is deleted on the server.",
      fix: "Look at what is there, then mount with --reset-after-clobber: it is moved aside and kept.",
    },
    "doctor.mount-root-missing": {
      severity: "error",
      means: "The directory that the command line or the registry names does not exist.",
      decided: "By lstat of the root.",
      not: "Not a clobbered root: nothing is in its place.",
      fix: "Mount again; the mirror is built anew from the server.",
    },
  },
  run: ({ mount, target }) => {
    if (mount.root === "directory") return judged(1, [], `${mount.dir} is a directory`);
    const workspace = workspaceWord(target);
    const missing = mount.root === "missing";
    const finding: FindingDraft<"doctor.mount-root-clobbered" | "doctor.mount-root-missing"> = {
      code: missing ? "doctor.mount-root-missing" : "doctor.mount-root-clobbered",
      title: missing
        ? `the mount root ${mount.dir} does not exist`
        : `the mount root ${mount.dir} is a ${mount.root}, not a directory`,
      subject: { kind: "mount", ref: mount.dir ?? "mount" },
      evidence: [
        { type: "file", path: mount.dir ?? "" },
        ...mount.incidents.map((path) => ({ type: "file" as const, path })),
      ],
      facts: { exists: !missing, isDirectory: false, source: mount.source },
      ruledOut: ["data loss on the server: nothing local can delete there"],
      remedy: missing
        ? { text: "Mount again", commands: [suggest(`relayfile mount ${workspace} ${mount.dir}`, "write")] }
        : {
            text: "Look at what is there, then mount with --reset-after-clobber",
            commands: [
              suggest(`ls -la ${mount.dir}`),
              suggest(`relayfile mount ${workspace} ${mount.dir} --reset-after-clobber`, "write", false),
            ],
          },
    };
    return judged(1, [finding], finding.title);
  },
});

/** DR-13. */
export const mountStateValid: Check = defineCheck({
  id: "doctor.mount-state-valid",
  title: "the mount's state file parses and belongs to this workspace",
  severity: "error",
  phase: "local",
  needs: ["mount", "target"],
  after: ["doctor.mount-root-intact"],
  refs: ["DR-13", "symptom:67", "S06"],
  hint: "Restart the daemon: relayfile unmount, then relayfile mount",
  findings: {
    "doctor.mount-state-invalid": {
      severity: "error",
      means: "`.relay/state.json` is damaged, so no tool can tell how fresh the mirror is.",
      decided: "By parsing it.",
      not: "Not a sync problem by itself: the daemon keeps its own state elsewhere.",
      fix: "Restart the daemon; it writes the file anew. The damaged file is evidence: keep a copy.",
    },
    "doctor.mount-other-workspace": {
      severity: "error",
      means: "The directory mirrors another workspace than the one asked about.",
      decided: "By workspaceId in `.relay/state.json`.",
      not: "Not a stale mirror.",
      fix: "Point the command at the right directory or workspace.",
    },
  },
  run: ({ mount, target }) => {
    const { state } = mount;
    if (state.status === "missing")
      return skip("this directory has not been mounted yet: there is no .relay/state.json");
    type Codes = "doctor.mount-state-invalid" | "doctor.mount-other-workspace";
    if (state.status === "invalid") {
      return judged<Codes>(
        1,
        [
          {
            code: "doctor.mount-state-invalid",
            title: `.relay/state.json of ${mount.dir} cannot be used: ${state.problem}`,
            subject: { kind: "mount", ref: mount.dir ?? "mount" },
            evidence: [{ type: "file", path: ".relay/state.json" }],
            remedy: restart(mount),
          },
        ],
        "the state file is damaged",
      );
    }
    const [own, asked] = [state.value?.workspaceId ?? null, workspaceIdOf(target)];
    if (own !== null && asked !== null && own !== asked && own !== target.workspace?.cloudId) {
      return judged<Codes>(
        1,
        [
          {
            code: "doctor.mount-other-workspace",
            title: `${mount.dir} mirrors ${own}, not ${asked}`,
            subject: { kind: "mount", ref: mount.dir ?? "mount" },
            evidence: [
              { type: "compare", a: `state.json ${own}`, b: `target ${asked}`, relation: "differs from" },
            ],
            facts: { own, asked },
            remedy: {
              text: `Ask about ${own} instead`,
              commands: [suggest(`relayfile doctor --workspace ${own}`)],
            },
          },
        ],
        "the mirror is of another workspace",
      );
    }
    return judged(1, [], `mirrors ${own ?? "its workspace"} below ${state.value?.remoteRoot ?? "/"}`);
  },
});

/** DR-15. */
export const mountDaemonAlive = defineCheck({
  id: "doctor.mount-daemon-alive",
  title: "the mount daemon that recorded itself still runs",
  severity: "error",
  phase: "local",
  needs: ["mount"],
  after: ["doctor.mount-state-valid"],
  refs: ["DR-15", "symptom:60"],
  hint: "Start the daemon: relayfile mount WORKSPACE DIR --background",
  findings: {
    "doctor.mount-daemon-dead": {
      severity: "error",
      means:
        "A pid file is there, but no such process: the daemon ended without cleaning up. Edits stay local until it runs again.",
      decided: "By the pid file and the process table.",
      not: "Not a stopped mount: a clean stop removes the file.",
      fix: "Start it again; nothing is lost, edits are picked up by a scan.",
    },
    "doctor.mount-pid-reused": {
      severity: "warn",
      means: "The recorded pid now belongs to another program.",
      decided: "By comparing the executable of the process with the recorded one.",
      not: "Not a running daemon.",
      fix: "Start the daemon again; the stale record is replaced. The other program is never signalled.",
    },
  },
  run: ({ mount }) => {
    const { pid } = mount;
    if (pid === null) return skip("no daemon has recorded itself here");
    type Codes = "doctor.mount-daemon-dead" | "doctor.mount-pid-reused";
    const shared = {
      subject: { kind: "mount", ref: mount.dir ?? "mount" } as const,
      evidence: [
        {
          type: "file",
          path: ".relay/mount.pid",
          excerpt: `${pid.record === null ? "no pid" : `pid ${pid.record.pid}`}, ${pid.alive ? "alive" : "no such process"}`,
        },
      ] as const,
      facts: { pid: pid.record?.pid ?? null, alive: pid.alive },
      remedy: restart(mount),
    };
    if (!pid.alive || pid.record === null) {
      const title =
        pid.record === null ? "the pid file is damaged" : `the mount daemon (pid ${pid.record.pid}) is gone`;
      return judged<Codes>(1, [{ ...shared, code: "doctor.mount-daemon-dead", title }], title);
    }
    const recorded = pid.record.executable;
    if (recorded !== undefined && pid.executable !== null && recorded !== pid.executable) {
      const title = `pid ${pid.record.pid} is another program now (${pid.executable})`;
      return judged<Codes>(1, [{ ...shared, code: "doctor.mount-pid-reused", title }], title);
    }
    return judged(1, [], `pid ${pid.record.pid} runs`);
  },
});

/** DR-14, DR-16, DR-19. */
export const mountKeepsUp = defineCheck({
  id: "doctor.mount-keeps-up",
  title: "the mirror is fresh, its breaker closed and no delete has waited for a day",
  severity: "error",
  phase: "local",
  needs: ["mount"],
  after: ["doctor.mount-state-valid"],
  refs: ["DR-14", "DR-16", "DR-17", "DR-19", "symptom:59", "symptom:63", "symptom:64", "S08", "S09"],
  hint: "Look at the daemon: relayfile status",
  findings: {
    "doctor.mount-lagging": {
      severity: "warn",
      means: "The daemon runs, but its last successful cycle is older than it should be.",
      decided: "By lastSuccessfulReconcileAt in the state file while the recorded process lives.",
      not: "Not a stopped daemon.",
      fix: "Look at its log; a token that expired while it ran is the usual cause.",
    },
    "doctor.circuit-open": {
      severity: "error",
      means:
        "The circuit breaker is open after a run of 5xx answers: deletes and reconciliation are suspended so that an outage cannot look like deletions.",
      decided: "By circuit.open in the state file.",
      not: "Not lost edits: they stay in the outbox.",
      fix: "Wait for the time it names; it closes after a good probe.",
    },
    "doctor.pending-deletes-old": {
      severity: "warn",
      means: "A path has been missing from listings for more than a day without two clean confirmations.",
      decided: "By the oldest record in .relay/pending-deletes.",
      not: "Not a lost file: the local copy is kept exactly because of this.",
      fix: "Compare two listings of its directory.",
    },
    "doctor.mount-stalled": {
      severity: "error",
      means: "The daemon says of itself that it cannot go on, and why.",
      decided: "By stallReason or the stalled status in the state file.",
      not: "Not lag.",
      fix: "Follow the stored cause; it is not always a sign-in problem.",
    },
  },
  run: ({ mount }) => {
    const state = mount.state.value;
    if (state === null) return skip("there is no state file");
    type Codes =
      | "doctor.mount-lagging"
      | "doctor.circuit-open"
      | "doctor.pending-deletes-old"
      | "doctor.mount-stalled";
    const subject = { kind: "mount", ref: mount.dir ?? "mount" } as const;
    const excerpt = (text: string) => [{ type: "file", path: ".relay/state.json", excerpt: text }] as const;
    const remedy = {
      text: "Look at the daemon",
      commands: [suggest(`relayfile status --mount ${mount.dir ?? "DIR"}`)],
    };
    const findings: FindingDraft<Codes>[] = [];
    const successAt = Date.parse(state.lastSuccessfulReconcileAt ?? "");
    const lagMs = mount.collectedAtMs - successAt;
    const allowedMs = Math.max(LAG_WARN_MS, 2 * (state.intervalMs ?? 0));
    if (mount.pid?.alive === true && lagMs > allowedMs) {
      findings.push({
        code: "doctor.mount-lagging",
        severity: lagMs > Math.max(LAG_FAIL_MS, 2 * allowedMs) ? "error" : "warn",
        title: `the mirror's last successful cycle was ${formatDuration(lagMs)} ago`,
        subject,
        evidence: [{ type: "metric", name: "mount lag", value: lagMs, unit: "ms", threshold: allowedMs }],
        facts: { lagMs, lastSuccessfulReconcileAt: state.lastSuccessfulReconcileAt ?? null },
        remedy,
      });
    }
    if (state.circuit?.open === true) {
      findings.push({
        code: "doctor.circuit-open",
        title: `the circuit breaker is open${state.circuit.nextRetry === undefined ? "" : ` until ${state.circuit.nextRetry}`}`,
        subject,
        evidence: excerpt(`circuit open, opened ${plural(state.circuit.openEvents ?? 1, "time")}`),
        facts: { suspended: true, nextRetry: state.circuit.nextRetry ?? null },
        remedy,
      });
    }
    const oldest = Date.parse(mount.pendingDeletes.oldestAt ?? "");
    if (mount.collectedAtMs - oldest > PENDING_DELETE_OLD_MS) {
      findings.push({
        code: "doctor.pending-deletes-old",
        title: `${plural(mount.pendingDeletes.count, "delete waits", "deletes wait")} for confirmation, the oldest since ${isoTime(oldest)}`,
        subject,
        evidence: [{ type: "file", path: ".relay/pending-deletes" }],
        facts: { suspended: true, count: mount.pendingDeletes.count },
        remedy,
      });
    }
    if (state.stallReason !== undefined || state.status === "stalled") {
      findings.push({
        code: "doctor.mount-stalled",
        title: `the daemon is stalled: ${state.stallReason ?? state.lastError?.message ?? "no reason recorded"}`,
        subject,
        evidence: excerpt(`status ${state.status ?? "unknown"}`),
        facts: { status: state.status ?? null },
        remedy,
      });
    }
    return judged(
      1,
      findings,
      `status ${state.status ?? "unknown"}, ${plural(state.pendingWriteback ?? 0, "pending write")}`,
    );
  },
});

function restart(mount: MountFact) {
  return {
    text: "Start the daemon again",
    commands: [
      suggest(
        `relayfile mount ${mount.state.value?.workspaceId ?? "WORKSPACE"} ${mount.dir ?? "DIR"} --background`,
        "write",
      ),
    ],
  };
}

function workspaceIdOf(target: TargetFact): string | null {
  return target.workspace?.id ?? target.workspaceToken?.claims?.workspaceId ?? null;
}
