/** Damage of the mirror and of what its daemon says about itself. */
import { symlinkSync, writeFileSync } from "node:fs";
import { faultsOf } from "./fault.ts";
import type { Bench } from "./lab.ts";
import type { MirrorCopy } from "./mirror.ts";

const MINUTE_MS = 60_000;

/** Damages the mirror; every fault of this family has one. */
const mirror = (damage: (copy: MirrorCopy, bench: Bench) => unknown) => async (bench: Bench) => {
  if (bench.mirror === null) throw new Error("a mount fault needs a mirror");
  await damage(bench.mirror, bench);
};

/** A pid that belonged to a process which has ended. */
async function deadPid(): Promise<number> {
  const child = Bun.spawn(["true"]);
  await child.exited;
  return child.pid;
}

const deadLetter = (opId: string, record: Record<string, unknown>) =>
  mirror((copy, bench) =>
    copy.write(
      `.relay/dead-letter/${opId}.json`,
      JSON.stringify({ opId, path: "/jira/issues/x.json", attempts: 1, ts: bench.ago(0), ...record }),
    ),
  );

const NO_SERVICE_BLAMED = [
  "doctor.file-api-unreachable",
  "doctor.workspace-token-rejected",
  "doctor.cloud-session-expired",
] as const;

export default faultsOf("mount", { mirror: true, needs: ["mirror"], never: NO_SERVICE_BLAMED }, [
  {
    id: "mount-root-is-a-file",
    refs: ["symptom:62", "DR-12", "relayfile#164"],
    inject: mirror((copy) => {
      copy.remove("");
      writeFileSync(copy.root, "clobbered");
    }),
    expect: { root: "doctor.mount-root-clobbered", exit: 1, knownIssue: "relayfile#164" },
    never: [...NO_SERVICE_BLAMED, "doctor.mount-root-missing", "doctor.mount-daemon-dead"],
  },
  {
    id: "mount-root-is-a-dangling-link",
    refs: ["symptom:62", "DR-12"],
    inject: mirror((copy) => {
      copy.remove("");
      symlinkSync("/nowhere/at/all", copy.root);
    }),
    expect: { root: "doctor.mount-root-clobbered", exit: 1, knownIssue: "relayfile#164" },
  },
  {
    id: "mount-root-missing",
    refs: ["symptom:62", "DR-12"],
    inject: mirror((copy) => copy.remove("")),
    expect: { root: "doctor.mount-root-missing", exit: 1, knownIssue: null },
    never: [...NO_SERVICE_BLAMED, "doctor.mount-root-clobbered", "doctor.mount-daemon-dead"],
  },
  {
    id: "mount-state-half-written",
    refs: ["DR-13"],
    inject: mirror((copy) => copy.write(".relay/state.json", '{"workspaceId": "rw_')),
    expect: { root: "doctor.mount-state-invalid", exit: 1 },
    never: [...NO_SERVICE_BLAMED, "doctor.mount-other-workspace", "doctor.mount-lagging"],
  },
  {
    id: "mount-state-empty",
    refs: ["DR-13"],
    inject: mirror((copy) => copy.write(".relay/state.json", "")),
    expect: { root: "doctor.mount-state-invalid", exit: 1 },
  },
  {
    id: "mount-state-of-wrong-types",
    refs: ["DR-13"],
    inject: mirror((copy) => copy.state({ circuit: "open", intervalMs: "thirty" })),
    expect: { root: "doctor.mount-state-invalid", exit: 1 },
  },
  {
    id: "mount-of-another-workspace",
    refs: ["symptom:67", "DR-13"],
    needs: ["mirror", "token"],
    inject: mirror((copy) => copy.state({ workspaceId: "rw_bbbbbbbb" })),
    expect: { root: "doctor.mount-other-workspace", exit: 1 },
    never: [...NO_SERVICE_BLAMED, "doctor.workspace-mismatch"],
  },
  {
    id: "mount-daemon-died",
    refs: ["symptom:60", "DR-15"],
    inject: mirror(async (copy) => copy.pid({ pid: await deadPid() })),
    expect: { root: "doctor.mount-daemon-dead", exit: 1, knownIssue: null },
    never: [...NO_SERVICE_BLAMED, "doctor.mount-pid-reused"],
  },
  {
    id: "mount-daemon-died-an-hour-ago",
    refs: ["symptom:60", "DR-14", "DR-15"],
    inject: mirror(async (copy, bench) => {
      copy.pid({ pid: await deadPid() });
      copy.state({
        lastSuccessfulReconcileAt: bench.ago(60 * MINUTE_MS),
        lastReconcileAt: bench.ago(60 * MINUTE_MS),
      });
    }),
    expect: { root: "doctor.mount-daemon-dead", exit: 1 },
  },
  {
    id: "mount-pid-file-damaged",
    refs: ["symptom:60"],
    inject: mirror((copy) => copy.write(".relay/mount.pid", "{]")),
    expect: { root: "doctor.mount-daemon-dead", exit: 1 },
  },
  {
    id: "mount-pid-reused",
    refs: ["symptom:60"],
    inject: mirror((copy) => copy.pid({ executable: "/usr/local/bin/relayfile-of-yesterday" })),
    expect: { root: "doctor.mount-pid-reused", exit: 0 },
    never: [...NO_SERVICE_BLAMED, "doctor.mount-daemon-dead"],
  },
  {
    id: "mount-lags-two-minutes",
    refs: ["DR-14"],
    inject: mirror((copy, bench) => copy.state({ lastSuccessfulReconcileAt: bench.ago(2 * MINUTE_MS) })),
    expect: { root: "doctor.mount-lagging", exit: 0 },
    never: [...NO_SERVICE_BLAMED, "doctor.mount-daemon-dead"],
  },
  {
    id: "mount-lags-an-hour",
    refs: ["DR-14", "symptom:58"],
    inject: mirror((copy, bench) => copy.state({ lastSuccessfulReconcileAt: bench.ago(60 * MINUTE_MS) })),
    expect: { root: "doctor.mount-lagging", exit: 1 },
  },
  {
    id: "mount-circuit-open",
    refs: ["symptom:64", "DR-16", "relayfile#165"],
    inject: mirror((copy, bench) =>
      copy.state({
        circuit: { open: true, openedAt: bench.ago(1_000), openEvents: 1, nextRetry: bench.ago(-30_000) },
      }),
    ),
    expect: { root: "doctor.circuit-open", exit: 1, knownIssue: "relayfile#165" },
    never: [...NO_SERVICE_BLAMED, "doctor.mount-lagging"],
  },
  {
    id: "mount-circuit-open-and-late",
    refs: ["symptom:64", "DR-16"],
    inject: mirror((copy, bench) =>
      copy.state({
        circuit: { open: true, openedAt: bench.ago(4 * MINUTE_MS), openEvents: 9 },
        lastSuccessfulReconcileAt: bench.ago(5 * MINUTE_MS),
      }),
    ),
    expect: { root: "doctor.circuit-open", exit: 1, knownIssue: "relayfile#165" },
  },
  {
    id: "mount-pending-deletes-old",
    refs: ["DR-19", "relayfile#165"],
    inject: mirror((copy, bench) =>
      copy.write(
        ".relay/pending-deletes/x.json",
        JSON.stringify({
          path: "/linear/LAYOUT.md",
          firstObservedAt: bench.ago(30 * 60 * MINUTE_MS),
          confirmations: 1,
        }),
      ),
    ),
    expect: { root: "doctor.pending-deletes-old", exit: 0, knownIssue: "relayfile#165" },
  },
  {
    id: "mount-stalled",
    refs: ["symptom:59"],
    inject: mirror((copy) => copy.state({ status: "stalled", stallReason: "the token was refused (401)" })),
    expect: { root: "doctor.mount-stalled", exit: 1 },
  },
  {
    id: "dead-letter-of-an-upload",
    refs: ["symptom:73", "DR-20"],
    inject: deadLetter("op_upload", {
      stage: "upload",
      lastStatus: 422,
      lastBody: "schema_validation",
      baseRevision: "rev_1",
    }),
    expect: { root: "doctor.dead-letter-present", exit: 1, knownIssue: "relayfile#84" },
    never: [...NO_SERVICE_BLAMED, "doctor.dead-letter-malformed"],
  },
  {
    id: "dead-letter-of-an-outage",
    refs: ["symptom:73", "DR-20"],
    inject: deadLetter("op_outage", { stage: "op", lastStatus: 503, attempts: 4 }),
    expect: { root: "doctor.dead-letter-present", exit: 1, knownIssue: "relayfile#84" },
  },
  {
    id: "dead-letter-of-an-older-daemon",
    refs: ["DR-20", "relayfile#84"],
    inject: deadLetter("op_old", { path: "/jira/a.json,/jira/b.json", attempts: 4, lastBody: "nope" }),
    expect: { root: "doctor.dead-letter-present", exit: 1, knownIssue: "relayfile#84" },
  },
  {
    id: "dead-letter-not-json",
    refs: ["DR-20"],
    inject: mirror((copy) => copy.write(".relay/dead-letter/op_x.json", '{"opId": "op_')),
    expect: { root: "doctor.dead-letter-malformed", exit: 1 },
    never: [...NO_SERVICE_BLAMED, "doctor.dead-letter-present"],
  },
  {
    id: "dead-letter-under-a-foreign-name",
    refs: ["DR-20"],
    inject: mirror((copy) =>
      copy.write(
        ".relay/dead-letter/op_here.json",
        JSON.stringify({ opId: "op_there", path: "/x", attempts: 1 }),
      ),
    ),
    expect: { root: "doctor.dead-letter-malformed", exit: 1 },
  },
]);
