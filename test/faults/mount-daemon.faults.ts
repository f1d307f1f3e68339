/** A mirror whose bytes are old, whose daemon is in trouble, or that two daemons share. */
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
  ],
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
    expect: { root: "doctor.bootstrap-stalled", exit: 1 },
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
