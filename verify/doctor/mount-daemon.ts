/** What disturbs a daemon from outside: a rival, a login it does not know, events it cannot read, a mirror around its own. */
import {
  type CredentialsFact,
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

type Code =
  | "doctor.mount-duplicate"
  | "doctor.mount-predates-login"
  | "doctor.mount-cursor-stuck"
  | "doctor.mount-nested";
type State = NonNullable<MountFact["state"]["value"]>;

/** Symptoms 58, 61, 65 and 67. */
export default defineCheck({
  id: "doctor.daemon-undisturbed",
  title: "one daemon serves the mirror, with the current login, and no other mirror encloses it",
  severity: "error",
  phase: "local",
  needs: ["mount", "mountArea", "target"],
  wants: ["credentials"],
  after: ["doctor.mount-state-valid"],
  refs: ["DR-15", "symptom:58", "symptom:61", "symptom:65", "symptom:67"],
  hint: "Restart the daemon: relayfile unmount, then relayfile mount",
  findings: {
    "doctor.mount-duplicate": page.error(
      "Two daemons serve one directory: files flap between two versions.",
      "Besides the process that holds the lock, another living one holds a lease on the same directory, or the pid file names another process than the lock.",
      "Not a conflict with another person: both writers are on this machine.",
      "Stop one of them.",
    ),
    "doctor.mount-predates-login": page.warn(
      "The daemon started before the last login and still uses the token from then: its last cycle was refused.",
      "Its start is older than the credential file, and its last error is a 401 or 403.",
      "Not a refused login: the new token is good.",
      "Restart the daemon.",
    ),
    "doctor.mount-cursor-stuck": page.warn(
      "The daemon's place in the event feed does not move: events point at files that cannot be read.",
      "By stuckEventCount in the state file.",
      "Not a silent provider: there are events.",
      "Restart the daemon with a full reconcile, which makes up for those events.",
    ),
    "doctor.mount-nested": page.error(
      "The mirror lies inside another mirror of another workspace: a tool that looks for the nearest one finds the wrong workspace.",
      "A directory above holds a state file with another workspaceId.",
      "Not a mirror of the wrong workspace by itself.",
      "Move one of the two.",
    ),
  },
  run: ({ mount, mountArea, target, credentials }) => {
    const state = mount.state.value;
    if (state === null) return skip("there is no state file");
    const claimed = target.workspaceToken?.claims?.workspaceId;
    const own = target.workspace?.id ?? claimed ?? state.workspaceId ?? null;
    const findings = [
      ...rivals(mount, mountArea),
      ...olderThanLogin(mount, state, credentials, mountArea.dir),
      ...stuckCursor(state, mountArea.dir),
      ...enclosed(mountArea, own),
    ];
    return judged(
      1,
      findings,
      mount.pid?.alive === true ? `pid ${mount.pid.record?.pid} alone` : "no daemon",
    );
  },
});

function about(dir: string) {
  return {
    subject: { kind: "mount", ref: dir } as const,
    evidence: [{ type: "file", path: ".relay/state.json" }] as const,
  };
}

function rivals(mount: MountFact, { dir, lock, rivals: leases }: MountAreaFact): FindingDraft<Code>[] {
  const recorded = mount.pid?.alive === true ? (mount.pid.record?.pid ?? null) : null;
  const sameProgram =
    mount.pid?.record?.executable === undefined || mount.pid.record.executable === mount.pid.executable;
  const second = lock?.alive === true && recorded !== null && recorded !== lock.pid && sameProgram;
  const others = [...new Set([...(second ? [recorded] : []), ...leases])].sort((a, b) => a - b);
  if (others.length === 0) return [];
  const own = lock?.pid ?? mount.pid?.record?.pid ?? null;
  const title =
    own === null
      ? `${dir} is served by several processes: ${others.join(", ")}`
      : `${dir} is served by process ${own} and also by ${others.join(", ")}`;
  return [
    {
      ...about(dir),
      code: "doctor.mount-duplicate",
      title,
      evidence: [
        { type: "file", path: ".relay/mount.lock" },
        { type: "file", path: ".relay/mount.pid" },
      ],
      facts: { pids: [own, ...others].map(String) },
      ruledOut: ["a stale lock: these processes live"],
      remedy: { text: "Stop one of them", commands: [suggest(`relayfile unmount --mount ${dir}`, "write")] },
    },
  ];
}

function olderThanLogin(
  mount: MountFact,
  state: State,
  credentials: CredentialsFact | null,
  dir: string,
): FindingDraft<Code>[] {
  const startedAt = mount.pid?.record?.startedAt;
  const login = credentials?.files.find(
    (file) =>
      file.name === "workspace-credentials" && Date.parse(file.updatedAt ?? "") > Date.parse(startedAt ?? ""),
  );
  const { statusCode, kind } = state.lastError ?? {};
  const refused = statusCode === 401 || statusCode === 403 || kind === "auth";
  if (login === undefined || !refused || mount.pid?.alive !== true) return [];
  return [
    {
      ...about(dir),
      code: "doctor.mount-predates-login",
      title: `the daemon runs since ${startedAt}, the login is of ${login.updatedAt}`,
      evidence: [
        {
          type: "compare",
          a: `daemon ${startedAt}`,
          b: `login ${login.updatedAt}`,
          relation: "is older than",
        },
        { type: "file", path: ".relay/state.json", excerpt: `last error ${statusCode ?? kind}` },
      ],
      facts: { startedAt: startedAt ?? null, loginAt: login.updatedAt },
      ruledOut: ["a refused login: the daemon does not use the new token yet"],
      remedy: {
        text: "Stop the daemon, then mount again",
        commands: [suggest(`relayfile unmount --mount ${dir}`, "write")],
      },
    },
  ];
}

function stuckCursor(state: State, dir: string): FindingDraft<Code>[] {
  const stuck = numberOf(
    (state as { stuckEventCount?: unknown }).stuckEventCount ?? state.counters?.stuckEventCount,
  );
  if (stuck === 0) return [];
  const title = `the cursor of ${dir} waits behind ${plural(stuck, "event")} that cannot be read`;
  return [{ ...about(dir), code: "doctor.mount-cursor-stuck", title, facts: { stuck } }];
}

function enclosed({ dir, enclosing }: MountAreaFact, own: string | null): FindingDraft<Code>[] {
  const around = enclosing.find(({ workspaceId }) => workspaceId !== null && workspaceId !== own);
  if (around === undefined) return [];
  return [
    {
      ...about(dir),
      code: "doctor.mount-nested",
      title: `${dir} (${own}) lies inside ${around.dir}, a mirror of ${around.workspaceId}`,
      evidence: [{ type: "file", path: `${around.dir}/.relay/state.json` }],
      facts: { own, outer: around.workspaceId, outerDir: around.dir },
    },
  ];
}
