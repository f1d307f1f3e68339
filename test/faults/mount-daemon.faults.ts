/** A mirror whose bytes are old, whose daemon is in trouble, or that two daemons share. */
import { chmodSync } from "node:fs";
import { faultsOf } from "./fault.ts";
import type { Bench } from "./lab.ts";
import type { MirrorCopy } from "./mirror.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const mirror = (damage: (copy: MirrorCopy, bench: Bench) => unknown) => async (bench: Bench) => {
  if (bench.mirror === null) throw new Error("a mount fault needs a mirror");
  await damage(bench.mirror, bench);
};

/** Lines of the daemon's log, one a second, the last of them a minute ago. */
const log = (...lines: string[]) =>
  mirror((copy, bench) =>
    copy.write(
      ".relay/mount.log",
      lines
        .map((line, index) => `${bench.ago(MINUTE_MS + (lines.length - index) * 1_000)} ${line}\n`)
        .join(""),
    ),
  );

/** Path of some record in the mirror. */
const RECORD = "linear/LAYOUT.md";

/** Lets the server say that it has had its version of the compared files for an hour. */
const serverUnchangedForAnHour = (bench: Bench) =>
  void bench.proxy.rules.push({
    when: (url) => url.pathname.endsWith("/fs/bulk-read"),
    json: (body: { files: Record<string, unknown>[] }) => ({
      ...body,
      files: body.files.map((file) => ({ ...file, lastEditedAt: bench.ago(HOUR_MS) })),
    }),
  });

/** Content beside the server's: needs a readable workspace. */
export const contentFaults = faultsOf(
  "mount",
  {
    mirror: true,
    needs: ["mirror", "file-api", "token", "workspace-reads"],
    never: ["doctor.mount-lagging", "doctor.mount-daemon-dead"],
  },
  [
    {
      id: "mirror-holds-old-bytes",
      refs: ["symptom:56"],
      inject: mirror((copy, bench) => {
        copy.write(RECORD, "what this file held an hour ago");
        copy.age(RECORD, 2 * HOUR_MS);
        serverUnchangedForAnHour(bench);
        copy.reveal(RECORD);
      }),
      expect: { root: "doctor.mirror-stale", exit: 1 },
      never: ["doctor.edit-never-queued", "doctor.mount-lagging"],
    },
    {
      id: "local-edit-never-queued",
      refs: ["symptom:71"],
      inject: mirror((copy, bench) => {
        copy.write(RECORD, "an edit that nobody picked up");
        copy.age(RECORD, 10 * MINUTE_MS);
        serverUnchangedForAnHour(bench);
        copy.reveal(RECORD);
      }),
      expect: { root: "doctor.edit-never-queued", exit: 1 },
      never: ["doctor.mirror-stale"],
    },
    {
      id: "edit-on-its-way",
      refs: ["symptom:71"],
      inject: mirror((copy, bench) => {
        copy.write(RECORD, "an edit of this very moment");
        serverUnchangedForAnHour(bench);
        copy.reveal(RECORD);
      }),
      expect: { root: null, notes: ["doctor.mirror-drifts"], exit: 0 },
      never: ["doctor.mirror-stale", "doctor.edit-never-queued"],
    },
    {
      id: "mirror-of-a-part",
      refs: ["symptom:66"],
      inject: mirror((copy) => copy.state({ remotePaths: ["/linear"] })),
      expect: { root: null, notes: ["doctor.mount-scoped"], exit: 0 },
      never: ["doctor.mirror-stale"],
    },
    {
      id: "live-feed-refused",
      refs: ["symptom:70"],
      inject: mirror((copy) => copy.state({ eventListener: { mode: "poll", status: "reconnecting" } })),
      expect: { root: null, notes: ["doctor.feed-polling"], exit: 0 },
      never: ["doctor.feed-silent"],
    },
  ],
);

/** A save that was queued ten minutes ago. */
const save = mirror((copy, bench) =>
  copy.write(
    ".relay/outbox/pending/cmd_1.json",
    JSON.stringify({
      commandId: "cmd_1",
      remotePath: "/linear/issues/x.json",
      firstSeenAt: bench.ago(10 * MINUTE_MS),
    }),
  ),
);

/** What the daemon recorded. */
export const daemonFaults = faultsOf("mount", { mirror: true, needs: ["mirror"] }, [
  {
    id: "path-is-file-and-directory",
    refs: ["symptom:63", "DR-18"],
    inject: log(
      ...Array.from({ length: 4 }, () => "error mkdir /github/repos/x: not a directory path=/github/repos/x"),
    ),
    expect: { root: "doctor.path-collision", exit: 1 },
  },
  {
    id: "first-sync-never-ends",
    refs: ["symptom:63", "DR-17", "relayfile#166"],
    inject: mirror((copy, bench) =>
      copy.state({
        bootstrapComplete: false,
        bootstrap: { phase: "stalled", startedAt: bench.ago(2 * HOUR_MS), currentPath: "/github/repos" },
        counters: { stallCycles: 9 },
      }),
    ),
    expect: { root: "doctor.bootstrap-stalled", exit: 1, knownIssue: "relayfile#166" },
    never: ["doctor.path-collision"],
  },
  {
    id: "guard-stopped-an-emptied-root",
    refs: ["DR-22"],
    inject: mirror((copy) => {
      copy.state({ counters: { snapshotDeleteBlocked: 2 } });
      copy.write(".relay/INCIDENT-20260520T100000Z.md", "# The listing looked empty");
    }),
    expect: { root: "doctor.guard-tripped", exit: 0 },
  },
  {
    id: "edit-too-large",
    refs: ["symptom:78"],
    inject: mirror((copy) => copy.state({ counters: { skippedOversizeWriteback: 1 } })),
    expect: { root: "doctor.edit-oversize", exit: 0 },
  },
  {
    id: "guard-fired-long-ago",
    refs: ["DR-22"],
    inject: mirror((copy) => copy.state({ counters: { deniedRootTarget: 1 } })),
    expect: { root: null, notes: ["doctor.guard-tripped"], exit: 0 },
  },
  {
    id: "writes-refused-in-the-past",
    refs: ["symptom:74", "DR-21", "relayfile#84"],
    inject: mirror((copy) => copy.state({ failedWritebacks: 3 })),
    expect: { root: null, notes: ["doctor.lifetime-failures"], exit: 0 },
    never: ["doctor.dead-letter-present"],
  },
  {
    id: "local-change-denied",
    refs: ["DR-26"],
    inject: mirror((copy, bench) =>
      copy.write(".relay/permissions-denied.log", `${bench.ago(HOUR_MS)} /linear/LAYOUT.md reverted\n`),
    ),
    expect: { root: null, notes: ["doctor.change-denied"], exit: 0 },
    never: ["doctor.conflict-waiting"],
  },
  {
    id: "mirror-directory-read-only",
    refs: ["DR-27"],
    inject: mirror((copy, bench) => {
      chmodSync(copy.root, 0o555);
      bench.onEnd(() => chmodSync(copy.root, 0o755));
    }),
    expect: { root: "doctor.mirror-not-writable", exit: 0 },
    never: ["doctor.disk-nearly-full"],
  },
  {
    id: "flush-timed-out-behind-a-first-sync",
    refs: ["symptom:68"],
    inject: mirror((copy, bench) => {
      copy.state({
        bootstrapComplete: false,
        bootstrap: { phase: "pulling", startedAt: bench.ago(10 * MINUTE_MS) },
      });
      copy.write(".relay/mount.log", `${bench.ago(MINUTE_MS)} error final flush timed out after 60s\n`);
    }),
    expect: { root: "doctor.flush-timeout", exit: 0 },
    never: ["doctor.bootstrap-stalled", "doctor.path-collision"],
  },
  {
    id: "save-waits-for-minutes",
    refs: ["symptom:72", "VW-11"],
    inject: save,
    expect: { root: "doctor.outbox-stuck", exit: 1 },
    never: ["doctor.dead-letter-present", "doctor.edit-never-queued"],
  },
  {
    id: "save-waits-behind-an-open-breaker",
    refs: ["symptom:72", "symptom:64"],
    inject: async (bench) => {
      await save(bench);
      bench.mirror?.state({ circuit: { open: true, openedAt: bench.ago(9 * MINUTE_MS), openEvents: 4 } });
    },
    expect: { root: "doctor.circuit-open", exit: 1, knownIssue: "relayfile#165" },
  },
  {
    id: "save-waits-for-a-stopped-daemon",
    refs: ["symptom:72"],
    inject: async (bench) => {
      await save(bench);
      bench.mirror?.remove(".relay/mount.pid");
    },
    expect: { root: null, notes: ["doctor.outbox-waiting"], exit: 0 },
    never: ["doctor.outbox-stuck"],
  },
  {
    id: "dead-letter-outside-the-mirrored-part",
    refs: ["symptom:77"],
    inject: mirror((copy) => {
      copy.state({ remoteRoot: "/linear" });
      copy.write(
        ".relay/dead-letter/op_moved.json",
        JSON.stringify({ opId: "op_moved", path: "/issues/x.json", attempts: 1, lastStatus: 422 }),
      );
    }),
    expect: { root: "doctor.dead-letter-outside-root", exit: 1 },
    never: ["doctor.dead-letter-present", "doctor.dead-letter-malformed"],
  },
  {
    id: "conflict-waits-for-a-person",
    refs: ["symptom:76", "DR-26"],
    inject: mirror((copy) => copy.write(".relay/conflicts/linear/issues/x.json.rev_7.local", "{}")),
    expect: { root: "doctor.conflict-waiting", exit: 0 },
    never: ["doctor.dead-letter-present"],
  },
  {
    id: "two-daemons-on-one-mirror",
    refs: ["symptom:61", "DR-15"],
    inject: mirror((copy, bench) => {
      const rival = Bun.spawn(["sleep", "30"]);
      bench.onEnd(() => rival.kill());
      bench.homeFile(
        ".cache/relayfile/mount-leases/other.lock",
        JSON.stringify({ pid: rival.pid, localRoot: copy.root }),
      );
    }),
    expect: { root: "doctor.mount-duplicate", exit: 1 },
    never: ["doctor.mount-daemon-dead", "doctor.conflict-waiting"],
  },
  {
    id: "daemon-older-than-the-login",
    refs: ["symptom:58"],
    inject: mirror((copy, bench) => {
      copy.pid({ startedAt: bench.ago(3 * HOUR_MS) });
      copy.state({
        lastError: { kind: "auth", statusCode: 401, message: "token expired", at: bench.ago(MINUTE_MS) },
      });
    }),
    expect: { root: "doctor.mount-predates-login", exit: 0 },
    never: ["doctor.workspace-token-expired", "doctor.mount-daemon-dead"],
  },
  {
    id: "cursor-behind-unreadable-events",
    refs: ["symptom:65"],
    inject: mirror((copy) => copy.state({ stuckEventCount: 3 })),
    expect: { root: "doctor.mount-cursor-stuck", exit: 0 },
  },
  {
    id: "mirror-inside-another-mirror",
    refs: ["symptom:67"],
    inject: mirror((copy) =>
      copy.write("../.relay/state.json", JSON.stringify({ workspaceId: "rw_outer000" })),
    ),
    expect: { root: "doctor.mount-nested", exit: 1 },
    never: ["doctor.mount-other-workspace"],
  },
  {
    id: "daemon-polls-in-a-tight-loop",
    refs: ["symptom:41", "DR-23"],
    inject: log(...Array.from({ length: 40 }, () => `debug GET /v1/workspaces/rw_x/sync/status`)),
    expect: { root: "doctor.poll-storm", exit: 1 },
    never: ["doctor.rate-limited"],
  },
  {
    id: "renewal-repeats-an-invalid-scope",
    refs: ["symptom:42"],
    inject: log(...Array.from({ length: 5 }, () => `warn renewal refused status=400 code=invalid_scope`)),
    expect: { root: "doctor.scope-loop", exit: 1 },
    never: ["doctor.workspace-token-expired"],
  },
]);

/** All of them. */
export default [...contentFaults, ...daemonFaults];
